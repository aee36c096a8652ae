package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/accessbridge/accessbridge/policy"
)

// club is a vendor with groups.
type club struct {
	bridge.Ticketer
	name  string
	mu    sync.Mutex
	list  []bridge.Actor
	err   error
	calls atomic.Int64
	hangs bool
	// panics is true for one that answers what nobody expected.
	panics bool
}

func (c *club) Name() string { return c.name }

func (c *club) Members(ctx context.Context, _ string) ([]bridge.Actor, error) {
	c.calls.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panics {
		panic("unexpected")
	}
	if c.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return c.list, c.err
}

func (c *club) set(err error, list ...bridge.Actor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list, c.err = list, err
}

var (
	leads    = policy.Group{Integration: "jira", Group: "leads"}
	anna     = bridge.Actor{ID: "acc-anna", Email: "Anna@Example.com"}
	nameless = bridge.Actor{Email: "carl@example.com"}
)

func withGroups(names ...policy.Group) []policy.Route {
	return []policy.Route{{Approvers: policy.Approvers{Groups: names}}, {Approvers: policy.Approvers{Groups: names}}}
}

// running starts the reading, which ends with the test.
func following(t *testing.T, g *groups) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var part sync.WaitGroup
	part.Go(func() { _ = g.Run(ctx) })
	t.Cleanup(func() { stop(); part.Wait() })
}

func holds(t *testing.T, g *groups, a bridge.Actor) bool {
	t.Helper()
	in, known := g.Holds("jira", "leads", a)
	require.True(t, known)
	return in
}

func TestMembersOfAGroupAreToldApartByAccountThenAddress(t *testing.T) {
	c := &club{name: "jira"}
	bot := bridge.Actor{ID: "acc-bot", Email: "bot@example.com", Automated: true}
	c.set(nil, anna, nameless, bot)
	g := newGroups(map[string]bridge.GroupSource{"jira": c}, withGroups(leads), func() {}, slog.New(slog.DiscardHandler))
	_, known := g.Holds("jira", "leads", anna)
	require.False(t, known, "nothing was read yet")
	g.once(t.Context())
	for name, want := range map[bridge.Actor]bool{
		{ID: "acc-anna"}:                             true,
		{Email: " ANNA@example.com "}:                true,
		{ID: "acc-carl", Email: "carl@EXAMPLE.com"}:  true,
		{ID: "acc-eve", Email: "anna@example.com"}:   false,
		{ID: "acc-eve"}:                              false,
		{Email: "eve@example.com"}:                   false,
		{Name: "Anna"}:                               false,
		{}:                                           false,
		{ID: "acc-bot", Email: "bot@example.com"}:    false,
		{Email: "bot@example.com"}:                   false,
		{ID: "Acc-Anna", Email: "other@example.com"}: false,
	} {
		require.Equal(t, want, holds(t, g, name), "%+v", name)
	}
	for _, other := range []policy.Group{{Integration: "jira", Group: "Leads"}, {Integration: "pager", Group: "leads"}} {
		_, known = g.Holds(other.Integration, other.Group, anna)
		require.False(t, known, "%+v is named by no route", other)
	}
}

func TestGroupIsReadAgainEveryTenMinutesAndNeverTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &club{name: "jira"}
		c.set(nil, anna)
		var told atomic.Int64
		g := newGroups(map[string]bridge.GroupSource{"jira": c}, withGroups(leads), func() { told.Add(1) }, slog.New(slog.DiscardHandler))
		require.Len(t, g.kept, 1, "two routes name one group")
		following(t, g)
		synctest.Wait()
		require.True(t, holds(t, g, anna))
		require.EqualValues(t, 1, told.Load())
		for range 1000 {
			holds(t, g, anna)
		}
		c.set(nil, nameless)
		<-time.After(groupsEvery - time.Second)
		require.True(t, holds(t, g, anna))
		require.EqualValues(t, 1, c.calls.Load())
		<-time.After(2 * time.Second)
		require.False(t, holds(t, g, anna), "she has left")
		require.EqualValues(t, 2, told.Load())
	})
}

// A vendor that fails does not make everybody a stranger at once, nor does it keep people who may have left for ever.
func TestGroupThatCannotBeReadBecomesUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &club{name: "jira"}
		c.set(nil, anna)
		g := newGroups(map[string]bridge.GroupSource{"jira": c}, withGroups(leads), func() {}, slog.New(slog.DiscardHandler))
		following(t, g)
		synctest.Wait()
		c.set(errors.New("502"))
		<-time.After(groupsLife - time.Second)
		require.True(t, holds(t, g, anna))
		<-time.After(2 * time.Second)
		_, known := g.Holds("jira", "leads", anna)
		require.False(t, known)
		require.Less(t, c.calls.Load(), int64(25), "with growing pauses")
		c.set(nil, anna)
		<-time.After(groupsRetryMost + time.Second)
		require.True(t, holds(t, g, anna))
	})
}

func TestP6_GroupThatHangsDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &club{name: "pager", hangs: true}, &club{name: "jira"}
		quick.set(nil, anna)
		g := newGroups(map[string]bridge.GroupSource{"jira": quick, "pager": slow},
			withGroups(leads, policy.Group{Integration: "pager", Group: "core"}), func() {}, slog.New(slog.DiscardHandler))
		following(t, g)
		start := time.Now()
		g.wait(t.Context())
		require.Equal(t, groupsFirst, time.Since(start), "the start does not wait for ever")
		require.True(t, holds(t, g, anna))
		_, known := g.Holds("pager", "core", anna)
		require.False(t, known)
	})
}

func TestP6_GroupWhoseReadingPanicsIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, whole := &club{name: "pager", panics: true}, &club{name: "jira"}
		broken.set(nil, anna)
		whole.set(nil, anna)
		core := policy.Group{Integration: "pager", Group: "core"}
		log, out := logtest.New()
		g := newGroups(map[string]bridge.GroupSource{"jira": whole, "pager": broken}, withGroups(leads, core), func() {}, log)
		following(t, g)
		g.wait(t.Context())
		require.True(t, holds(t, g, anna), "the other one is read")
		_, known := g.Holds("pager", "core", anna)
		require.False(t, known)
		require.Equal(t, 1, out.Count("call panicked: unexpected"))
		require.Contains(t, out.String(), "groups_test.go", "the log says where it happened")
		broken.mu.Lock()
		broken.panics = false
		broken.mu.Unlock()
		<-time.After(groupsRetryMost)
		in, known := g.Holds("pager", "core", anna)
		require.True(t, in && known)
	})
}

func TestGroupThatIsTooLargeOrOfNoSuchIntegrationIsUnknown(t *testing.T) {
	c := &club{name: "jira"}
	c.set(nil, make([]bridge.Actor, mostMembers+1)...)
	var log logtest.Log
	g := newGroups(map[string]bridge.GroupSource{"jira": c}, withGroups(leads, policy.Group{Integration: "mail", Group: "all"}), func() {},
		log.Logger())
	g.once(t.Context())
	g.once(t.Context())
	for _, name := range []policy.Group{leads, {Integration: "mail", Group: "all"}} {
		_, known := g.Holds(name.Integration, name.Group, anna)
		require.False(t, known)
	}
	require.Equal(t, 1, log.Count("more than the 20000"), "the same fault is told once")
	require.ErrorContains(t, g.unserved(), `the group "all" of integration "mail"`)
	require.NotContains(t, g.unserved().Error(), "jira")
}

func TestIntegrationsWithGroupsAreFound(t *testing.T) {
	c := &club{name: "jira"}
	require.Equal(t, map[string]bridge.GroupSource{"jira": c}, groupSources([]*integrations.Instance{{Ticketer: c, Groups: c}, {Ticketer: c}}))
}

func TestGroupsOfTheRoutesAreChecked(t *testing.T) {
	c := &club{name: "jira"}
	cfg := &config.Config{Routes: []config.Route{{}, {Approvers: config.Approvers{Groups: []config.Group{
		{Integration: "pager", Group: "core"}, {Integration: "jira", Group: "leads"},
	}}}}}
	check := func() bridge.Finding {
		found := checkGroups(t.Context(), cfg, "jira", c)
		require.Len(t, found, 1, "only its own")
		require.Contains(t, found[0].What, "routes[1].approvers.groups[1]")
		return found[0]
	}
	require.False(t, check().OK, "a group without members approves nothing")
	c.set(nil, anna, nameless)
	require.True(t, check().OK)
	require.Contains(t, check().What, "2 members")
	c.set(errors.New("there is no group leads"))
	require.Contains(t, check().What, "there is no group leads")
	require.NotEmpty(t, check().Mend)
}
