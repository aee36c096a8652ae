package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// The request is always alice's; want is the person a decision is attributed to, code why it does not count.
func TestPeople(t *testing.T) {
	shared := directory{"alice": {"alice@example.com"}, "bob": {"team@example.com"}, "carol": {"team@example.com"}}
	table := []policy.Entry{
		{Integration: "jira", ID: "acc-1", User: "bob"},
		{Integration: "pager", ID: "acc-2", User: "bob"},
		{ID: "acc-3", User: "carol"},
		{Email: "Alias@Example.com", User: "bob"},
		{Email: "alice.private@example.net", User: "alice"},
		{Integration: "jira", ID: "acc-alice", User: "Alice"},
	}
	for name, c := range map[string]struct {
		directory   policy.Directory
		requireUser bool
		actor       bridge.Actor
		want, code  string
	}{
		"table by account":                         {staff, false, bridge.Actor{ID: "acc-1"}, "bob", ""},
		"table of another integration":             {staff, false, bridge.Actor{ID: "acc-2"}, "", "unmapped"},
		"table for all integrations":               {staff, false, bridge.Actor{ID: "acc-3"}, "carol", ""},
		"table by address, whatever its case":      {staff, false, bridge.Actor{ID: "x", Email: "alias@example.com"}, "bob", ""},
		"table goes before the directory":          {staff, false, bridge.Actor{ID: "acc-3", Email: "bob@example.com"}, "carol", ""},
		"table with two answers":                   {staff, false, bridge.Actor{ID: "acc-3", Email: "alias@example.com"}, "", "ambiguous"},
		"table and account of one user":            {staff, false, bridge.Actor{ID: "acc-1", Email: "alias@example.com"}, "bob", ""},
		"directory by address":                     {staff, false, bridge.Actor{ID: "x", Email: "Bob@Example.com"}, "bob", ""},
		"directory with two answers":               {shared, false, bridge.Actor{ID: "x", Email: "team@example.com"}, "", "ambiguous"},
		"address only":                             {staff, false, bridge.Actor{ID: "x", Email: "zoe@example.com"}, "zoe@example.com", ""},
		"address only, where users are required":   {staff, true, bridge.Actor{ID: "x", Email: "zoe@example.com"}, "", "not_a_user"},
		"user by address, where one is required":   {staff, true, bridge.Actor{ID: "x", Email: "bob@example.com"}, "bob", ""},
		"W15 hidden address":                       {staff, false, bridge.Actor{ID: "x", Name: "bob@example.com"}, "", "unmapped"},
		"no directory, requester in the table":     {nil, false, bridge.Actor{ID: "x", Email: "zoe@example.com"}, "zoe@example.com", ""},
		"no right to read users":                   {directory(nil), false, bridge.Actor{ID: "x", Email: "zoe@example.com"}, "zoe@example.com", ""},
		"requester by address":                     {staff, false, bridge.Actor{ID: "x", Email: "ALICE@example.com"}, "", "requester"},
		"requester by a second address":            {staff, false, bridge.Actor{ID: "x", Email: "a.smith@example.com"}, "", "requester"},
		"requester by an address of the table":     {staff, false, bridge.Actor{ID: "x", Email: "alice.private@example.net"}, "", "requester"},
		"requester by account, in other case":      {staff, false, bridge.Actor{ID: "acc-alice"}, "", "requester"},
		"requester by the user name as address":    {staff, false, bridge.Actor{ID: "x", Email: "alice"}, "", "requester"},
		"requester's address on another's account": {staff, false, bridge.Actor{ID: "acc-3", Email: "alice@example.com"}, "", "requester"},
		"requester's address with space around it": {nil, false, bridge.Actor{ID: "x", Email: " alice.private@example.net "}, "", "requester"},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(c.directory, table, c.requireUser), route())
			d := p.Judge(request(), []bridge.Evidence{evidence(by(c.actor))}, nil)
			require.Equal(t, c.want, d.Person)
			if c.code == "" {
				require.Empty(t, d.Refusals)
				require.Equal(t, bridge.Approve, d.Verdict)
				return
			}
			require.Equal(t, []string{c.code}, codes(d))
			require.Equal(t, bridge.Undecided, d.Verdict)
		})
	}
}

// Without a directory nothing is known of alice's addresses, so nobody known by address alone can be told from her.
func TestW13_RequesterWithoutAnAddressCannotBeRuledOut(t *testing.T) {
	for name, people := range map[string]*policy.People{
		"no directory":   policy.NewPeople(nil, nil, false),
		"may not read":   policy.NewPeople(directory(nil), nil, false),
		"knows no alice": policy.NewPeople(directory{"bob": {"bob@other.example"}}, nil, false),
		"knows no mail":  policy.NewPeople(directory{"alice": nil}, nil, false),
	} {
		t.Run(name, func(t *testing.T) {
			d := compile(t, people, route()).Judge(request(), []bridge.Evidence{evidence()}, nil)
			require.Equal(t, []string{"requester_unknown"}, codes(d))
		})
	}
}

func TestRequesterNamedByAddressIsComparedByIt(t *testing.T) {
	p := compile(t, policy.NewPeople(nil, nil, false), route())
	req := request(func(r *bridge.Request) { r.User = "alice@example.com" })
	d := p.Judge(req, []bridge.Evidence{evidence()}, nil)
	require.Equal(t, "bob@example.com", d.Person)
	d = p.Judge(req, []bridge.Evidence{evidence(by(bridge.Actor{ID: "x", Email: "Alice@Example.com"}))}, nil)
	require.Equal(t, []string{"requester"}, codes(d))
}

func TestTwoTeleportUsersAreTwoPeople(t *testing.T) {
	people := policy.NewPeople(nil, []policy.Entry{{Integration: "jira", ID: "acc-bob", User: "bob"}}, true)
	d := compile(t, people, route()).Judge(request(), []bridge.Evidence{evidence(by(bridge.Actor{ID: "acc-bob"}))}, nil)
	require.Equal(t, "bob", d.Person, "no address is needed to tell bob from alice")
}
