package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/policy"
)

const (
	// groupsEvery is how often the members of a group are read again.
	groupsEvery = 10 * time.Minute
	// groupsLife is how long a reading is good for when no newer one succeeds, so that people who left a group do not count for ever.
	groupsLife = 30 * time.Minute
	// groupsRetry and groupsRetryMost bound the pause after a reading that failed.
	groupsRetry, groupsRetryMost = 5 * time.Second, 2 * time.Minute
	// groupsCall bounds one reading, groupsFirst how long the start waits for the first ones.
	groupsCall, groupsFirst = time.Minute, 10 * time.Second
	// mostMembers bounds what is kept of one group.
	mostMembers = 20_000
)

var errNoGroups = errors.New("this integration cannot tell who is in a group")

// groups keeps the members of the groups that the routes name, and of no others. Each is read by one goroutine, so that a slow vendor delays
// no other and is never asked twice at once.
type groups struct {
	sources map[string]bridge.GroupSource
	// changed is called after each reading that succeeded.
	changed func()
	log     *slog.Logger
	kept    map[policy.Group]*members
}

// members are those of one group.
type members struct {
	// tried is closed after the first reading, whatever came of it.
	tried chan struct{}
	once  sync.Once

	mu     sync.RWMutex
	readAt time.Time
	ids    map[string]bool
	// emails are those of members without an id by their folded address, anyone those of all members.
	emails, anyone map[string]bool
	fault          string
}

// newGroups returns the groups that routes name, none of them read. Run reads them.
func newGroups(sources map[string]bridge.GroupSource, routes []policy.Route, changed func(), log *slog.Logger) *groups {
	g := &groups{sources: sources, changed: changed, log: log, kept: map[policy.Group]*members{}}
	for _, r := range routes {
		for _, name := range r.Approvers.Groups {
			if g.kept[name] == nil {
				g.kept[name] = &members{tried: make(chan struct{})}
			}
		}
	}
	return g
}

// groupSources are the integrations that can tell who is in a group.
func groupSources(instances []*integrations.Instance) map[string]bridge.GroupSource {
	sources := map[string]bridge.GroupSource{}
	for _, i := range instances {
		if i.Groups != nil {
			sources[i.Ticketer.Name()] = i.Groups
		}
	}
	return sources
}

// Holds reports whether the actor is in the group, as policy.Groups asks. An account is compared by its id, and by its address only where one
// of the two sides has no id.
func (g *groups) Holds(integration, group string, actor bridge.Actor) (in, known bool) {
	m := g.kept[policy.Group{Integration: integration, Group: group}]
	if m == nil {
		return false, false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.readAt.IsZero() || time.Since(m.readAt) > groupsLife {
		return false, false
	}
	email := addressKey(actor.Email)
	if actor.ID != "" {
		return m.ids[actor.ID] || m.emails[email], true
	}
	return m.anyone[email], true
}

// addressKey brings addresses that differ in case alone to one form.
func addressKey(address string) string {
	return strings.ToLower(strings.ToUpper(strings.TrimSpace(address)))
}

// Run reads every group at once and then again and again, until the context ends.
func (g *groups) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for name, m := range g.kept {
		all.Go(func() { g.follow(ctx, name, m) })
	}
	all.Wait()
	return nil
}

func (g *groups) follow(ctx context.Context, name policy.Group, m *members) {
	failures := 0
	for {
		err := g.read(ctx, name, m)
		pause := groupsEvery
		if err == nil {
			failures = 0
		} else {
			pause = retryPause(err, failures)
			failures++
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// retryPause grows with each failure. What only a person can mend rests until the next ordinary reading.
func retryPause(err error, failures int) time.Duration {
	class, after := bridge.ClassOf(err)
	if class == bridge.ClassTerminal {
		return groupsEvery
	}
	return max(after, min(groupsRetry<<min(failures, 10), groupsRetryMost))
}

// read asks once for the members of one group. After a failure the last reading stays in use for a while.
func (g *groups) read(ctx context.Context, name policy.Group, m *members) error {
	list, err := g.ask(ctx, name)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	defer m.once.Do(func() { close(m.tried) })
	m.mu.Lock()
	if err != nil {
		if said := m.fault == err.Error(); !said {
			g.log.Warn("members of a group not read", "integration", name.Integration, "group", name.Group, "error", err)
		}
		m.fault = err.Error()
		m.mu.Unlock()
		return err
	}
	m.take(list)
	m.mu.Unlock()
	g.log.Debug("members of a group read", "integration", name.Integration, "group", name.Group, "members", len(list))
	g.changed()
	return nil
}

func (g *groups) ask(ctx context.Context, name policy.Group) ([]bridge.Actor, error) {
	source := g.sources[name.Integration]
	if source == nil {
		return nil, bridge.Terminal(errNoGroups)
	}
	ctx, cancel := context.WithTimeout(ctx, groupsCall)
	defer cancel()
	var list []bridge.Actor
	err := bridge.Guard(g.log, "call panicked", func() (err error) {
		list, err = source.Members(ctx, name.Group)
		return err
	}, "integration", name.Integration)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the members of group %q: %w", name.Group, err)
	case len(list) > mostMembers:
		return nil, bridge.Terminal(fmt.Errorf("group %q has %d members, more than the %d that are kept", name.Group, len(list), mostMembers))
	}
	return list, nil
}

// take replaces what is known. Programs are nobody's approvers.
func (m *members) take(list []bridge.Actor) {
	m.readAt, m.fault = time.Now(), ""
	m.ids, m.emails, m.anyone = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, a := range list {
		if a.Automated {
			continue
		}
		email := addressKey(a.Email)
		if a.ID != "" {
			m.ids[a.ID] = true
		} else if email != "" {
			m.emails[email] = true
		}
		if email != "" {
			m.anyone[email] = true
		}
	}
}

// wait returns when every group has been read or failed once, or after a while: nobody is kept waiting by a vendor that does not answer.
func (g *groups) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, groupsFirst)
	defer cancel()
	for _, m := range g.kept {
		select {
		case <-m.tried:
		case <-ctx.Done():
			return
		}
	}
}

// once reads every group one time, for a command that ends soon.
func (g *groups) once(ctx context.Context) {
	var all sync.WaitGroup
	for name, m := range g.kept {
		all.Go(func() {
			_ = g.read(ctx, name, m) // It is logged.
		})
	}
	all.Wait()
}

// unserved lists the groups whose integration cannot tell who is in a group.
func (g *groups) unserved() error {
	var faults []error
	for name := range g.kept {
		if g.sources[name.Integration] == nil {
			faults = append(faults, fmt.Errorf("approvers name the group %q of integration %q: %w", name.Group, name.Integration, errNoGroups))
		}
	}
	return errors.Join(faults...)
}
