package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/httpx"
	"github.com/accessbridge/accessbridge/server"
)

// askWithin bounds a question to the private listener of the running bridge.
const askWithin = 5 * time.Second

func withTimeout(w *world, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.ctx, d)
}

// adminAddress says where the running bridge answers.
type adminAddress struct {
	configFile
	Admin string `help:"Address of the bridge's private listener; default is admin.listen of the configuration." placeholder:"HOST:PORT"`
}

// ask fetches a page from the private listener.
func (a adminAddress) ask(w *world, path string) ([]byte, error) {
	address := a.Admin
	if address == "" {
		cfg, err := server.LoadConfig(a.Config, config.Offline())
		if err != nil {
			return nil, err
		}
		address = cfg.Admin.Listen
	}
	if host, port, err := net.SplitHostPort(address); err == nil && (host == "" || host == "0.0.0.0" || host == "::") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	ctx, cancel := withTimeout(w, askWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := httpx.Local(askWithin).Do(request)
	if err != nil {
		return nil, fmt.Errorf("the bridge does not answer at %s: %w", address, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s: %s", address, response.Status, body)
	}
	return body, nil
}

type healthCommand struct{ adminAddress }

// Run succeeds when the bridge is alive.
func (c *healthCommand) Run(w *world) error {
	_, err := c.ask(w, "/healthz")
	return err
}

type statusCommand struct {
	adminAddress
	JSON bool `help:"Print the whole status as JSON."`
}

// Run prints the status, as a table or as JSON.
func (c *statusCommand) Run(w *world) error {
	body, err := c.ask(w, "/status")
	if err != nil {
		return err
	}
	if c.JSON {
		w.printf("%s", body)
		return nil
	}
	var s server.Status
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("understanding the status: %w", err)
	}
	printStatus(w, s)
	return nil
}

func printStatus(w *world, s server.Status) {
	table := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(table, format+"\n", args...) }
	row("accessbridge %s\tinstance %s\tready %t\tdry run %t", s.Version, s.Instance, s.Ready, s.DryRun)
	if t := s.Teleport; t != nil {
		row("teleport\t%s %s as %s\twatching %t\tcredential until %s", t.Cluster, t.Version, t.User, t.Watching, t.CredentialExpires.Format(time.RFC3339))
		if t.LastError != "" {
			row("\t%s", t.LastError)
		}
	}
	if r := s.Requests; r != nil {
		row("requests\tpending %d\tapproved %d\tdenied %d\tpromoted %d", r["pending"], r["approved"], r["denied"], r["promoted"])
	}
	for _, i := range s.Integrations {
		row("integration\t%s (%s)\topen %d\tclaimed %d\tfailed %d", i.Name, i.Type, i.Links["open"], i.Links["claimed"], i.Links["failed"])
		if !i.PausedUntil.IsZero() {
			row("\tno calls until %s\t%s", i.PausedUntil.Format(time.RFC3339), i.LastError)
		}
	}
	if s.Rules != nil {
		printRules(row, s.Rules)
	}
	for _, q := range s.Queues {
		row("queue\t%s\twaiting %d\toldest %s", q.Name, q.Waiting, q.Oldest.Round(time.Millisecond))
	}
	for _, f := range s.Unsettled {
		row("unsettled\t%s\t%s\t%s, next try %s: %s", f.Queue, f.RequestID, f.Class, f.NextTry.Format(time.RFC3339), f.Error)
	}
	_ = table.Flush()
}

func printRules(row func(string, ...any), r *server.RulesStatus) {
	row("rules\tfor integrations here %d\tknown %t\treadable %t\tfaults %d", r.Rules, r.Known, r.Readable, len(r.Faults))
	if r.LastError != "" {
		row("\t%s", r.LastError)
	}
	for _, f := range r.Faults {
		row("\t%s\trevision %s\tselects nothing: %s", f.Rule, f.Revision, f.Error)
	}
}
