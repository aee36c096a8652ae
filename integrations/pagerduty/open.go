package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// newIncident is the body of a create call. The library's own type sends a priority of null where there is none.
type newIncident struct {
	Type             string           `json:"type"`
	Title            string           `json:"title"`
	Service          pd.APIReference  `json:"service"`
	IncidentKey      string           `json:"incident_key"`
	Urgency          string           `json:"urgency,omitempty"`
	Priority         *pd.APIReference `json:"priority,omitempty"`
	EscalationPolicy *pd.APIReference `json:"escalation_policy,omitempty"`
	Assignments      []pd.Assignee    `json:"assignments,omitempty"`
	Body             pd.APIDetails    `json:"body"`
}

// Open creates the incident. PagerDuty refuses a second open one with the same key on the same service; that one is then taken over.
func (p *PagerDuty) Open(ctx context.Context, m bridge.Marker, d bridge.Draft) (bridge.Ref, error) {
	if !requestID.MatchString(m.RequestID) {
		return bridge.Ref{}, bridge.Terminal(fmt.Errorf("pagerduty: %q cannot be an incident key", m.RequestID))
	}
	draft, err := p.draft(ctx, m, d)
	if err != nil {
		return bridge.Ref{}, incident.WithoutEffect(err)
	}
	var answer struct {
		Incident incidentView `json:"incident"`
	}
	body := map[string]any{"incident": draft}
	err = p.call(ctx, http.MethodPost, "/incidents", nil, body, &answer)
	if status, _ := statusOf(err); status == http.StatusBadRequest {
		return p.adopt(ctx, m, draft.Service.ID, err)
	}
	if err != nil {
		return bridge.Ref{}, err
	}
	if answer.Incident.ID == "" {
		// Something between us and PagerDuty has answered for it.
		return bridge.Ref{}, errors.New("pagerduty: the answer to the create call names no incident")
	}
	p.opened.Add(answer.Incident.ID)
	return answer.Incident.ref(), nil
}

// adopt returns the open incident that has the key already, or the refusal if there is none. That the refusal was about the key is
// not read from its text.
func (p *PagerDuty) adopt(ctx context.Context, m bridge.Marker, service string, refusal error) (bridge.Ref, error) {
	found, err := p.withKey(ctx, m)
	if err != nil {
		return bridge.Ref{}, incident.WithoutEffect(err)
	}
	for _, i := range found {
		if i.Status != resolved && i.Service.ID == service {
			p.Log.InfoContext(ctx, "incident with the key was open already, taking it over", "request_id", m.RequestID, "external_id", i.ID)
			return i.ref(), nil
		}
	}
	return bridge.Ref{}, refusal
}

func (p *PagerDuty) draft(ctx context.Context, m bridge.Marker, d bridge.Draft) (newIncident, error) {
	given, ok := d.Settings.(*Target)
	if !ok && d.Settings != nil {
		return newIncident{}, bridge.Terminal(fmt.Errorf("pagerduty: the settings of the route are %T, not PagerDuty's", d.Settings))
	}
	t := p.set.merged(given)
	service, err := p.chooseService(ctx, t.Service, d)
	if err != nil {
		return newIncident{}, err
	}
	title, body := form.Opening(ctx, p.Log, t.Texts, d, p.howToDecide())
	draft := newIncident{
		Type:        "incident",
		Title:       title,
		Service:     pd.APIReference{ID: service.ID, Type: "service_reference"},
		IncidentKey: keyPrefix + m.RequestID,
		Urgency:     t.Urgency,
		Body:        pd.APIDetails{Type: "incident_body", Details: body},
	}
	if draft.Priority, err = p.reference(ctx, priorities, "priority", t.Priority); err != nil {
		return newIncident{}, err
	}
	if draft.EscalationPolicy, err = p.reference(ctx, policies, "escalation_policy", t.EscalationPolicy); err != nil {
		return newIncident{}, err
	}
	for _, who := range t.Assignees {
		id := who
		if strings.Contains(who, "@") {
			u, err := p.userByEmail(ctx, "assignees", who)
			if err != nil {
				return newIncident{}, err
			}
			id = u.ID
		}
		draft.Assignments = append(draft.Assignments, pd.Assignee{Assignee: pd.APIObject{ID: id, Type: "user_reference"}})
	}
	return draft, nil
}

func (p *PagerDuty) reference(ctx context.Context, in directory, setting, name string) (*pd.APIReference, error) {
	if name == "" {
		return nil, nil
	}
	o, err := p.find(ctx, in, setting, name)
	if err != nil {
		return nil, err
	}
	return &pd.APIReference{ID: o.ID, Type: in.one + "_reference"}, nil
}

// chooseService returns the service to open on: the route's, or the first that Teleport's own routing names and PagerDuty knows, or the first
// such of the annotation, or the integration's.
func (p *PagerDuty) chooseService(ctx context.Context, ofRoute string, d bridge.Draft) (object, error) {
	if ofRoute != "" {
		return p.find(ctx, services, "service", ofRoute)
	}
	key := p.set.ServiceFromAnnotation
	o, unknown, err := p.firstKnown(ctx, "recipient", d.Recipients)
	if err == nil && o.ID == "" && key != "" {
		var more error
		o, more, err = p.firstKnown(ctx, "annotation "+key, d.Request.Annotations[key])
		unknown = errors.Join(unknown, more)
	}
	if err != nil {
		return object{}, err
	}
	known := o.ID != "" || p.set.Service != ""
	if unknown != nil && known {
		p.Log.WarnContext(ctx, "a recipient or an annotation names what is not known", "request_id", d.Request.ID, "error", unknown)
	}
	switch {
	case o.ID != "":
		return o, nil
	case known:
		return p.find(ctx, services, "service", p.set.Service)
	case unknown != nil:
		return object{}, bridge.Terminal(unknown)
	case key == "":
		return object{}, bridge.Terminal(errors.New("pagerduty: service: neither the route nor the integration names one"))
	}
	return object{}, bridge.Terminal(fmt.Errorf("pagerduty: service: neither the route nor the annotation %s nor the integration names one", key))
}

// firstKnown returns the first of some names that is a service, or none, and an error that tells of those before it that are not.
func (p *PagerDuty) firstKnown(ctx context.Context, setting string, names []string) (o object, unknown, err error) {
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			continue
		}
		o, err := p.find(ctx, services, setting, name)
		if err == nil {
			return o, unknown, nil
		}
		if !errors.Is(err, lookup.ErrUnknown) {
			return object{}, nil, err
		}
		unknown = errors.Join(unknown, err)
	}
	return object{}, unknown, nil
}
