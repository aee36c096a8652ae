package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// rich is a request of which everything is known.
func rich(change ...func(*bridge.Request)) bridge.Request {
	return request(append([]func(*bridge.Request){func(r *bridge.Request) {
		r.Created = time.Date(2026, time.March, 2, 7, 30, 0, 0, time.UTC) // a Monday
		r.PendingUntil, r.AccessUntil = r.Created.Add(time.Hour), r.Created.Add(8*time.Hour)
		r.Thresholds = []bridge.Threshold{{Name: "ops", Approve: 2, Deny: 1}}
		r.SuggestedReviewers = []string{"bob"}
		r.Resources = []bridge.Resource{
			{Cluster: "main", Kind: "node", Name: "uuid-1", Title: "web-1", Labels: map[string]string{"env": "prod"}},
			{Cluster: "main", Kind: "db", Name: "orders", Labels: map[string]string{}},
		}
	}}, change...)...)
}

func TestExpressionsSeeTypedVariables(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, expression := range []string{
		`"core" in request.traits["team"] && "alice-role" in request.user_roles`,
		`request.resources.exists(r, r.kind == "node" && "env" in r.labels && r.labels["env"] == "prod")`,
		`request.resources[0].title == "web-1" && request.resources[1].title == "orders"`,
		`request.duration == duration("8h") && request.duration > duration("30m")`,
		`request.access_until - request.access_from == duration("8h")`,
		`request.expires - request.created == duration("1h") && request.created == timestamp("2026-03-02T07:30:00Z")`,
		`request.thresholds.exists(t, t.approve > 1 && t.deny == 1 && t.name == "ops")`,
		`cluster == "main" && cluster == request.cluster`,
		`time.weekday == "monday" && time.hour == 8 && time.minute == 30 && time.timezone == "Europe/Berlin"`,
		`time.now == request.created && time.now.getHours() == 7`,
		`glob(request.resources[0].title, "web-?") && globAny(request.roles, "prod-*") && !globAny(request.roles, "prod")`,
		`request.user.matches("^al.+e$") && request.roles.distinct().size() == 1`,
		`math.greatest(request.roles.size(), 3) == 3 && sets.contains(request.roles, ["prod-db"])`,
		`request.resources.filter(r, r.kind == "node").size() == 1`,
	} {
		t.Run(expression, func(t *testing.T) {
			p := compile(t, nil, route(when(expression))).In(berlin)
			matched, err := p.Match(rich())
			require.NoError(t, err)
			require.NotNil(t, matched)
		})
	}
}

// A fact that is not known is an error wherever it is used, and no error where it is not.
func TestUnknownFactsAreErrorsNeverEmpty(t *testing.T) {
	blind := policy.NewPeople(nil, nil, false)
	stranger := func(r *bridge.Request) { r.User = "stranger" }
	unread := func(r *bridge.Request) { r.Resources[1].Labels = nil }
	endless := func(r *bridge.Request) { r.AccessUntil, r.PendingUntil = time.Time{}, time.Time{} }
	timeless := func(r *bridge.Request) { r.Created, r.AccessUntil = time.Time{}, time.Time{} }
	for expression, c := range map[string]struct {
		people *policy.People
		change func(*bridge.Request)
		fails  bool
	}{
		`"team" in request.traits`:                                                 {blind, nil, true},
		`!("team" in request.traits)`:                                              {nil, stranger, true},
		`has(request.traits) || true`:                                              {blind, nil, true},
		`[request].all(r, r.traits.size() >= 0)`:                                   {blind, nil, true},
		`dyn(request).traits.size() == 0`:                                          {blind, nil, true},
		`[request, 1].exists(r, r != 1 && r.traits.size() == 0)`:                   {blind, nil, true},
		`[request, 1] == [request, 1]`:                                             {blind, nil, true},
		`(true ? request : dyn(1)) == request`:                                     {blind, nil, true},
		`[1].map(x, request)[0].traits.size() == 0`:                                {blind, nil, true},
		`[1].map(x, request) == []`:                                                {blind, nil, true},
		`[1].map(x, request)[0].user == "alice"`:                                   {blind, nil, false},
		`request == request`:                                                       {blind, nil, true},
		`request in [request]`:                                                     {nil, unread, true},
		`request.user_roles.size() == 0`:                                           {blind, nil, true},
		`request.user_roles == []`:                                                 {nil, stranger, true},
		`request.resources.all(r, r.labels.size() == 0)`:                           {nil, unread, true},
		`request.resources[0].labels["env"] == "prod"`:                             {nil, unread, true},
		`request.resources.map(r, r).exists(x, x.labels.size() == 0)`:              {nil, unread, true},
		`(true ? request.resources : []).exists(x, has(x.labels))`:                 {nil, unread, true},
		`request.resources == request.resources`:                                   {nil, unread, true},
		`request.resources.distinct().size() == 2`:                                 {nil, unread, true},
		`[dyn(request.resources[0])].all(r, r.labels == {})`:                       {nil, unread, true},
		`{"a": request.resources[0]}["a"].kind == "node"`:                          {nil, unread, true},
		`request.duration < duration("1h")`:                                        {nil, endless, true},
		`request.access_until < request.created`:                                   {nil, endless, true},
		`request.expires < request.created`:                                        {nil, endless, true},
		`time.hour < 8`:                                                            {nil, timeless, true},
		`request.created < timestamp("2026-01-01T00:00:00Z")`:                      {nil, timeless, true},
		`request.user == "stranger" && request.roles.size() == 1`:                  {blind, stranger, false},
		`request.resources.exists(r, r.kind == "db") && true`:                      {blind, unread, false},
		`request.resources.filter(r, r.kind == "db").map(r, r.name) == ["orders"]`: {nil, unread, false},
		`request.resources[1].name == "orders" && size(request.resources) == 2`:    {nil, unread, false},
		`request.annotations.exists(k, k == "traits" || k == "team")`:              {blind, endless, false},
		`{"labels": 1}.labels == 1 && {"traits": true}.traits`:                     {blind, unread, false},
	} {
		t.Run(expression, func(t *testing.T) {
			req := rich()
			if c.change != nil {
				c.change(&req)
			}
			matched, err := compile(t, c.people, route(when(expression))).Match(req)
			if !c.fails {
				require.NoError(t, err)
				require.NotNil(t, matched)
				return
			}
			require.ErrorIs(t, err, bridge.ErrUnknown)
			require.ErrorContains(t, err, "is not known")
			require.Nil(t, matched)
		})
	}
}

func TestARequestKeepsItsRouteForLife(t *testing.T) {
	p := compile(t, nil, route(named("office", to("jira", nil)), when(`time.hour < 8`)), route(named("night", to("pager", nil))))
	late := evidence(at("jira", 20*60))
	d := p.Judge(rich(), []bridge.Evidence{late}, nil)
	require.Equal(t, "office", d.Route, "time is when the request was made, not when somebody speaks")
}

func TestLabelsAreReadOnlyWhereTheyAreUsed(t *testing.T) {
	for expression, want := range map[string]bool{
		`request.resources.exists(r, r.labels["env"] == "prod")`: true,
		`request.resources.exists(r, r.kind == "node")`:          false,
		`request.annotations["labels"].size() > 0`:               false,
		``: false,
	} {
		require.Equal(t, want, compile(t, nil, route(), route(when(expression))).NeedsLabels(), expression)
	}
	require.True(t, compile(t, nil, route(denyWhen(`request.resources.exists(r, r.labels.size() == 0)`))).NeedsLabels())
}

func TestConstantPatternsAreCheckedAtLoad(t *testing.T) {
	for expression, want := range map[string]string{
		"request.user == \"a\" ||\n request.user.matches(\"(\")": "2:23: ",
		`glob(request.user, "")`:                                 "1:20: the pattern is empty",
		`globAny(request.roles, "")`:                             "1:24: the pattern is empty",
		`request.duration > duration("twelve")`:                  "1:29: ",
		`glob(request.roles, "*")`:                               "1:5: ",
	} {
		_, err := policy.New([]policy.Route{route(when(expression))})
		require.ErrorContains(t, err, "routes[0].when: "+want, expression)
	}
}

// A pattern that takes long to try on a long text is interrupted, and decides nothing.
func TestCostOfPatternsIsLimited(t *testing.T) {
	p := compile(t, nil, route(when(`glob(request.reason, request.reason)`)))
	long := request(func(r *bridge.Request) {
		for range 4096 {
			r.Reason += "*"
		}
	})
	_, err := p.Match(long)
	require.ErrorContains(t, err, "cost limit")
}
