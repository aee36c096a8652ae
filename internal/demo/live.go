package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

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
	}
}

// Live runs the demo until ctx ends: people may move cards on the board, and what that does in Teleport is told.
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
	say(out, `accessbridge runs on this machine, between two simulators:

  Teleport      gRPC with mutual TLS on %s, cluster demo.example.com
  Jira          HTTPS on %s
  accessbridge  webhooks on %s; health, metrics and status on http://%s
  configuration %s (try: accessbridge status --admin %s)

Open the board in a browser:

  %s

Its certificate is made for this demo, so the browser will ask. Choose who you are, and move a card: to Approved, and Teleport approves;
to Denied, and Teleport denies. Nobody can approve their own request: try it as the requester. Press Ctrl-C to stop.

`, w.teleport.Addr(), w.jira.URL(), w.webhookURL(integration), w.addr, w.config, w.addr, w.jira.BoardURL())
}

// narrator tells what changes in Teleport and in Jira.
type narrator struct {
	w       *world
	out     io.Writer
	shown   map[string]string
	decided int
}

// look tells every change since the last look. Each decided request is followed by a new one, so that there is always a card to move.
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
	for _, i := range n.w.jira.Issues() {
		n.tell("jira/"+i.Key, fmt.Sprintf("Jira       issue %s is in %s: %s", i.Key, i.Status, i.Summary))
		for _, c := range i.Comments {
			n.tell("comment/"+c.ID, fmt.Sprintf("Jira       comment on %s: %s", i.Key, c.Body))
		}
	}
	return nil
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
