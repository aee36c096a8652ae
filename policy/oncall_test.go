package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// production is on call for a service of the pager.
var production = policy.OnCall{Integration: "pager", Query: bridge.OnCallQuery{Services: []string{"Production"}, Levels: 1}}

// approving lets a route approve by the rules, production unless others are given.
func approving(rules ...policy.OnCall) func(*policy.Route) {
	return func(r *policy.Route) {
		r.OnCall = rules
		if len(rules) == 0 {
			r.OnCall = []policy.OnCall{production}
		}
	}
}

// shift is alice's own, unless changed.
func shift(change ...func(*bridge.Shift)) bridge.Shift {
	s := bridge.Shift{
		Person: bridge.Actor{ID: "PALICE", Email: "alice@example.com", Name: "Alice"}, Via: "Primary", Level: 1, Until: made.Add(8 * time.Hour),
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func of(a bridge.Actor) func(*bridge.Shift) { return func(s *bridge.Shift) { s.Person = a } }

// duty is what the pager says.
func duty(shifts ...bridge.Shift) []bridge.Duty {
	return []bridge.Duty{{Integration: "pager", Shifts: shifts, ReadAt: made.Add(time.Second)}}
}

func TestRequesterOnCallIsApproved(t *testing.T) {
	p := compile(t, nil, route(approving()))
	d := p.Judge(request(), nil, duty(shift()))
	require.Equal(t, bridge.Decision{
		Verdict: bridge.Approve, Person: "alice", Reason: `alice is on call by "Primary", level 1, until 2026-03-01 20:00 UTC`,
		Route: "all", Rule: bridge.RuleOnCall, Mode: bridge.ModeReview,
		Evidence: bridge.Evidence{
			Target: "pager", Marker: requestID, Status: "on call", Verdict: bridge.Approve, Actor: shift().Person,
			At: made.Add(time.Second), ReadAt: made.Add(time.Second), Reason: `on call by "Primary", level 1, until 2026-03-01 20:00 UTC`,
		},
	}, d)
}

func TestReasonLeavesOutWhatTheVendorDoesNotTell(t *testing.T) {
	p := compile(t, nil, route(approving()))
	d := p.Judge(request(), nil, duty(shift(func(s *bridge.Shift) { s.Level, s.Until = 0, time.Time{} })))
	require.Equal(t, `alice is on call by "Primary"`, d.Reason)
	berlin := time.FixedZone("", 3600)
	d = p.Judge(request(), nil, duty(shift(func(s *bridge.Shift) { s.Level, s.Until = 3, made.In(berlin) })))
	require.Equal(t, `alice is on call by "Primary", level 3, until 2026-03-01 12:00 UTC`, d.Reason)
}

// The request is alice's. Here a match lets her in, so whoever is not certainly her is not on call.
func TestP3_OnlyTheRequestersOwnShiftCounts(t *testing.T) {
	shared := directory{"alice": {"team@example.com"}, "bob": {"team@example.com"}}
	table := []policy.Entry{
		{Integration: "pager", ID: "PTABLE", User: "alice"},
		{Integration: "jira", ID: "PJIRA", User: "alice"},
		{ID: "PBOB", User: "bob"},
		{Email: "Alice.Private@example.net", User: "Alice"},
		{ID: "PTWO", User: "alice"},
		{Email: "two@example.com", User: "bob"},
	}
	for name, c := range map[string]struct {
		directory   policy.Directory
		requireUser bool
		user        string
		person      bridge.Actor
		want        bool
	}{
		"e-mail trait":                         {staff, false, "alice", bridge.Actor{ID: "x", Email: "alice@example.com"}, true},
		"another e-mail trait":                 {staff, false, "alice", bridge.Actor{ID: "x", Email: "a.smith@example.com"}, true},
		"trait in another case":                {staff, true, "alice", bridge.Actor{ID: "x", Email: " A.Smith@EXAMPLE.com "}, true},
		"user name is the address":             {nil, false, "alice@example.com", bridge.Actor{ID: "x", Email: "alice@example.com"}, true},
		"user name is the address, other case": {nil, false, "Alice@Example.com", bridge.Actor{ID: "x", Email: "alice@example.COM"}, true},
		"table by id":                          {staff, true, "alice", bridge.Actor{ID: "PTABLE"}, true},
		"table by id, hidden address":          {nil, false, "alice", bridge.Actor{ID: "PTABLE", Name: "Bob"}, true},
		"table by address, other case":         {nil, false, "alice", bridge.Actor{ID: "x", Email: "alice.private@example.NET"}, true},
		"user in another case":                 {nil, false, "ALICE", bridge.Actor{ID: "PTABLE"}, true},

		"table of another integration":             {staff, false, "alice", bridge.Actor{ID: "PJIRA"}, false},
		"another person":                           {staff, false, "alice", bridge.Actor{ID: "x", Email: "bob@example.com"}, false},
		"another person of the table":              {staff, false, "alice", bridge.Actor{ID: "PBOB"}, false},
		"another person with her address":          {staff, false, "alice", bridge.Actor{ID: "PBOB", Email: "alice@example.com"}, false},
		"another person with her user name":        {nil, false, "alice@example.com", bridge.Actor{ID: "PBOB", Email: "alice@example.com"}, false},
		"unknown to Teleport":                      {staff, false, "alice", bridge.Actor{ID: "x", Email: "zoe@example.com"}, false},
		"no address and no entry":                  {staff, false, "alice", bridge.Actor{ID: "x", Name: "alice"}, false},
		"only a name":                              {staff, false, "alice", bridge.Actor{Name: "alice@example.com"}, false},
		"nobody":                                   {staff, false, "alice", bridge.Actor{}, false},
		"automation":                               {staff, false, "alice", bridge.Actor{ID: "PTABLE", Email: "alice@example.com", Automated: true}, false},
		"ambiguous address":                        {shared, false, "alice", bridge.Actor{ID: "x", Email: "team@example.com"}, false},
		"ambiguous table":                          {staff, false, "alice", bridge.Actor{ID: "PTWO", Email: "two@example.com"}, false},
		"users required, none found":               {directory{}, true, "alice@example.com", bridge.Actor{ID: "x", Email: "alice@example.com"}, false},
		"an address that begins alike":             {nil, false, "alice@example.com", bridge.Actor{ID: "x", Email: "alice@example.com.evil.test"}, false},
		"the local part alone":                     {nil, false, "alice", bridge.Actor{ID: "x", Email: "alice@example.com"}, false},
		"requester without a name, person without": {nil, false, "", bridge.Actor{ID: "x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(c.directory, table, c.requireUser), route(approving()))
			d := p.Judge(request(func(r *bridge.Request) { r.User = c.user }), nil, duty(shift(of(c.person))))
			require.Equal(t, c.want, d.Verdict == bridge.Approve)
			require.NotEqual(t, bridge.Deny, d.Verdict)
			if c.want {
				require.Equal(t, c.user, d.Person)
			}
		})
	}
}

func TestOnCallApprovesOnlyWhereTheRouteSaysSo(t *testing.T) {
	override := func(roles ...string) policy.Route {
		return route(approving(), func(r *policy.Route) { r.Mode, r.OverrideRoles = bridge.ModeOverride, roles })
	}
	broken := route(approving(), when(`request.annotations["absent"][0] == "x"`))
	for name, c := range map[string]struct {
		routes []policy.Route
		want   bridge.Verdict
	}{
		"rule":                           {[]policy.Route{route(approving())}, bridge.Approve},
		"rule of a later route":          {[]policy.Route{route(), route(approving())}, bridge.Undecided},
		"no rule":                        {[]policy.Route{route()}, bridge.Undecided},
		"rule about another integration": {[]policy.Route{route(approving(policy.OnCall{Integration: "other", Query: production.Query}))}, bridge.Undecided},
		"notify only":                    {[]policy.Route{route(approving(), func(r *policy.Route) { r.NotifyOnly = true })}, bridge.Undecided},
		"no route":                       {[]policy.Route{route(approving(), when(`request.user == "nobody"`))}, bridge.Undecided},
		"unevaluable condition before":   {[]policy.Route{broken, route(approving())}, bridge.Undecided},
		"override of its roles":          {[]policy.Route{override("prod-web", "prod-db")}, bridge.Approve},
		"override of other roles":        {[]policy.Route{override("prod-web")}, bridge.Undecided},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, nil, c.routes...)
			d := p.Judge(request(), nil, duty(shift()))
			require.Equal(t, c.want, d.Verdict)
			require.Empty(t, d.Refusals)
			asked := c.want == bridge.Approve || name == "override of other roles"
			require.Equal(t, asked, len(p.OnCall(request(), "pager")) > 0, "nobody is asked for nothing")
		})
	}
	d := compile(t, nil, override("prod-db")).Judge(request(), nil, duty(shift()))
	require.Equal(t, bridge.ModeOverride, d.Mode)
	d = compile(t, nil, override("prod-db")).Judge(request(func(r *bridge.Request) { r.Roles = []string{"prod-db", "admin"} }), nil, duty(shift()))
	require.Equal(t, bridge.Undecided, d.Verdict, "every role must be listed")
}

func TestNobodyOnCallIsUndecided(t *testing.T) {
	p := compile(t, nil, route(approving()))
	for _, duties := range [][]bridge.Duty{nil, duty(), duty(shift(of(bridge.Actor{ID: "b", Email: "bob@example.com"})))} {
		require.Equal(t, bridge.Undecided, p.Judge(request(), nil, duties).Verdict)
	}
}

func TestQueriesOfARoute(t *testing.T) {
	byAnnotation := policy.OnCall{
		Integration: "pager", ServicesFrom: "pagerduty_services", SchedulesFrom: "teleport.dev/schedules", TeamsFrom: "teleport.dev/teams",
	}
	both := byAnnotation
	both.Query = bridge.OnCallQuery{Services: []string{"Production"}, Policies: []string{"Default"}, Levels: 2}
	annotated := request(func(r *bridge.Request) {
		r.Annotations = map[string][]string{
			"pagerduty_services": {"Database", "Web"}, "teleport.dev/schedules": {"nights"}, "teleport.dev/teams": {"core"}, "unrelated": {"x"},
		}
	})
	// Everything that a user can write themselves.
	written := request(func(r *bridge.Request) {
		r.Annotations = nil
		r.Reason = "pagerduty_services: Database"
		r.Roles = append(r.Roles, "pagerduty_services")
		r.SuggestedReviewers = []string{"pagerduty_services"}
		r.Resources = []bridge.Resource{{Kind: "node", Name: "pagerduty_services", Title: "Database"}}
	})
	unnamed := request(func(r *bridge.Request) {
		r.Annotations = map[string][]string{"": {"Everything"}, "pagerduty_services": {"", " "}}
	})
	for name, c := range map[string]struct {
		rules []policy.OnCall
		req   bridge.Request
		want  []bridge.OnCallQuery
	}{
		"as configured": {[]policy.OnCall{production}, annotated, []bridge.OnCallQuery{production.Query}},
		"annotations alone": {[]policy.OnCall{byAnnotation}, annotated, []bridge.OnCallQuery{
			{Services: []string{"Database", "Web"}, Schedules: []string{"nights"}, Teams: []string{"core"}},
		}},
		"annotations are added": {[]policy.OnCall{both}, annotated, []bridge.OnCallQuery{{
			Services: []string{"Production", "Database", "Web"}, Policies: []string{"Default"}, Schedules: []string{"nights"}, Teams: []string{"core"}, Levels: 2,
		}}},
		"several rules": {[]policy.OnCall{production, byAnnotation}, annotated, []bridge.OnCallQuery{
			production.Query, {Services: []string{"Database", "Web"}, Schedules: []string{"nights"}, Teams: []string{"core"}},
		}},
		"a user's own fields add nothing":    {[]policy.OnCall{production, byAnnotation}, written, []bridge.OnCallQuery{production.Query}},
		"an empty query is not asked":        {[]policy.OnCall{byAnnotation}, written, nil},
		"an annotation without names":        {[]policy.OnCall{byAnnotation}, unnamed, nil},
		"an annotation that is not named":    {[]policy.OnCall{production}, unnamed, []bridge.OnCallQuery{production.Query}},
		"a rule about another integration":   {[]policy.OnCall{{Integration: "other", Query: production.Query}}, annotated, nil},
		"levels alone name nobody to ask of": {[]policy.OnCall{{Integration: "pager", Query: bridge.OnCallQuery{Levels: 1}}}, annotated, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, nil, route(approving(c.rules...)))
			for range 2 { // asking must not grow the rule
				got := p.OnCall(c.req, "pager")
				require.Len(t, got, len(c.want))
				for i, q := range got {
					require.Equal(t, c.want[i].Levels, q.Levels)
					for kind, lists := range map[string][2][]string{
						"services": {c.want[i].Services, q.Services}, "policies": {c.want[i].Policies, q.Policies},
						"schedules": {c.want[i].Schedules, q.Schedules}, "teams": {c.want[i].Teams, q.Teams},
					} {
						require.True(t, slices.Equal(lists[0], lists[1]), "%s: %v", kind, lists)
					}
				}
			}
		})
	}
}

// An integration that does not answer any more must not stand in the way of one that does.
func TestP6_ShiftReadLastIsNamed(t *testing.T) {
	other := policy.OnCall{Integration: "other", Query: production.Query}
	p := compile(t, nil, route(approving(production, other)))
	old := bridge.Duty{Integration: "other", Shifts: []bridge.Shift{shift(func(s *bridge.Shift) { s.Via = "A" })}, ReadAt: made}
	recent := bridge.Duty{Integration: "pager", Shifts: []bridge.Shift{shift(func(s *bridge.Shift) { s.Via = "B" })}, ReadAt: made.Add(time.Minute)}
	for _, duties := range [][]bridge.Duty{{old, recent}, {recent, old}} {
		require.Equal(t, "pager", p.Judge(request(), nil, duties).Evidence.Target)
	}
}

func TestQuietHoldsEveryTargetBack(t *testing.T) {
	p := compile(t, nil, route(approving(), func(r *policy.Route) { r.Quiet = 10 * time.Second }))
	target, _, err := p.Target(request(), "jira")
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, target.Hold)
	target, _, _ = compile(t, nil, route(approving())).Target(request(), "jira")
	require.Zero(t, target.Hold)
}

// The rule belongs to the integration, so its words are told instead of our own.
func TestBarredEvidenceIsRefusedInTheWordsOfTheIntegration(t *testing.T) {
	p := compile(t, nil, route())
	const why = "only people who are on call for Production may decide here."
	for _, verdict := range []bridge.Verdict{bridge.Approve, bridge.Deny} {
		d := p.Judge(request(), []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.Verdict, ev.Barred = verdict, why })}, nil)
		require.Equal(t, bridge.Undecided, d.Verdict)
		require.Equal(t, []string{"barred"}, codes(d))
		require.Equal(t, why, d.Refusals[0].Text)
	}
}

// The people who may be on call, and whether each of them is alice to the integration "pager" and to "other".
var staffOnCall = []struct {
	person       bridge.Actor
	pager, other bool
}{
	{bridge.Actor{ID: "a", Email: "alice@example.com", Name: "Alice"}, true, true},
	{bridge.Actor{ID: "a2", Email: " A.SMITH@example.com"}, true, true},
	{bridge.Actor{ID: "a3", Email: "Alice"}, true, true},
	{bridge.Actor{ID: "acc-alice", Name: "Bob"}, true, false},
	{bridge.Actor{ID: "acc-erin", Email: "alice@example.com"}, false, false},
	{bridge.Actor{ID: "b", Email: "bob@example.com", Name: "alice"}, false, false},
	{bridge.Actor{ID: "z", Email: "zoe@example.com"}, false, false},
	{bridge.Actor{ID: "acc-alice", Email: "bob@example.com"}, true, false},
	{bridge.Actor{ID: "hidden", Name: "alice@example.com"}, false, false},
	{bridge.Actor{Name: "alice@example.com"}, false, false},
	{bridge.Actor{ID: "a", Email: "alice@example.com", Automated: true}, false, false},
	{bridge.Actor{ID: "t", Email: "team@example.com"}, false, false},
}

// Whatever the vendors say in whatever order, however often: a request is approved only by a shift of its own requester at an integration
// that the route asks, and the order changes nothing.
func TestP3_OnCallNeverApprovesForSomebodyElse(t *testing.T) {
	people := policy.NewPeople(directory{
		"alice": {"alice@example.com", "a.smith@example.com", "team@example.com"}, "bob": {"bob@example.com", "team@example.com"},
	}, []policy.Entry{{Integration: "pager", ID: "acc-alice", User: "alice"}, {ID: "acc-erin", User: "erin"}}, false)
	p := compile(t, people, route(approving(production, policy.OnCall{Integration: "other", Query: production.Query})))
	rapid.Check(t, func(t *rapid.T) {
		own := map[string][]bridge.Actor{}
		duties := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bridge.Duty {
			d := bridge.Duty{
				Integration: rapid.SampledFrom([]string{"pager", "other", "stray"}).Draw(t, "integration"),
				ReadAt:      made.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "read")) * time.Second),
			}
			for range rapid.IntRange(0, 4).Draw(t, "shifts") {
				who := rapid.SampledFrom(staffOnCall).Draw(t, "person")
				d.Shifts = append(d.Shifts, bridge.Shift{
					Person: who.person, Via: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "via"), Level: rapid.IntRange(0, 2).Draw(t, "level"),
				})
				if d.Integration == "pager" && who.pager || d.Integration == "other" && who.other {
					own[d.Integration] = append(own[d.Integration], who.person)
				}
			}
			return d
		}), 0, 4).Draw(t, "duties")
		first := p.Judge(request(), nil, duties)
		if len(own) == 0 {
			require.Equal(t, bridge.Undecided, first.Verdict)
			require.Equal(t, bridge.Evidence{}, first.Evidence)
		} else {
			require.Equal(t, bridge.Approve, first.Verdict)
			require.Contains(t, own[first.Evidence.Target], first.Evidence.Actor)
			require.Equal(t, "alice", first.Person)
		}
		again := rapid.Permutation(append(slices.Clone(duties), duties...)).Draw(t, "again")
		for i := range again {
			again[i].Shifts = rapid.Permutation(again[i].Shifts).Draw(t, "shifts again")
		}
		require.Equal(t, first, p.Judge(request(), nil, again))
	})
}
