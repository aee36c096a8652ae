package reconcile

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
)

// monitor is Teleport's rules: every request goes to the named integrations, for one recipient. None are known as long as it is nil.
type monitor struct {
	mu    sync.Mutex
	known bool
	to    []string
	who   string
}

func (m *monitor) Select(predicate.Facts) (selections []recipients.Selection, _ []*recipients.Fault, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range m.to {
		selections = append(selections, recipients.Selection{Integration: name, Recipients: []string{m.who}})
	}
	return selections, nil, m.known
}

func (m *monitor) Uses(string) bool { return false }

// say changes the rules and lets the instances hear of it.
func (m *monitor) say(who string, to []string, heard ...*instance) {
	m.mu.Lock()
	m.known, m.to, m.who = true, to, who
	m.mu.Unlock()
	for _, i := range heard {
		i.engine.Reroute()
	}
}

// monitored is a world with two trackers, where rules go before a route to both.
func monitored(t *testing.T) (w *world, jira, pager *vendor, rules *monitor, heeding setting) {
	jira, pager = newVendor("jira"), newVendor("pager")
	w, rules = newWorld(t, jira, pager), &monitor{}
	heeding = func(_ *instance, o *Options) {
		p, ok := o.Policy.(*policy.Policy)
		require.True(t, ok)
		o.Policy = p.Heeding(rules).From(policy.Sources{Order: []policy.Source{policy.SourceRules, policy.SourceRoutes}})
	}
	return w, jira, pager, rules, heeding
}

func none(t *testing.T, w *world, v *vendor, id string) {
	t.Helper()
	require.Empty(t, v.living(id))
	require.Equal(t, bridge.Link{}, w.link(id, v.name))
}

func TestW24_NothingIsOpenedUntilTheRulesAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, rules, heeding := monitored(t)
		i := w.start("a", heeding)
		w.ask("r1")
		pass(10 * time.Minute)
		none(t, w, jira, "r1")
		none(t, w, pager, "r1")
		rules.say("Production", []string{"pager"}, i)
		synctest.Wait()
		requireOpen(t, w, pager, "r1")
		require.Equal(t, []string{"Production"}, pager.drafts["r1"].Recipients)
		none(t, w, jira, "r1")
		w.ask("r2")
		rules.say("", nil, i)
		pass(time.Second)
		requireOpen(t, w, jira, "r2")
	})
}

func TestW24_ALaterRuleNeitherDoublesNorOrphansAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, rules, heeding := monitored(t)
		rules.say("", []string{"jira"})
		i := w.start("a", heeding)
		w.ask("r1")
		pass(time.Second)
		rules.say("", []string{"pager"}, i)
		w.ask("r2")
		pass(time.Second)
		// Another instance that knows nothing of all that.
		b := w.start("b", heeding)
		b.engine.Reroute()
		pass(10 * time.Minute)
		requireOpen(t, w, jira, "r1")
		none(t, w, pager, "r1")
		requireOpen(t, w, pager, "r2")
		none(t, w, jira, "r2")
		// What people say at the object counts as before, and it is closed in the end.
		jira.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
		none(t, w, pager, "r1")
	})
}

// The object was opened by another instance, and this one has not heard of its link.
func TestW24_LinksOfOtherInstancesAreReadBeforeGoingElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, rules, heeding := monitored(t)
		rules.say("", []string{"jira"})
		b := w.start("b", heeding)
		b.setDeaf(true)
		w.start("a", heeding)
		w.ask("r1")
		pass(time.Second)
		rules.say("", []string{"pager"})
		b.setDeaf(false)
		w.announce("r1")
		pass(time.Minute)
		requireOpen(t, w, jira, "r1")
		none(t, w, pager, "r1")
	})
}

func TestW24_AMendedRuleIsTriedAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		to   []string
		want func(t *testing.T, w *world, jira, pager *vendor)
	}{
		"at the same integration": {[]string{"pager"}, func(t *testing.T, w *world, jira, pager *vendor) {
			requireOpen(t, w, pager, "r1")
			none(t, w, jira, "r1")
		}},
		"at another": {[]string{"jira"}, func(t *testing.T, w *world, jira, pager *vendor) {
			requireOpen(t, w, jira, "r1")
			none(t, w, pager, "r1")
		}},
		"nowhere": {[]string{"elsewhere"}, func(t *testing.T, w *world, jira, pager *vendor) {
			none(t, w, jira, "r1")
			none(t, w, pager, "r1")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager, rules, heeding := monitored(t)
				rules.say("Prodction", []string{"pager"})
				pager.fault = func(context.Context, string, string) fault {
					if rules.who == "Prodction" {
						return fault{before: bridge.Terminal(errors.New("no such service"))}
					}
					return fault{}
				}
				i := w.start("a", heeding)
				w.ask("r1")
				pass(20 * time.Minute)
				require.Equal(t, bridge.PhaseFailed, w.link("r1", "pager").Phase)
				require.Len(t, i.engine.Failures(), 1)
				rules.say("Production", c.to, i)
				pass(time.Second)
				c.want(t, w, jira, pager)
				require.Empty(t, i.engine.Failures())
			})
		})
	}
}

// The rule is changed while nobody knows whether the object was created.
func TestW24_AnObjectThatMayExistIsLookedForBeforeGoingElsewhere(t *testing.T) {
	for name, lost := range map[string]fault{
		"it was created": {after: errLost},
		"it was not":     {before: errLost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager, rules, heeding := monitored(t)
				rules.say("", []string{"pager"})
				first := true
				pager.fault = func(_ context.Context, op, _ string) fault {
					if op != "open" || !first {
						return fault{}
					}
					first = false
					return lost
				}
				i := w.start("a", heeding)
				w.ask("r1")
				synctest.Wait()
				require.Equal(t, bridge.PhaseClaimed, w.link("r1", "pager").Phase)
				rules.say("", []string{"jira"}, i)
				pass(10 * time.Minute)
				require.Equal(t, 1, pager.count("open"))
				if lost.after != nil {
					requireOpen(t, w, pager, "r1")
					none(t, w, jira, "r1")
					return
				}
				none(t, w, pager, "r1")
				requireOpen(t, w, jira, "r1")
			})
		})
	}
}

// Somebody deletes the object of a request that would go elsewhere by now.
func TestW24_ADeletedObjectIsReplacedWhereTheRulesSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, rules, heeding := monitored(t)
		rules.say("", []string{"jira"})
		i := w.start("a", heeding)
		w.ask("r1")
		pass(time.Second)
		rules.say("", []string{"pager"}, i)
		jira.delete("r1")
		i.hint("r1")
		pass(time.Minute)
		none(t, w, jira, "r1")
		requireOpen(t, w, pager, "r1")
	})
}

// The request has ended and its object is closed, but this instance has only heard of the other rule so far.
func TestW24_AClosedObjectElsewhereKeepsTheRequestFromGoingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager, rules, heeding := monitored(t)
		rules.say("", []string{"pager"})
		w.ask("r1")
		w.plant("r1", "jira", bridge.Link{Phase: bridge.PhaseClosed, Outcome: bridge.EndApproved})
		w.start("a", heeding)
		pass(time.Minute)
		none(t, w, pager, "r1")
	})
}
