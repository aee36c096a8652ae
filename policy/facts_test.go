package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

const requestID = "0192a3b4-0000-7000-8000-000000000001"

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// request is made by alice, whose addresses the directory of these tests knows.
func request(change ...func(*bridge.Request)) bridge.Request {
	req := bridge.Request{
		ID: requestID, Cluster: "main", User: "alice", Roles: []string{"prod-db"}, State: bridge.StatePending,
		Reason: "incident 7", Created: made, PendingUntil: made.Add(time.Hour),
		Annotations: map[string][]string{"team": {"core"}},
	}
	for _, f := range change {
		f(&req)
	}
	return req
}

// evidence is a sound approval by bob, unless changed.
func evidence(change ...func(*bridge.Evidence)) bridge.Evidence {
	ev := bridge.Evidence{
		Target: "jira", Object: bridge.Ref{ID: "10001", Key: "OPS-1"}, Marker: requestID, Status: "Approved", Verdict: bridge.Approve,
		Actor: bridge.Actor{ID: "acc-bob", Email: "bob@example.com", Name: "Bob"}, At: made.Add(time.Minute), Reason: "looks right",
		ReadAt: made.Add(2 * time.Minute),
	}
	for _, f := range change {
		f(&ev)
	}
	return ev
}

func denied(ev *bridge.Evidence) { ev.Status, ev.Verdict = "Denied", bridge.Deny }

func by(a bridge.Actor) func(*bridge.Evidence) {
	return func(ev *bridge.Evidence) { ev.Actor = a }
}

// directory maps users to their addresses.
type directory map[string][]string

func (d directory) Available() bool { return d != nil }

func (d directory) ByEmail(email string) []string {
	var users []string
	for user, addresses := range d {
		for _, a := range append([]string{user}, addresses...) {
			if bridge.SameName(a, email) {
				users = append(users, user)
				break
			}
		}
	}
	return users
}

func (d directory) EmailsOf(user string) ([]string, bool) {
	addresses, ok := d[user]
	return addresses, ok
}

func (d directory) TraitsOf(user string) (map[string][]string, bool) {
	addresses, ok := d[user]
	return map[string][]string{"email": addresses, "team": {"core"}}, ok
}

func (d directory) RolesOf(user string) ([]string, bool) {
	_, ok := d[user]
	return []string{"access", user + "-role"}, ok
}

var staff = directory{
	"alice": {"alice@example.com", "a.smith@example.com"},
	"bob":   {"bob@example.com"},
}

// route decides by review and lets everybody approve.
func route(change ...func(*policy.Route)) policy.Route {
	r := policy.Route{Name: "all", Targets: []bridge.Target{{Integration: "jira"}}, Mode: bridge.ModeReview}
	for _, f := range change {
		f(&r)
	}
	return r
}

func when(expression string) func(*policy.Route) {
	return func(r *policy.Route) { r.When = expression }
}

func compile(t testing.TB, people *policy.People, routes ...policy.Route) *policy.Policy {
	t.Helper()
	if people == nil {
		people = policy.NewPeople(staff, nil, false)
	}
	p, err := policy.New(routes)
	require.NoError(t, err)
	return p.Using(people)
}
