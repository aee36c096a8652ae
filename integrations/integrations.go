// Package integrations is the registry: one visible map from the type named in the configuration to the vendor's package.
package integrations

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/jira"
	"github.com/accessbridge/accessbridge/integrations/jsm"
	"github.com/accessbridge/accessbridge/integrations/opsgenie"
	"github.com/accessbridge/accessbridge/integrations/pagerduty"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

// Options are what every integration is given beside its settings.
type Options struct {
	Log *slog.Logger
	// Targets are the settings that routes give for this integration; a nil element is a target without any.
	Targets []any
	// Observe is called after each call to a vendor; code is 0 when there was no answer.
	Observe func(method string, code int, took time.Duration)
	// Transport replaces the network below the limits of the outbound client; nil for the network.
	Transport http.RoundTripper
}

// Instance is one integration, ready to run, with what it can do. A capability it lacks is nil.
type Instance struct {
	Type      string
	Ticketer  bridge.Ticketer
	Decisions bridge.DecisionSource
	OnCall    bridge.OnCallSource
	// OnCallEvery is the pause between readings of who is on call while a request waits.
	OnCallEvery time.Duration
	Groups      bridge.GroupSource
	Webhooks    bridge.WebhookSource
	// EnsureWebhooks registers the webhook at the vendor, or repairs it. It returns the secret of a new one, which is told only once, and
	// whether anything was changed. Nil where the vendor has no interface for that.
	EnsureWebhooks func(ctx context.Context, url string) (secret string, changed bool, err error)
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
	// OnCall is true for a vendor that knows who is on call.
	OnCall bool
	// Groups is true for a vendor that tells who is in a group of people.
	Groups bool
	// New makes the integration from its decoded settings, without any call.
	New func(name string, settings config.Settings, o Options) (*Instance, error)
}

// Builtin is the map of all types. A new vendor is one more line, and a function that makes it.
func Builtin() map[string]Kind {
	return map[string]Kind{
		"jira":      {Kind: jira.Kind(), New: newJira, Groups: true},
		"jsm":       {Kind: jsm.Kind(), New: newJSM, OnCall: true, Groups: true},
		"opsgenie":  {Kind: opsgenie.Kind(), New: newOpsgenie, OnCall: true, Groups: true},
		"pagerduty": {Kind: pagerduty.Kind(), New: newPagerDuty, OnCall: true, Groups: true},
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
		return nil, foreign(name, settings)
	}
	j, err := jira.New(name, s, jira.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport, Targets: targets[jira.Target](o)})
	if err != nil {
		return nil, err
	}
	i := twoWay("jira", j, j.Mode() == jira.ModePoll)
	i.Groups = j
	return i, nil
}

func newPagerDuty(name string, settings config.Settings, o Options) (*Instance, error) {
	s, ok := settings.(*pagerduty.Settings)
	if !ok {
		return nil, foreign(name, settings)
	}
	p, err := pagerduty.New(name, s, pagerduty.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport, Targets: targets[pagerduty.Target](o)})
	if err != nil {
		return nil, err
	}
	i := twoWay("pagerduty", p, p.Mode() == pagerduty.ModePoll)
	i.OnCall, i.OnCallEvery, i.Groups, i.EnsureWebhooks = p, p.OnCallEvery(), p, p.EnsureWebhooks
	return i, nil
}

func newOpsgenie(name string, settings config.Settings, o Options) (*Instance, error) {
	s, ok := settings.(*opsgenie.Settings)
	if !ok {
		return nil, foreign(name, settings)
	}
	og, err := opsgenie.New(name, s, opsgenie.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport, Targets: targets[opsgenie.Target](o)})
	if err != nil {
		return nil, err
	}
	i := twoWay("opsgenie", og, og.Mode() == opsgenie.ModePoll)
	i.OnCall, i.OnCallEvery, i.Groups = og, og.OnCallEvery(), og
	return i, nil
}

func newJSM(name string, settings config.Settings, o Options) (*Instance, error) {
	s, ok := settings.(*jsm.Settings)
	if !ok {
		return nil, foreign(name, settings)
	}
	j, err := jsm.New(name, s, jsm.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport, Targets: targets[jsm.Target](o)})
	if err != nil {
		return nil, err
	}
	i := twoWay("jsm", j, j.Mode() == jsm.ModePoll)
	i.OnCall, i.OnCallEvery, i.Groups = j, j.OnCallEvery(), j
	return i, nil
}

// tracker is what every vendor with objects and decisions offers.
type tracker interface {
	bridge.Ticketer
	bridge.DecisionSource
	bridge.WebhookSource
	Workers() int
	PollEvery() time.Duration
	ResyncEvery() time.Duration
	Account() httpx.State
}

// twoWay is the instance of a vendor whose decisions come by webhooks, or by polling alone.
func twoWay(kind string, t tracker, polls bool) *Instance {
	i := &Instance{
		Type: kind, Ticketer: t, Decisions: t, Webhooks: t, Workers: t.Workers(), ResyncEvery: t.ResyncEvery(),
		BusyUntil: func() (time.Time, string) { state := t.Account(); return state.Until, state.LastError },
	}
	if polls {
		i.Webhooks, i.ResyncEvery = nil, t.PollEvery()
	}
	return i
}

// targets are the settings that routes give, in the vendor's own type.
func targets[T any](o Options) []*T {
	list := make([]*T, 0, len(o.Targets))
	for _, t := range o.Targets {
		if t, ok := t.(*T); ok && t != nil {
			list = append(list, t)
		}
	}
	return list
}

func foreign(name string, settings config.Settings) error {
	return fmt.Errorf("integration %q: settings of type %T belong to another vendor", name, settings)
}
