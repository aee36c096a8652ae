package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
)

// Source is one of the ways to say where requests go.
type Source string

// The sources, by their names in the configuration.
const (
	// SourceRules are Teleport's Access Monitoring Rules.
	SourceRules Source = "access_monitoring_rules"
	// SourceRoles are the maps from roles to recipients.
	SourceRoles Source = "role_to_recipients"
	// SourceRoutes are the routes.
	SourceRoutes Source = "routes"
)

// Sources says who is asked where a request goes, and in which order. The first that names at least one target is heard, and no other.
// None of them says who decides: that is for the routes alone.
type Sources struct {
	// Order lists the sources that are asked; none stands for the routes alone.
	Order []Source
	// Roles are the maps of SourceRoles, in the order of the integrations.
	Roles []Roles
}

// Roles is the map from roles to recipients of one integration.
type Roles struct {
	Integration string
	Recipients  recipients.RoleMap
}

// Monitoring is what Teleport's Access Monitoring Rules say. It answers from memory.
type Monitoring interface {
	// Select evaluates the rules over the facts of a request. Faults are rules that could not be evaluated for it; they select nothing. Known
	// is false as long as it is not known which rules there are.
	Select(facts predicate.Facts) (selections []recipients.Selection, faults []*recipients.Fault, known bool)
	// Uses reports whether any rule uses the variable, one of predicate's Var constants.
	Uses(variable string) bool
}

// From returns the same policy with the given sources.
func (p *Policy) From(s Sources) *Policy {
	other := *p
	other.sources = s
	return &other
}

// Heeding returns the same policy with the given Access Monitoring Rules. Until then it is not known which there are.
func (p *Policy) Heeding(m Monitoring) *Policy {
	other := *p
	other.monitoring = m
	return &other
}

// Placement says where a request goes.
type Placement struct {
	// Source is who says so; empty when nobody does.
	Source  Source
	Targets []bridge.Target
	// Rules are the names of the Access Monitoring Rules that apply, by integration.
	Rules map[string][]string
	// Faults are the rules that could not be evaluated for this request.
	Faults []*recipients.Fault
}

// Target returns the target of the named integration; false when the request does not go there.
func (pl Placement) Target(integration string) (bridge.Target, bool) {
	i := slices.IndexFunc(pl.Targets, func(t bridge.Target) bool { return t.Integration == integration })
	if i < 0 {
		return bridge.Target{}, false
	}
	return pl.Targets[i], true
}

var errUnlisted = fmt.Errorf("which access monitoring rules there are: %w", bridge.ErrUnknown)

// Place asks the sources, one after the other, where a request goes. The error reports conditions that could not be evaluated, and does not
// keep targets from being returned; it is a bridge.ErrUnknown when asking again later may say more. As long as it is not known which Access
// Monitoring Rules there are, no source behind them is asked, so that no request goes astray.
func (p *Policy) Place(req bridge.Request) (Placement, error) {
	m := p.match(req)
	var placed Placement
	var unknown error
	for _, source := range p.order() {
		switch source {
		case SourceRoutes:
			placed.Targets = m.targets()
		case SourceRoles:
			placed.Targets = p.byRole(req)
		case SourceRules:
			selections, faults, known := p.monitored(req)
			if !known {
				return placed, errors.Join(m.err, errUnlisted)
			}
			placed.Faults, unknown = faults, ignorance(faults)
			placed.take(selections)
		}
		if len(placed.Targets) > 0 {
			placed.Source = source
			if source != SourceRoutes {
				m.equip(placed.Targets)
			}
			return placed, m.err
		}
	}
	return placed, errors.Join(m.err, unknown)
}

func (p *Policy) order() []Source {
	if len(p.sources.Order) == 0 {
		return []Source{SourceRoutes}
	}
	return p.sources.Order
}

func (p *Policy) monitored(req bridge.Request) (selections []recipients.Selection, faults []*recipients.Fault, known bool) {
	if p.monitoring == nil {
		return nil, nil, false
	}
	return p.monitoring.Select(p.predicateFacts(req))
}

// predicateFacts are what a rule's condition sees.
func (p *Policy) predicateFacts(req bridge.Request) predicate.Facts {
	f := predicate.Of(req)
	who := p.people.view(req.User)
	f.Traits, f.TraitsKnown = who.traits, who.traitsKnown
	f.LabelsKnown = true
	for _, r := range req.Resources {
		f.Labels = append(f.Labels, r.Labels)
		f.LabelsKnown = f.LabelsKnown && r.Labels != nil
	}
	return f
}

// ignorance is an error when a rule lacks a fact that may become known.
func ignorance(faults []*recipients.Fault) error {
	for _, f := range faults {
		if _, lacks := errors.AsType[*predicate.UnknownError](f); lacks {
			return fmt.Errorf("%w: %w", f, bridge.ErrUnknown)
		}
	}
	return nil
}

// take takes over what the rules select.
func (pl *Placement) take(selections []recipients.Selection) {
	for _, s := range selections {
		pl.Targets = append(pl.Targets, bridge.Target{Integration: s.Integration, Recipients: s.Recipients})
		if pl.Rules == nil {
			pl.Rules = map[string][]string{}
		}
		pl.Rules[s.Integration] = s.Rules
	}
}

// byRole lists the integrations whose map names recipients for the request. Suggested reviewers are people's addresses, which no integration
// takes for the names of projects, services or schedules.
func (p *Policy) byRole(req bridge.Request) []bridge.Target {
	req.SuggestedReviewers = nil
	var list []bridge.Target
	for _, r := range p.sources.Roles {
		if names := recipients.ByRole(r.Recipients, req); len(names) > 0 {
			list = append(list, bridge.Target{Integration: r.Integration, Recipients: names})
		}
	}
	return list
}

// targets are those of all routes of the request; of several for one integration the first.
func (m matched) targets() []bridge.Target {
	var list []bridge.Target
	for _, r := range m.routes {
		for _, t := range r.Targets {
			if _, taken := (Placement{Targets: list}).Target(t.Integration); !taken {
				list = append(list, t)
			}
		}
	}
	return list
}

// equip gives targets that another source has chosen what the routes say about them: settings and hold of the first route that names the
// integration. Where none does, the target is held back as long as the route that decides holds its own.
func (m matched) equip(targets []bridge.Target) {
	named, deciding := Placement{Targets: m.targets()}, m.deciding()
	for i, t := range targets {
		if own, ok := named.Target(t.Integration); ok {
			own.Recipients = t.Recipients
			targets[i] = own
		} else if len(deciding) > 0 {
			targets[i].Hold = deciding[0].Quiet
		}
	}
}

// Target returns the target of the named integration, if the request goes there. The error is that of Place.
func (p *Policy) Target(req bridge.Request, integration string) (bridge.Target, bool, error) {
	placed, err := p.Place(req)
	target, selected := placed.Target(integration)
	return target, selected, err
}

// Reroutes reports whether where a request goes may change while it waits, because Teleport is asked as well.
func (p *Policy) Reroutes() bool {
	return slices.ContainsFunc(p.order(), func(s Source) bool { return s != SourceRoutes })
}

// Stays reports whether a request that has objects at the linked integrations gets no others, because it went to one of them by what was said
// then and is not said any more. Where routes alone say it, the routes as they are settle it.
func (p *Policy) Stays(req bridge.Request, linked []string) bool {
	if len(linked) == 0 || !p.Reroutes() {
		return false
	}
	placed, _ := p.Place(req)
	return slices.ContainsFunc(linked, func(integration string) bool { _, goes := placed.Target(integration); return !goes })
}

// NeedsLabels reports whether any expression, or any rule as they are now, uses the labels of resources, so that they are worth reading.
func (p *Policy) NeedsLabels() bool {
	return p.labels || slices.Contains(p.order(), SourceRules) && p.monitoring != nil &&
		(p.monitoring.Uses(predicate.VarLabelsUnion) || p.monitoring.Uses(predicate.VarLabelsIntersection))
}
