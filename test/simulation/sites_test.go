package simulation

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// builder makes sites.
type builder struct {
	setup setup
	// hooks carries the webhooks of a vendor, clock is the vendor's, register hears of every object.
	hooks    func(vendor string) http.RoundTripper
	clock    func(vendor string) func() time.Time
	register *register
}

var errNotHere = errors.New("there is no such thing at this vendor")

func webhookURL(vendor string) string { return "https://bridge.example.com/webhooks/" + vendor }

func (b builder) polled(vendor string) bool { return slices.Contains(b.setup.Poll, vendor) }

func (b builder) site(vendor string) (site, error) {
	switch vendor {
	case pagerName:
		return b.pager()
	case opsgenieName:
		return b.opsgenie()
	case jsmName:
		return b.jsm()
	default:
		return b.jira()
	}
}

type jiraSite struct{ *jira.Server }

func (b builder) jira() (site, error) {
	project := jira.DefaultProject("ACC")
	for i := range project.Workflow.Transitions {
		project.Workflow.Transitions[i].From = nil
	}
	o := jira.Options{IndexLag: b.setup.Lag, Projects: []jira.Project{project}, Clock: b.clock(jiraName)}
	if b.setup.DataCenter {
		o.Flavour = jira.DataCenter
	} else {
		o.Users = jira.DefaultUsers()
		for i := range o.Users {
			if o.Users[i].App {
				// An app of somebody who has no account of their own here. Data Center does not tell apps from people.
				o.Users[i].Email = address(admin)
			}
		}
	}
	s, err := jira.New(o)
	if err != nil {
		return nil, err
	}
	s.OnIssue(func(i jira.Issue) { b.register.seen(jiraName, i.ID, marked(i.Labels...)) })
	if !b.polled(jiraName) {
		client := &http.Client{Timeout: 20 * time.Second, Transport: b.hooks(jiraName)}
		s.SetWebhooks(jira.Webhook{URL: webhookURL(jiraName), Secret: secret, Client: client})
	}
	return jiraSite{s}, nil
}

func (s jiraSite) objects() []object {
	var out []object
	for _, i := range s.Issues() {
		o := object{id: i.ID, request: marked(i.Labels...), status: i.Status}
		o.ended = slices.Contains([]string{"Approved", "Denied", "Expired", "Promoted"}, i.Status)
		for _, c := range i.Comments {
			if c.Author == jira.BotAccountID || c.Author == jira.BotName {
				o.notes = append(o.notes, c.Body)
			}
		}
		out = append(out, o)
	}
	return out
}

func (s jiraSite) act(who, id string, what deed) error {
	to := map[deed]string{deedApprove: "Approved", deedDeny: "Denied", deedBegin: "In Review", deedTakeBack: "Pending"}
	switch what {
	case deedApprove, deedDeny, deedBegin, deedTakeBack:
		return s.Move(who, id, to[what])
	case deedComment:
		return s.Comment(who, id, "I have seen this.")
	case deedDelete:
		return s.DeleteIssue(who, id)
	case deedActApprove, deedActDeny, deedEnd:
	}
	return errNotHere
}

func (s jiraSite) duty(string, time.Time) error { return errNotHere }

func (s jiraSite) Deliveries() []delivery { return s.Server.Server.Deliveries() }

type pagerSite struct{ *pagerduty.Server }

func (b builder) pager() (site, error) {
	s, err := pagerduty.New(pagerduty.Options{
		Webhooks: pagerduty.Sending{Transport: b.hooks(pagerName)}, Clock: b.clock(pagerName),
	})
	if err != nil {
		return nil, err
	}
	s.OnIncident(func(i pagerduty.Incident) { b.register.seen(pagerName, i.ID, marked(i.Key)) })
	if !b.polled(pagerName) {
		s.AddSubscription(pagerduty.Subscription{URL: webhookURL(pagerName), Secrets: []string{secret}})
	}
	return pagerSite{s}, nil
}

func (s pagerSite) objects() []object {
	var out []object
	for _, i := range s.Incidents() {
		o := object{id: i.ID, request: marked(i.Key), status: i.Status, ended: !i.Open()}
		for _, n := range i.Notes {
			if n.User == i.Creator {
				o.notes = append(o.notes, n.Content)
			}
		}
		if i.Resolution != "" && i.StatusBy == i.Creator {
			o.notes = append(o.notes, i.Resolution)
		}
		out = append(out, o)
	}
	return out
}

func (s pagerSite) act(who, id string, what deed) error {
	if who == automation {
		who = ""
	}
	switch what {
	case deedApprove, deedDeny:
		return s.AddNote(who, id, fmt.Sprintf("%s: seen at the pager", what))
	case deedActApprove:
		return s.InvokeAction(who, id, "Approve")
	case deedActDeny:
		return s.InvokeAction(who, id, "Deny")
	case deedBegin:
		return s.Acknowledge(who, id)
	case deedTakeBack:
		return s.Reopen(who, id)
	case deedComment:
		return s.AddNote(who, id, "I have seen this.")
	case deedEnd:
		return s.Resolve(who, id)
	case deedDelete:
	}
	return errNotHere
}

func (s pagerSite) duty(who string, until time.Time) error {
	return s.SetOnCall(pagerduty.PrimarySchedule, who, time.Now(), until)
}

// alertSite is a vendor of alerts.
type alertSite struct {
	http.Handler
	*alerting.Account
	close      func()
	deliveries func() []delivery
	// own is what the bridge is called there.
	own []string
}

func (b builder) account(vendor string) alerting.Options {
	return alerting.Options{
		ProcessLag: b.setup.LaterBy, IndexLag: b.setup.Lag, Clock: b.clock(vendor), Webhooks: alerting.Sending{Transport: b.hooks(vendor)},
	}
}

func (b builder) listen(vendor string, account *alerting.Account) {
	account.OnAlert(func(a alerting.Alert) { b.register.seen(vendor, a.ID, marked(a.Alias)) })
	if !b.polled(vendor) {
		account.AddReceiver(alerting.Receiver{URL: webhookURL(vendor), Headers: map[string]string{"Authorization": "Bearer " + secret}})
	}
}

func (b builder) opsgenie() (site, error) {
	s, err := opsgenie.New(opsgenie.Options{Account: b.account(opsgenieName)})
	if err != nil {
		return nil, err
	}
	b.listen(opsgenieName, s.Account)
	return alertSite{s, s.Account, s.Close, s.Deliveries, []string{"accessbridge"}}, nil
}

func (b builder) jsm() (site, error) {
	s, err := jsm.New(jsm.Options{Account: b.account(jsmName)})
	if err != nil {
		return nil, err
	}
	b.listen(jsmName, s.Account)
	return alertSite{s, s.Account, s.Close, s.Deliveries, []string{jsm.DefaultEmail, "accessbridge"}}, nil
}

func (s alertSite) Close() { s.close() }

func (s alertSite) Deliveries() []delivery { return s.deliveries() }

func (s alertSite) objects() []object {
	var out []object
	for _, a := range s.Alerts() {
		o := object{id: a.ID, alias: a.Alias, request: marked(a.Alias), status: a.Status, ended: !a.Open()}
		for _, n := range a.Notes {
			if slices.Contains(s.own, n.Owner) {
				o.notes = append(o.notes, n.Text)
			}
		}
		out = append(out, o)
	}
	return out
}

func (s alertSite) act(who, id string, what deed) error {
	if who == automation {
		if c, ok := posed(what); ok {
			// Whoever holds a key may give any name, such as that of the person who is mostly on call.
			_, err := s.Apply(alerting.Actor{Name: address(alice), Via: "API"}, alerting.ByID(id), c)
			return err
		}
		who = ""
	}
	switch what {
	case deedApprove, deedDeny:
		return s.Note(who, id, fmt.Sprintf("%s: seen in the alerts", what))
	case deedActApprove:
		return s.Action(who, id, "Approve", "")
	case deedActDeny:
		return s.Action(who, id, "Deny", "")
	case deedBegin:
		return s.Acknowledge(who, id)
	case deedTakeBack:
		return s.Unacknowledge(who, id)
	case deedComment:
		return s.Note(who, id, "I have seen this.")
	case deedEnd:
		return s.CloseAlert(who, id, "")
	case deedDelete:
		return s.DeleteAlert(who, id)
	}
	return errNotHere
}

// posed is what a program does in somebody's name.
func posed(what deed) (alerting.Command, bool) {
	switch what {
	case deedApprove, deedDeny:
		return alerting.Command{Kind: alerting.AddNote, Note: string(what) + ": by a rule"}, true
	case deedActApprove:
		return alerting.Command{Kind: alerting.CustomAction, Action: "Approve"}, true
	case deedActDeny:
		return alerting.Command{Kind: alerting.CustomAction, Action: "Deny"}, true
	default:
		return alerting.Command{}, false
	}
}

func (s alertSite) duty(who string, until time.Time) error {
	return s.SetOnCall(alerting.PrimarySchedule, who, time.Now(), until)
}
