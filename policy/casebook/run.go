package casebook

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// Rules are what the cases are tried against.
type Rules struct {
	Policy *policy.Policy
	// People makes the configured mapping of people from the users of a case. EmailTraits are the traits that hold their addresses.
	People      func(policy.Directory) *policy.People
	EmailTraits []string
	// Integrations and Routes are the configured names.
	Integrations, Routes []string
}

// Result is what came of one case.
type Result struct {
	Name string `json:"name"`
	// Line is where the case stands in its file.
	Line int  `json:"line"`
	OK   bool `json:"ok"`
	// Differences say in plain words what is not as expected, Because what explains it. Both are empty for a case that passed.
	Differences []string `json:"differences,omitempty"`
	Because     []string `json:"because,omitempty"`
	Got         Got      `json:"got"`
}

// Got is what the policy made of a case, in the words of Expect.
type Got struct {
	Targets    []string            `json:"targets"`
	Source     string              `json:"source,omitempty"`
	Recipients map[string][]string `json:"recipients,omitempty"`
	Routes     []string            `json:"routes"`
	Route      string              `json:"route,omitempty"`
	Decision   string              `json:"decision"`
	By         string              `json:"by,omitempty"`
	Rule       string              `json:"rule,omitempty"`
	Reason     string              `json:"reason,omitempty"`
	Refusals   []Refusal           `json:"refusals"`
	// Detail says what kept the policy from deciding, such as an expression that could not be evaluated.
	Detail string `json:"detail,omitempty"`
}

// Refusal is a piece of evidence that did not count.
type Refusal struct {
	Code   string `json:"code"`
	Target string `json:"target"`
	Status string `json:"status"`
	Person string `json:"person"`
	Text   string `json:"text"`
	Detail string `json:"detail,omitempty"`
}

// Run tries every case. The error is a config.Error when the file names integrations or routes that the configuration does not have.
func (b *Book) Run(r Rules) ([]Result, error) {
	if err := b.refer(r); err != nil {
		return nil, err
	}
	results := make([]Result, len(b.Cases))
	for i, c := range b.Cases {
		results[i] = b.try(r, c)
		results[i].Line = b.problems.Line(element("cases", i) + ".name")
	}
	return results, nil
}

func (b *Book) try(r Rules, c Case) Result {
	users, groups := b.layered(c)
	users.traits = r.EmailTraits
	p := r.Policy.Using(r.People(users)).Asking(groups).Heeding(b.monitoring(r))
	req := c.Request.bridge()
	now := c.moment(req.Created)
	got, err := routed(p, req)
	evidence, duties := c.evidence(req), c.duties(p, req, now, r.Integrations)
	got.Decision, got.Refusals = none, []Refusal{}
	if err != nil {
		got.Detail = err.Error()
	}
	if req.Pending(now) {
		got.take(p.Judge(req, evidence, duties))
	} else {
		got.Detail = "the request has lapsed by then"
	}
	result := Result{Name: c.Name, Got: got, Differences: c.Expect.differences(got)}
	result.OK = len(result.Differences) == 0
	if !result.OK {
		result.Because = because(got, evidence, p.Values(req, evidence, duties))
	}
	return result
}

// routed is where a request goes.
func routed(p *policy.Policy, req bridge.Request) (Got, error) {
	got := Got{Targets: []string{}, Routes: []string{}}
	routes, _ := p.Routes(req)
	for _, route := range routes {
		got.Routes = append(got.Routes, route.Name)
	}
	if len(routes) > 0 {
		got.Route = routes[0].Name
	}
	placed, err := p.Place(req)
	got.Source = string(placed.Source)
	for _, target := range placed.Targets {
		got.Targets = append(got.Targets, target.Integration)
		if len(target.Recipients) > 0 {
			if got.Recipients == nil {
				got.Recipients = map[string][]string{}
			}
			got.Recipients[target.Integration] = target.Recipients
		}
	}
	for _, fault := range placed.Faults {
		err = errors.Join(err, fault)
	}
	return got, err
}

func (g *Got) take(d bridge.Decision) {
	g.Route = cmp.Or(d.Route, g.Route)
	if d.Verdict != bridge.Undecided {
		g.Decision, g.By, g.Rule, g.Reason = string(d.Verdict), d.Person, d.Rule, d.Reason
	}
	g.Detail = cmp.Or(g.Detail, d.Detail)
	for _, r := range d.Refusals {
		g.Refusals = append(g.Refusals, Refusal{
			Code: r.Code, Target: r.Evidence.Target, Status: r.Evidence.Status, Person: r.Evidence.Actor.String(), Text: r.Text, Detail: r.Detail,
		})
	}
}

// moment is when the bridge looks: when the case says, or else when the last thing happened.
func (c Case) moment(created time.Time) time.Time {
	if now, given := c.Now.from(created); given {
		return now
	}
	now := created
	for _, e := range c.Evidence {
		if at, given := e.At.from(created); given && at.After(now) {
			now = at
		}
	}
	return now
}

func (c Case) evidence(req bridge.Request) []bridge.Evidence {
	out := make([]bridge.Evidence, len(c.Evidence))
	for i, e := range c.Evidence {
		at, given := e.At.from(req.Created)
		if !given {
			at = req.Created
		}
		key := cmp.Or(e.Key, e.Target)
		out[i] = bridge.Evidence{
			Target: e.Target, Object: bridge.Ref{ID: key, Key: key}, Marker: cmp.Or(e.Marker, req.ID), Status: cmp.Or(e.Status, e.Verdict),
			Verdict: bridge.Verdict(e.Verdict), Actor: e.Actor.actor(), At: at, ReadAt: at, Reason: e.Reason, Barred: e.Barred,
		}
	}
	return out
}

// duties are the answers of the integrations that a rule of the request's route asks. One that is not in the case answers that nobody is on
// call.
func (c Case) duties(p *policy.Policy, req bridge.Request, now time.Time, integrations []string) []bridge.Duty {
	var out []bridge.Duty
	for _, integration := range integrations {
		unread := slices.ContainsFunc(c.OnCall, func(s Shift) bool { return s.Integration == integration && s.Unread })
		if unread || len(p.OnCall(req, integration)) == 0 {
			continue
		}
		d := bridge.Duty{Integration: integration, ReadAt: now}
		for _, s := range c.OnCall {
			if s.Integration != integration {
				continue
			}
			until, _ := s.Until.from(req.Created)
			if until.IsZero() || now.Before(until) {
				d.Shifts = append(d.Shifts, bridge.Shift{Person: s.Person.actor(), Via: cmp.Or(s.Via, "on call"), Level: s.Level, Until: until})
			}
		}
		out = append(out, d)
	}
	return out
}

func (p Person) actor() bridge.Actor {
	return bridge.Actor{ID: p.ID, Email: p.Email, Name: p.Name, Automated: p.Automated}
}
