// Package integrations is the registry: one visible map from the type named in the configuration to the vendor's package.
package integrations

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/jira"
)

// Options are what every integration is given beside its settings.
type Options struct {
	Log *slog.Logger
	// Targets are the settings that routes give for this integration; a nil element is a target without any.
	Targets []any
	// Observe is called after each call to a vendor; code is 0 when there was no answer.
	Observe func(method string, code int, took time.Duration)
}

// Instance is one integration, ready to run, with what it can do. A capability it lacks is nil.
type Instance struct {
	Type      string
	Ticketer  bridge.Ticketer
	Decisions bridge.DecisionSource
	Webhooks  bridge.WebhookSource
	// Workers is how many calls are made to the vendor at once.
	Workers int
	// ResyncEvery is the pause between listings of changed objects.
	ResyncEvery time.Duration
	// BusyUntil tells until when the vendor account may not be used, and why; a zero time when it may.
	BusyUntil func() (until time.Time, why string)
}

// Kind is one type of integration.
type Kind struct {
	config.Kind
	// New makes the integration from its decoded settings, without any call.
	New func(name string, settings config.Settings, o Options) (*Instance, error)
}

// Builtin is the map of all types. A new vendor is one more line.
func Builtin() map[string]Kind {
	return map[string]Kind{
		"jira": {Kind: jira.Kind(), New: newJira},
	}
}

// Kinds is the part of the map that the configuration's loader needs.
func Kinds(all map[string]Kind) map[string]config.Kind {
	kinds := make(map[string]config.Kind, len(all))
	for name, k := range all {
		kinds[name] = k.Kind
	}
	return kinds
}

func newJira(name string, settings config.Settings, o Options) (*Instance, error) {
	s, ok := settings.(*jira.Settings)
	if !ok {
		return nil, fmt.Errorf("integration %q: settings are %T, not Jira's", name, settings)
	}
	targets := make([]*jira.Target, 0, len(o.Targets))
	for _, t := range o.Targets {
		if t, ok := t.(*jira.Target); ok && t != nil {
			targets = append(targets, t)
		}
	}
	j, err := jira.New(name, s, jira.Options{Log: o.Log, Observe: o.Observe, Targets: targets})
	if err != nil {
		return nil, err
	}
	i := &Instance{
		Type: "jira", Ticketer: j, Decisions: j, Webhooks: j, Workers: j.Workers(), ResyncEvery: j.ResyncEvery(),
		BusyUntil: func() (time.Time, string) { state := j.Account(); return state.Until, state.LastError },
	}
	if j.Mode() == jira.ModePoll {
		i.Webhooks, i.ResyncEvery = nil, j.PollEvery()
	}
	return i, nil
}
