package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// The bridge's configuration for guarantees, and what is Jira's of it.
var (
	//go:embed guarantees.yaml.tmpl
	guaranteesTemplate string
	//go:embed guarantees.jira.tmpl
	jiraTemplate string
)

const (
	jiraType = "jira"
	// statusPending is the status of an issue that nobody has decided.
	statusPending = "Pending"
	// ticketKey begins the key of incidents and the alias of alerts.
	ticketKey = "teleport-access-request/"
)

// desk is a simulated vendor that can be broken.
type desk interface {
	Start() error
	Stop()
	Close()
	Calls() map[string]int
	Inject(f standin.Fault) (cancel func())
	// tickets are all that were ever made, by the request they are for; those for no request are under the empty name.
	tickets() map[string][]ticket
}

// deskKind is what has to be known of a vendor.
type deskKind struct {
	name, token string
	// account is the bridge's name for the vendor's account.
	account string
	// config are the vendor's parts of the configuration.
	config string
	// creates is what the path ends with that tickets are made at, and no other call.
	creates string
	start   func(w *world) (desk, error)
}

// deskKinds are the vendors, Jira first.
func deskKinds() []deskKind {
	list := []deskKind{{
		name: jiraType, token: jirasim.BotToken, account: integration, config: jiraTemplate, creates: "/issue",
		start: func(w *world) (desk, error) {
			w.config.Type, w.config.Project = jiraType, project
			err := w.startJira()
			return issueDesk{w.jira}, err
		},
	}}
	for _, v := range onCallVendors() {
		list = append(list, deskKind{
			name: v.kind, token: v.token, account: pagerName, config: v.config, creates: creates(v.kind),
			start: func(w *world) (desk, error) { return startIncidents(w, v) },
		})
	}
	return list
}

func creates(kind string) string {
	if kind == pagerDutyType {
		return "/incidents"
	}
	return "/alerts"
}

// issueDesk is Jira.
type issueDesk struct{ *jirasim.Server }

func (d issueDesk) tickets() map[string][]ticket {
	out := map[string][]ticket{}
	for _, i := range d.Issues() {
		var id string
		_ = json.Unmarshal(i.Properties[marker], &id) // none leaves it empty
		t := ticket{}
		if i.Status != statusPending {
			t.ending = strings.ToLower(i.Status)
		}
		for _, c := range i.Comments {
			if c.Author == jirasim.BotAccountID {
				t.notes = append(t.notes, strings.ReplaceAll(c.Body, `\`, "")) // the marks of wiki markup that is none
			}
		}
		out[id] = append(out[id], t)
	}
	return out
}

// breakable is what simulators of incidents and alerts can do besides.
type breakable interface {
	Start() error
	Stop()
	Close()
	Calls() map[string]int
	Inject(f standin.Fault) (cancel func())
}

// incidentDesk is a vendor that knows who is on call. Its deliveries are switched off.
type incidentDesk struct {
	breakable
	noted func() []notedTicket
}

// notedTicket is a ticket by its key or alias.
type notedTicket struct {
	key string
	ticket
}

func startIncidents(w *world, v onCallVendor) (desk, error) {
	simulator, err := v.launch(&w.config, w.rig.lag)
	if err != nil {
		return nil, err
	}
	d := incidentDesk{}
	switch s := simulator.(type) {
	case pager:
		d.breakable, d.noted = s.Server, s.noted
	case alerts:
		server, ok := s.alertServer.(breakable)
		if !ok {
			simulator.Close()
			return nil, fmt.Errorf("the simulator of %s cannot be broken", v.kind)
		}
		d.breakable, d.noted = server, s.noted
	default:
		simulator.Close()
		return nil, errors.New("unknown simulator of " + v.kind)
	}
	return d, nil
}

func (d incidentDesk) tickets() map[string][]ticket {
	out := map[string][]ticket{}
	for _, n := range d.noted() {
		id, ok := strings.CutPrefix(n.key, ticketKey)
		if !ok {
			id = ""
		}
		out[id] = append(out[id], n.ticket)
	}
	return out
}

func (p pager) noted() []notedTicket {
	var out []notedTicket
	for _, i := range p.Incidents() {
		n := notedTicket{key: i.Key}
		for _, note := range i.Notes {
			n.notes = append(n.notes, note.Content)
		}
		out = append(out, n.over(!i.Open()))
	}
	return out
}

func (a alerts) noted() []notedTicket {
	var out []notedTicket
	for _, alert := range a.Alerts() {
		n := notedTicket{key: alert.Alias}
		for _, note := range alert.Notes {
			n.notes = append(n.notes, note.Text)
		}
		out = append(out, n.over(!alert.Open()))
	}
	return out
}

func (n notedTicket) over(is bool) notedTicket {
	if is {
		n.ending = ended
	}
	return n
}
