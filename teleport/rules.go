package teleport

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/client"
	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	"github.com/gravitational/trace"
	"google.golang.org/protobuf/proto"
)

const (
	// rulesRetry is the pause after a list of the rules that failed for a passing reason.
	rulesRetry = 5 * time.Second
	// unwatchedEvery is the longest pause between two lists of rules while Teleport tells nothing about them by itself.
	unwatchedEvery = time.Minute
)

// MonitoringRule is one of Teleport's Access Monitoring Rules for Access Requests that names an integration to be told.
type MonitoringRule struct {
	// Name is the rule's name in Teleport, Revision tells its versions apart.
	Name, Revision string
	// Integration is the name of the integration that tells; Recipients are whom it tells, in the integration's own words.
	Integration string
	Recipients  []string
	// Condition says which requests the rule is for, in Teleport's predicate language.
	Condition string
	// Active reports whether the rule's schedules hold the moment a request was made; nil for a rule without schedules.
	Active func(created time.Time) bool
	// Fault is why the rule cannot be used whatever its condition says; nil for most.
	Fault error
}

// RulesOptions tune the cache of rules.
type RulesOptions struct {
	// OnChange is called after the rules have changed, have become readable or unreadable, or RulesState.Settled has changed. It must not
	// block.
	OnChange func()
	// Log receives what an operator should know; nothing is logged when nil.
	Log *slog.Logger
}

// Rules is the cache of the Access Monitoring Rules that route notifications. It is fed by the watch of a Requests it is given to, and
// by complete lists: one after each opening of the watch and one at each resync. It needs list and read on
// `access_monitoring_rule`; without them, or on a server that has no such rules, it stays empty and says so once.
type Rules struct {
	client   *Client
	onChange func()
	log      *slog.Logger
	// retryEvery is the pause after a list that failed, unwatchedEvery the longest one while nothing is watched.
	retryEvery, unwatchedEvery time.Duration
	// ready is closed once it is known which rules there are, or that they cannot be read.
	ready     chan struct{}
	readyOnce sync.Once

	mu    sync.Mutex
	known map[string]*ruleEntry
	state RulesState
}

// ruleEntry is what is known of one rule.
type ruleEntry struct {
	// raw is the rule as Teleport sent it; nil for one that was deleted a moment ago.
	raw *rulespb.AccessMonitoringRule
	// at is when an event of the open watch told of it; zero for what a list told, and for events of earlier watches.
	at time.Time
	// rule is nil for rules that do not concern us.
	rule *MonitoringRule
}

// RulesState says how reading the rules is doing.
type RulesState struct {
	// Available is true once the rules have been read and until reading them is denied.
	Available bool
	// Settled is true once it is known which rules there are, or that they cannot be read, and until another watch is opened: what happened
	// between two watches is known only after a list.
	Settled bool
	// Watched is true while Teleport tells of changes by itself; otherwise they are seen at the next list.
	Watched bool
	// LastError is why the last list failed; empty when it did not.
	LastError string
	// Lists counts the complete lists since the start, LastList is when the last one was taken over.
	Lists    int
	LastList time.Time
}

// NewRules returns an empty cache. RequestsOptions.Rules makes a watch fill it.
func NewRules(c *Client, o RulesOptions) *Rules {
	if o.OnChange == nil {
		o.OnChange = func() {}
	}
	return &Rules{
		client: c, onChange: o.OnChange, log: logger(o.Log), retryEvery: rulesRetry, unwatchedEvery: unwatchedEvery,
		ready: make(chan struct{}), known: map[string]*ruleEntry{},
	}
}

// Ready is closed once the rules have been read, or can certainly not be read.
func (r *Rules) Ready() <-chan struct{} { return r.ready }

// State says how reading the rules is doing.
func (r *Rules) State() RulesState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// All returns the rules in the order of their names. While the connection is down these are the last known ones. There are none
// before the first complete list, and none while they may not be read.
func (r *Rules) All() []MonitoringRule {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.state.Available {
		return nil
	}
	var out []MonitoringRule
	for _, e := range r.known {
		if e.rule != nil {
			rule := *e.rule
			rule.Recipients = slices.Clone(rule.Recipients)
			out = append(out, rule)
		}
	}
	slices.SortFunc(out, func(a, b MonitoringRule) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// follow lists the rules until the context ends: at once, because a watch has just been opened and tells nothing of what happened
// before, and then from time to time.
func (r *Rules) follow(ctx context.Context, watched bool, resync time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(r.refresh(ctx, watched, resync))
	}
}

// refresh reads and takes over a complete list. It returns the pause until the next one.
func (r *Rules) refresh(ctx context.Context, watched bool, resync time.Duration) time.Duration {
	err := r.Load(ctx)
	switch {
	case ctx.Err() != nil:
		return resync
	case err != nil && !terminal(err):
		return r.retryEvery
	case err != nil || !watched:
		return min(resync, r.unwatchedEvery)
	}
	return resync
}

// Load reads and takes over a complete list once, for a command that needs no watch. State tells what came of it.
func (r *Rules) Load(ctx context.Context) error {
	begun := time.Now()
	all, err := r.list(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !terminal(err):
		r.failed(err)
	case err != nil:
		r.denied(err)
	default:
		r.take(all, begun)
	}
	return err
}

func (r *Rules) list(ctx context.Context) ([]*rulespb.AccessMonitoringRule, error) {
	var all []*rulespb.AccessMonitoringRule
	token := ""
	for {
		var page []*rulespb.AccessMonitoringRule
		err := r.client.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
			page, token, err = api.AccessMonitoringRulesClient().ListAccessMonitoringRules(ctx, listPage, token)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list the access monitoring rules: %w", err)
		}
		all = append(all, page...)
		if token == "" {
			return all, nil
		}
	}
}

// opened notes that a watch has begun. What earlier watches told is no longer newer than a list.
func (r *Rules) opened(watched bool) {
	r.mu.Lock()
	changed := r.state.Settled
	r.state.Watched, r.state.Settled = watched, false
	for name, e := range r.known {
		e.at = time.Time{}
		if e.raw == nil {
			delete(r.known, name)
		}
	}
	r.mu.Unlock()
	if changed {
		r.onChange()
	}
}

// put takes over what an event says about a rule.
func (r *Rules) put(raw *rulespb.AccessMonitoringRule) {
	r.mu.Lock()
	changed := r.store(raw, time.Now())
	r.mu.Unlock()
	if changed {
		r.onChange()
	}
}

// store must be called with the lock held. It reports whether the rules that concern us are different now.
func (r *Rules) store(raw *rulespb.AccessMonitoringRule, at time.Time) bool {
	name := raw.GetMetadata().GetName()
	old := r.known[name]
	if old != nil && old.raw != nil && proto.Equal(old.raw, raw) {
		old.at = at
		return false
	}
	e := &ruleEntry{raw: raw, at: at, rule: monitoringRule(raw)}
	r.known[name] = e
	return e.rule != nil || (old != nil && old.rule != nil)
}

// remove takes over that an event tells of a rule's deletion.
func (r *Rules) remove(name string) {
	r.mu.Lock()
	old := r.known[name]
	// The mark keeps a list that lags behind its own events from bringing the rule back.
	r.known[name] = &ruleEntry{at: time.Now()}
	r.mu.Unlock()
	if old != nil && old.rule != nil {
		r.onChange()
	}
}

// take takes over a complete list that was begun at the given time. Teleport answers lists from a cache, so what an event of this
// watch told shortly before or since is believed more; the next list settles it.
func (r *Rules) take(all []*rulespb.AccessMonitoringRule, begun time.Time) {
	r.mu.Lock()
	first := !r.state.Available
	changed := first || !r.state.Settled
	settled := begun.Add(-recent)
	listed := map[string]struct{}{}
	for _, raw := range all {
		name := raw.GetMetadata().GetName()
		listed[name] = struct{}{}
		if e := r.known[name]; e == nil || e.at.Before(settled) {
			changed = r.store(raw, time.Time{}) || changed
		}
	}
	for name, e := range r.known {
		if _, ok := listed[name]; !ok && e.at.Before(settled) {
			delete(r.known, name)
			changed = changed || e.rule != nil
		}
	}
	r.state.Available, r.state.Settled, r.state.LastError, r.state.LastList = true, true, "", time.Now()
	r.state.Lists++
	r.mu.Unlock()
	if first {
		r.log.Info("Access monitoring rules read", "rules", len(all))
	}
	r.settled(changed)
}

// failed notes a list that failed for a passing reason. The rules read before stay in use.
func (r *Rules) failed(err error) {
	r.mu.Lock()
	said := r.state.LastError != ""
	r.state.LastError = err.Error()
	r.mu.Unlock()
	if !said {
		r.log.Warn("Access monitoring rules could not be read, the last known ones stay in use", "error", err)
	}
}

// denied notes that the rules cannot be read. Rules that may no longer be read no longer route anything.
func (r *Rules) denied(err error) {
	r.mu.Lock()
	said := r.state.LastError == err.Error()
	changed := false
	for _, e := range r.known {
		changed = changed || e.rule != nil
	}
	changed = changed || r.state.Available || !r.state.Settled
	clear(r.known)
	r.state.Available, r.state.Settled, r.state.LastError = false, true, err.Error()
	r.mu.Unlock()
	switch {
	case said:
	case trace.IsNotImplemented(err):
		r.log.Info("This Teleport has no access monitoring rules", "error", err)
	default:
		r.log.Info("Access monitoring rules cannot be read, they do not route requests", "error", err,
			"mend", "allow list and read on access_monitoring_rule in our role")
	}
	r.settled(changed)
}

// settled tells that it is known which rules there are.
func (r *Rules) settled(changed bool) {
	if changed {
		r.onChange()
	}
	r.readyOnce.Do(func() { close(r.ready) })
}
