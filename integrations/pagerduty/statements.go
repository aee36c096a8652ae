package pagerduty

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// editSlack is how far the two times of a note that was never edited may lie apart.
const editSlack = 5 * time.Second

// agent is who did something: a person, or a program. PagerDuty leaves it out where it was neither. The same form names other objects.
type agent = *pd.APIObject

// note is a note of an incident.
type note struct {
	ID        string    `json:"id"`
	Content   string    `json:"content"`
	User      agent     `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// logEntry is one entry of an incident's log. The library's own type ends the program at a channel it does not know.
type logEntry struct {
	Type      string    `json:"type"`
	Agent     agent     `json:"agent"`
	Incident  agent     `json:"incident"`
	Note      string    `json:"note"`
	CreatedAt time.Time `json:"created_at"`
}

// invocation is one use of a custom incident action.
type invocation struct {
	ActionID string `json:"action_id"`
	Action   struct {
		Name string `json:"name"`
	} `json:"action_snapshot"`
	Timing []struct {
		At time.Time `json:"creation_time"`
	} `json:"timing"`
	Metadata struct {
		Agent    agent `json:"agent"`
		Incident agent `json:"incident"`
	} `json:"metadata"`
}

// statement is something said at an incident that may decide.
type statement struct {
	status  string
	verdict bridge.Verdict
	by      agent
	at      time.Time
	reason  string
	// edited is true for a note that was changed after it was written; who changed it is not told.
	edited bool
}

// statements reads what was said at an incident that may decide, earliest first.
func (p *PagerDuty) statements(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	var out []statement
	if p.rules.ByNote() {
		notes, err := p.notes(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, p.inNotes(notes)...)
	}
	if p.rules.ByAction() {
		used, err := p.invocations(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, used...)
	}
	if p.rules.ByStatus() {
		logged, err := p.inLog(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, logged...)
	}
	slices.SortStableFunc(out, func(a, b statement) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.status, b.status), cmp.Compare(a.reason, b.reason))
	})
	return out, nil
}

func (p *PagerDuty) inNotes(notes []note) []statement {
	var out []statement
	for _, n := range notes {
		w, reason, ok := p.rules.Words.Match(n.Content)
		if !ok {
			continue
		}
		out = append(out, statement{
			status: w.Status(), verdict: w.Verdict, by: n.User, at: n.CreatedAt, reason: reason,
			edited: n.UpdatedAt.Sub(n.CreatedAt) > editSlack,
		})
	}
	return out
}

// invocations reads the uses of the actions that decide. They are not in the incident's log.
func (p *PagerDuty) invocations(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	if !objectID.MatchString(ref.ID) {
		return nil, bridge.Terminal(fmt.Errorf("pagerduty: %q is not the id of an incident", ref.ID))
	}
	var answer struct {
		Invocations []invocation `json:"invocations"`
	}
	query := url.Values{"incident_id": {ref.ID}}
	if err := p.call(ctx, http.MethodGet, "/automation_actions/invocations", query, nil, &answer); err != nil {
		return nil, p.gone(ctx, ref, err)
	}
	if answer.Invocations == nil {
		return nil, errOther
	}
	var out []statement
	for _, i := range answer.Invocations {
		verdict := p.rules.Actions.Verdict(i.Action.Name, i.ActionID)
		if verdict == bridge.Undecided || i.Metadata.Incident == nil || i.Metadata.Incident.ID != ref.ID {
			continue
		}
		out = append(out, statement{status: incident.ActionStatus(incident.Or(i.Action.Name, i.ActionID)), verdict: verdict, by: i.Metadata.Agent, at: i.begun()})
	}
	return out, nil
}

// begun is when the action was used.
func (i invocation) begun() time.Time {
	var first time.Time
	for _, t := range i.Timing {
		if first.IsZero() || t.At.Before(first) {
			first = t.At
		}
	}
	return first
}

// inLog reads who acknowledged or resolved the incident, where that decides.
func (p *PagerDuty) inLog(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	path, err := incidentPath(ref, "log_entries")
	if err != nil {
		return nil, err
	}
	var out []statement
	for e, err := range list[logEntry](ctx, p, path, "log_entries", url.Values{}) {
		if err != nil {
			return nil, p.gone(ctx, ref, err)
		}
		verdict := p.statusVerdict(e)
		if verdict == bridge.Undecided {
			continue
		}
		status := acknowledged
		if e.Type == "resolve_log_entry" {
			status = resolved
		}
		out = append(out, statement{
			status: status, verdict: verdict, by: e.Agent, at: e.CreatedAt, reason: incident.Reason(e.Note),
		})
	}
	return out, nil
}

// statusVerdict is what a change of status means.
func (p *PagerDuty) statusVerdict(e logEntry) bridge.Verdict {
	switch e.Type {
	case "acknowledge_log_entry", "acknowledgement_log_entry": // PagerDuty's description has both
		return p.rules.Acknowledged
	case "resolve_log_entry":
		return p.rules.Ended
	default:
		return bridge.Undecided
	}
}
