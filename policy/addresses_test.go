package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// kelvin is the sign of the unit, which folds to the letter k and looks like it.
const kelvin = "\u212a"

// Whoever writes their own address in another way is still themselves, and whoever's address only looks like another's is not the other.
func TestW13_AddressesInDisguise(t *testing.T) {
	known := directory{"alice": {"alice@example.com", "a.smith@gmail.com"}, "kim": {"kim@example.com"}, "jürgen@example.com": nil}
	lead := policy.Approvers{Emails: []string{"kim@example.com"}}
	inside := policy.Approvers{Domains: []string{"kiosk.example"}}
	for name, c := range map[string]struct {
		email     string
		approvers policy.Approvers
		want      string
	}{
		"the requester with a tag":                  {"alice+work@example.com", policy.Approvers{}, "requester"},
		"the requester with a tag, in capitals":     {"ALICE+1@Example.COM", policy.Approvers{}, "requester"},
		"the requester with other dots at Google's": {"asm.ith@googlemail.com", policy.Approvers{}, "requester"},
		"dots matter elsewhere":                     {"al.ice@example.com", policy.Approvers{}, ""},
		"a tag alone is no name":                    {"+work@example.com", policy.Approvers{}, ""},
		"somebody else with a tag":                  {"zoe+alice@example.com", policy.Approvers{}, ""},
		"looks like a Teleport user":                {kelvin + "im@example.com", policy.Approvers{}, "unmapped"},
		"looks like an approver":                    {kelvin + "im@example.com", lead, "unmapped"},
		"looks like a domain":                       {"zoe@" + kelvin + "iosk.example", inside, "unmapped"},
		"invisible characters":                      {"zoe\u200b@example.com", policy.Approvers{}, "unmapped"},
		"a space inside":                            {"zoe @example.com", policy.Approvers{}, "unmapped"},
		"nothing but space":                         {" \t ", policy.Approvers{}, "unmapped"},
		"a Teleport user's, letter by letter":       {"jürgen@Example.com", policy.Approvers{}, ""},
		"an approver's tag is another address":      {"kim+1@example.com", lead, "not_approver"},
		"an approver in capitals":                   {"KIM@example.com", lead, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(known, nil, false), route(func(r *policy.Route) { r.Approvers = c.approvers }))
			d := p.Judge(request(), []bridge.Evidence{evidence(by(bridge.Actor{ID: "x", Email: c.email}))}, nil)
			if c.want == "" {
				require.Equal(t, bridge.Approve, d.Verdict, "%v", codes(d))
				return
			}
			require.Equal(t, bridge.Undecided, d.Verdict)
			require.Equal(t, []string{c.want}, codes(d))
		})
	}
}

// The table is written by the operator, and still means the very address it names.
func TestTableMeansTheVeryAddress(t *testing.T) {
	p := compile(t, policy.NewPeople(staff, []policy.Entry{{Email: "kim@example.net", User: "bob"}}, false), route())
	judge := func(email string) bridge.Decision {
		return p.Judge(request(), []bridge.Evidence{evidence(by(bridge.Actor{ID: "x", Email: email}))}, nil)
	}
	require.Equal(t, "bob", judge("Kim@Example.net").Person)
	require.Equal(t, []string{"unmapped"}, codes(judge(kelvin+"im@example.net")))
}

// Nobody counts twice by a second address that reaches the same mailbox.
func TestTwoAddressesOfOneMailboxAreOnePerson(t *testing.T) {
	p := compile(t, nil, route(atPager, approveWhen(twoOf)))
	judge := func(first, second string) bridge.Verdict {
		return p.Judge(request(), []bridge.Evidence{
			evidence(by(bridge.Actor{ID: "1", Email: first})), evidence(at("pager", 3), by(bridge.Actor{ID: "2", Email: second})),
		}, nil).Verdict
	}
	require.Equal(t, bridge.Undecided, judge("zoe@example.com", "zoe+2@example.com"))
	require.Equal(t, bridge.Undecided, judge("bob@example.com", "bob+2@example.com"), "a Teleport user and an address")
	require.Equal(t, bridge.Undecided, judge("z.oe@gmail.com", "zoe+x@googlemail.com"))
	require.Equal(t, bridge.Approve, judge("zoe@example.com", "zoe@example.org"))
}

// Users may be able to choose a trait. An address that somebody else has as well puts nobody into a group of another vendor.
func TestAddressOfSeveralUsersGivesNoGroup(t *testing.T) {
	operations := policy.Group{Integration: "pager", Group: "core"}
	groups := members{"pager/core": {{ID: "PCAROL", Email: "carol@example.com"}, {ID: "PBOB", Email: "bob.work@example.com"}}}
	in := route(func(r *policy.Route) { r.Approvers.Groups = []policy.Group{operations} })
	for name, c := range map[string]struct {
		directory directory
		want      []string
	}{
		"his own second address":       {directory{"alice": {"alice@example.com"}, "bob": {"bob@example.com", "bob.work@example.com"}}, nil},
		"an address that carol has":    {directory{"alice": {"alice@example.com"}, "bob": {"bob@example.com", "carol@example.com"}, "carol": {"carol@example.com"}}, []string{"not_approver"}},
		"the name of another as trait": {directory{"alice": {"alice@example.com"}, "bob": {"bob@example.com", "carol@example.com"}, "carol@example.com": nil}, []string{"not_approver"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(c.directory, nil, false), in).Asking(groups)
			require.Equal(t, c.want, codes(p.Judge(request(), []bridge.Evidence{evidence()}, nil)))
		})
	}
}

// Expressions compare letter by letter, so addresses come to them in one form.
func TestExpressionsSeeAddressesInSmallLetters(t *testing.T) {
	p := compile(t, nil, route(approveWhen(`approvals.exists(a, a.email == "zoe@example.com")`)))
	d := p.Judge(request(), []bridge.Evidence{evidence(by(bridge.Actor{ID: "z", Email: " Zoe@Example.com"}))}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
}
