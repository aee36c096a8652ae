package cli

import (
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/server"
)

type explainCommand struct {
	configFile
	Request string `arg:"" help:"Id of the Access Request."`
}

// Run reads the request, its links and evidence, and prints what would happen.
func (c *explainCommand) Run(w *world) error {
	cfg, err := c.load(w)
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(w, checkWithin)
	defer cancel()
	e, err := server.Explain(ctx, cfg, c.Request, w.log)
	if err != nil {
		return err
	}
	printExplanation(w, c.Request, e)
	return nil
}

func printExplanation(w *world, id string, e *server.Explanation) {
	if e.Gone {
		w.printf("request   %s does not exist in Teleport (any more)\n", id)
	} else {
		r := e.Request
		w.printf("request   %s by %s for %s: %s, made %s, waits until %s\n", r.ID, r.User, strings.Join(r.Roles, ", "), r.State,
			r.Created.Format(time.RFC3339), r.PendingUntil.Format(time.RFC3339))
		w.printf("route     %s\n", orNone(strings.Join(e.Routes, ", ")))
		printPlacement(w, e.Placement)
	}
	for _, x := range e.Expressions {
		printExpression(w, x)
	}
	if e.Problem != "" {
		w.printf("problem   %s\n", e.Problem)
	}
	for _, t := range e.Targets {
		w.printf("target    %s: %s %s %s\n", t.Integration, orNone(string(t.Link.Phase)), t.Link.Ref.Key, t.Link.Ref.URL)
		if t.Link.LastError != "" {
			w.printf("          %s; next try %s\n", t.Link.LastError, t.Link.NotBefore.Format(time.RFC3339))
		}
		for _, ev := range t.Evidence {
			if ev.At.IsZero() {
				w.printf("evidence  %q, where nobody has moved it, means %s\n", ev.Status, verdict(ev.Verdict))
				continue
			}
			w.printf("evidence  %q by %s at %s means %s\n", ev.Status, ev.Actor, ev.At.Format(time.RFC3339), verdict(ev.Verdict))
		}
		if t.OnCall != nil {
			printOnCall(w, t.OnCall)
		}
		if t.Problem != "" {
			w.printf("problem   %s\n", t.Problem)
		}
	}
	for _, r := range e.Decision.Refusals {
		w.printf("refused   %q: %s (%s)\n", r.Evidence.Status, r.Text, r.Code)
	}
	switch {
	case e.Gone || e.Request.State != bridge.StatePending:
		w.printf("next      open objects are closed\n")
	case e.Decision.Verdict == bridge.Undecided:
		w.printf("next      nothing; no evidence decides\n")
	default:
		w.printf("next      %s, by %s: %s %s\n", e.Decision.Verdict, e.Decision.Mode, orNone(e.Decision.Person), e.Decision.Reason)
	}
}

// printExpression prints an expression's value, and the values of its parts.
func printExpression(w *world, x policy.Value) {
	if x.Err != nil {
		w.printf("rule      %s of %s cannot be evaluated: %v\n", x.Field, x.Route, x.Err)
	} else {
		w.printf("rule      %s of %s is %t\n", x.Field, x.Route, x.Holds)
	}
	for _, part := range x.Parts {
		w.printf("          %s is %s\n", part.Text, part.Value)
	}
}

// printPlacement tells where the request goes now. An object that it has already stays, wherever it is.
func printPlacement(w *world, placed policy.Placement) {
	if placed.Source == "" {
		w.printf("goes      nowhere new\n")
	}
	for _, t := range placed.Targets {
		by := string(placed.Source)
		if rules := placed.Rules[t.Integration]; len(rules) > 0 {
			by += " " + strings.Join(rules, ", ")
		}
		if len(t.Recipients) > 0 {
			by += ", for " + strings.Join(t.Recipients, ", ")
		}
		w.printf("goes      to %s, by %s\n", t.Integration, by)
	}
	for _, f := range placed.Faults {
		w.printf("fault     %v; it selects nothing\n", f)
	}
}

func printOnCall(w *world, d *bridge.Duty) {
	if len(d.Shifts) == 0 {
		w.printf("on call   nobody\n")
	}
	for _, s := range d.Shifts {
		w.printf("on call   %s by %q, level %d\n", s.Person, s.Via, s.Level)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func verdict(v bridge.Verdict) string {
	if v == bridge.Undecided {
		return "nothing"
	}
	return string(v)
}
