package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// lookEvery is how often the narrator looks whether something has happened.
const lookEvery = 100 * time.Millisecond

// stories are the requests that people make in the demo, one after another.
func stories() []teleport.NewRequest {
	return []teleport.NewRequest{
		{User: alice, Roles: []string{"prod-db"}, Reason: "The nightly import fails, I need to look at the locks."},
		{User: alice, Roles: []string{"prod-admin", "prod-db"}, Reason: "Roll-out of release 7", ThresholdApprove: 2},
		{User: carol, Roles: []string{"billing-read"}, Reason: "A customer asks about an invoice."},
		{User: alice, Roles: []string{"incident-db"}, Reason: "I am called for this: the disk is full."},
		{User: bob, Roles: []string{"incident-db"}, Reason: "I want to help with the disk."},
		{User: dave, Roles: []string{"alert-web"}, Reason: "The site answers slowly."},
		{User: bob, Roles: []string{"operations-net"}, Reason: "A link flaps."},
	}
}

// Live runs the demo until ctx ends: people may act on the vendors' pages, and what that does in Teleport is told.
func Live(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	w, err := newWorld(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.startBridge(ctx); err != nil {
		return err
	}
	w.introduce(out)
	n := &narrator{w: w, out: out, shown: map[string]string{}}
	for _, s := range stories() {
		if _, err := w.teleport.CreateRequest(s); err != nil {
			return err
		}
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			say(out, "\nStopping.\n")
			return nil
		case <-tick.C:
			if err := n.look(); err != nil {
				return err
			}
		}
	}
}

func (w *world) introduce(out io.Writer) {
	say(out, `accessbridge runs on this machine, between simulators:

  Teleport      gRPC with mutual TLS on %s, cluster demo.example.com
  accessbridge  webhooks below %s; health, metrics and status on http://%s
  configuration %s (try: accessbridge status --admin %s)

Open their pages in a browser. The certificate is made for this demo, so the browser will ask. Choose who you are, and act:

  Jira                     %s
    Move a card: to Approved, and Teleport approves; to Denied, and Teleport denies.
  PagerDuty                %s
    Alice is on call, so her own request is approved at once. Bob's waits: as Alice, run the action Approve,
    or write a note that begins with "approve" or "deny". As Dave, who is not on call, nothing comes of it.
  Opsgenie                 %s
    The same with alerts: run the action Approve or Deny, or write such a note.
  Jira Service Management  %s
    The same again.

Nobody can approve their own request: try it as the requester. Press Ctrl-C to stop.

`, w.teleport.Addr(), w.webhookURL(""), w.addr, w.config, w.addr, w.jira.BoardURL(), w.pager.BoardURL(), w.opsgenie.BoardURL(), w.jsm.BoardURL())
}

// narrator tells what changes in Teleport and at the vendors.
type narrator struct {
	w       *world
	out     io.Writer
	shown   map[string]string
	decided int
}

// look tells every change since the last look. Each decided request is followed by a new one, so that there is always something to do.
func (n *narrator) look() error {
	for _, r := range n.w.teleport.Requests() {
		id := r.GetName()
		n.tell("teleport/"+id, fmt.Sprintf("Teleport   request %s by %s for %s is %s (%d reviews) %s", short(id), r.GetUser(),
			strings.Join(r.GetRoles(), ", "), r.GetState(), len(r.GetReviews()), r.GetResolveReason()))
		if state := r.GetState().String(); state != "PENDING" && n.tell("decided/"+id, "") {
			story := stories()[n.decided%len(stories())]
			n.decided++
			if _, err := n.w.teleport.CreateRequest(story); err != nil {
				return err
			}
		}
	}
	n.issues()
	n.incidents()
	n.alerts("Opsgenie  ", n.w.opsgenie.Account)
	n.alerts("JSM       ", n.w.jsm.Account)
	return nil
}

func (n *narrator) issues() {
	for _, i := range n.w.jira.Issues() {
		n.tell("jira/"+i.Key, fmt.Sprintf("Jira       issue %s is in %s: %s", i.Key, i.Status, i.Summary))
		for _, c := range i.Comments {
			n.tell("comment/"+c.ID, fmt.Sprintf("Jira       comment on %s: %s", i.Key, c.Body))
		}
	}
}

func (n *narrator) incidents() {
	for _, i := range n.w.pager.Incidents() {
		n.tell("pagerduty/"+i.ID, fmt.Sprintf("PagerDuty  incident %d is %s: %s", i.Number, i.Status, i.Title))
		for _, note := range i.Notes {
			n.tell("note/"+note.ID, fmt.Sprintf("PagerDuty  note on %d: %s", i.Number, note.Content))
		}
	}
}

func (n *narrator) alerts(product string, account *alerting.Account) {
	for _, a := range account.Alerts() {
		n.tell(product+a.ID, fmt.Sprintf("%s alert #%s is %s: %s", product, a.TinyID, a.Status, a.Message))
		for _, note := range a.Notes {
			n.tell(product+a.ID+note.ID, fmt.Sprintf("%s note on #%s: %s", product, a.TinyID, note.Text))
		}
	}
}

// tell prints a line once for each change; true when it was new.
func (n *narrator) tell(key, line string) bool {
	if last, ok := n.shown[key]; ok && last == line {
		return false
	}
	n.shown[key] = line
	if line != "" {
		say(n.out, "%s  %s\n", time.Now().Format("15:04:05"), line)
	}
	return true
}

func short(id string) string {
	if len(id) > 8 {
		return "…" + id[len(id)-8:]
	}
	return id
}
