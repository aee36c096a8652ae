package teleport

import (
	"fmt"
	"testing"

	"github.com/gravitational/teleport/api/defaults"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func (w *world) directory(o DirectoryOptions) *Directory {
	w.t.Helper()
	o.Log = w.logs.Logger()
	d := NewDirectory(w.dial(), o)
	background(w.t, d.Run)
	return d
}

func TestDirectory_MapsByNameAndTraits(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.srv.AddUser(sim.User{Name: "carol", Traits: map[string][]string{"email": {"Carol@Example.com", "carol@example.com", "not an address"}, "mail": {"c@example.org"}}})
	w.srv.AddUser(sim.User{Name: "carol-admin", Traits: map[string][]string{"email": {"carol@example.com"}}})
	w.srv.AddUser(sim.User{Name: "nobody", Traits: map[string][]string{"email": {""}}})
	d := w.directory(DirectoryOptions{EmailTraits: []string{"email", "mail"}})
	eventually(t, "available", d.Available)

	require.Equal(t, []string{"alice@example.com"}, d.ByEmail(" ALICE@example.COM "))
	require.ElementsMatch(t, []string{"carol", "carol-admin"}, d.ByEmail("carol@example.com"), "two people with one address are both told")
	require.Equal(t, []string{"carol"}, d.ByEmail("c@example.org"))
	require.Equal(t, []string{"bob"}, d.ByEmail("Bob"), "a name need not be an address")
	require.Empty(t, d.ByEmail(""))
	require.Empty(t, d.ByEmail("not an address"))
	require.Empty(t, d.ByEmail("stranger@example.com"))

	emails, ok := d.EmailsOf("carol")
	require.True(t, ok)
	require.Equal(t, []string{"Carol@Example.com", "c@example.org"}, emails)
	emails, ok = d.EmailsOf("alice@example.com")
	require.True(t, ok)
	require.Equal(t, []string{"alice@example.com"}, emails)
	emails, ok = d.EmailsOf("bob")
	require.True(t, ok)
	require.Empty(t, emails)
	_, ok = d.EmailsOf("Carol")
	require.False(t, ok, "Teleport's names know case")
}

func TestDirectory_TellsTraitsAndRoles(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.srv.AddUser(sim.User{Name: "carol", Roles: []string{"access", "auditor"}, Traits: map[string][]string{"team": {"core", "ops"}}})
	d := w.directory(DirectoryOptions{})
	_, ok := NewDirectory(w.dial(), DirectoryOptions{}).TraitsOf("carol")
	require.False(t, ok, "nothing was read")
	eventually(t, "available", d.Available)
	traits, ok := d.TraitsOf("carol")
	require.True(t, ok)
	require.Equal(t, []string{"core", "ops"}, traits["team"])
	roles, ok := d.RolesOf("carol")
	require.True(t, ok)
	require.Equal(t, []string{"access", "auditor"}, roles)
	for _, stranger := range []string{"Carol", "", "dave"} {
		_, ok = d.RolesOf(stranger)
		require.False(t, ok)
		_, ok = d.TraitsOf(stranger)
		require.False(t, ok)
	}
}

func TestDirectory_ReadsAllPages(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for i := range defaults.DefaultChunkSize + 50 {
		w.srv.AddUser(sim.User{Name: fmt.Sprintf("user-%04d", i)})
	}
	d := w.directory(DirectoryOptions{})
	eventually(t, "available", d.Available)
	require.Equal(t, 2, w.srv.Calls()["ListUsers"])
	for i := range defaults.DefaultChunkSize + 50 {
		_, ok := d.EmailsOf(fmt.Sprintf("user-%04d", i))
		require.True(t, ok)
	}
}

func TestDirectory_MissingPermissionIsToldOnceAndMended(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.srv.SetPermissions("plugin")
	d := w.directory(DirectoryOptions{Refresh: tick})
	eventually(t, "tried", func() bool { return w.srv.Calls()["ListUsers"] > 3 })
	require.False(t, d.Available())
	require.Empty(t, d.ByEmail("alice@example.com"))
	require.Equal(t, 1, w.logs.Count("may not be read"))
	w.permit()
	eventually(t, "available", d.Available)
	w.srv.AddUser(sim.User{Name: "dave@example.com"})
	eventually(t, "refreshed", func() bool { return len(d.ByEmail("dave@example.com")) == 1 })
	w.srv.SetPermissions("plugin")
	eventually(t, "withdrawn", func() bool { return !d.Available() })
	_, ok := d.EmailsOf("alice@example.com")
	require.False(t, ok)
}

func TestDirectory_PassingFaultKeepsTheLastReading(t *testing.T) {
	w := newWorld(t, sim.Options{})
	d := w.directory(DirectoryOptions{Refresh: tick})
	eventually(t, "available", d.Available)
	defer w.srv.Inject(sim.Fault{Method: "ListUsers", Err: trace.ConnectionProblem(nil, "away")})()
	before := w.srv.Calls()["ListUsers"]
	eventually(t, "tried", func() bool { return w.srv.Calls()["ListUsers"] > before+3 })
	require.True(t, d.Available())
	require.NotEmpty(t, d.ByEmail("alice@example.com"))
	require.Equal(t, 1, w.logs.Count("could not be read"))
}

func TestFold_AgreesWithSameName(t *testing.T) {
	names := []string{"a@b.c", "A@B.C", " a@b.c", "straße", "STRASSE", "K", "k", "\u212A", "ſ", "s", "S", "é", "É", "", " "}
	for _, a := range names {
		for _, b := range names {
			if a != "" && a != " " {
				require.Equal(t, bridge.SameName(a, b), fold(a) == fold(b), "%q and %q", a, b)
			}
		}
	}
}

// withNode is a cluster with one node, and resources that are that node, none, of another kind, and of another cluster.
func withNode(t *testing.T) (*world, *Client, []bridge.Resource) {
	t.Helper()
	w := newWorld(t, sim.Options{})
	w.srv.AddNode("0001", "web-1")
	return w, w.dial(), []bridge.Resource{
		{Cluster: "simulated", Kind: "node", Name: "0001"},
		{Cluster: "simulated", Kind: "node", Name: "0002"},
		{Cluster: "simulated", Kind: "db", Name: "pg"},
		{Cluster: "leaf", Kind: "node", Name: "0001"},
	}
}

// What cannot be read has no labels at all, because an empty set would be an answer.
func TestResourceLabelsThatAreNotKnownAreNotEmpty(t *testing.T) {
	w, c, in := withNode(t)
	out, err := c.ResourceLabels(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, in, out, "without permission nothing is known")

	w.permit(sim.Permission{Resource: types.KindNode, Verbs: []string{types.VerbList, types.VerbRead}})
	out, err = c.ResourceLabels(t.Context(), in)
	require.NoError(t, err)
	require.NotNil(t, out[0].Labels, "a node without labels is known to have none")
	require.Empty(t, out[0].Labels)
	for _, r := range out[1:] {
		require.Nil(t, r.Labels, "%+v", r)
	}
	require.Nil(t, in[0].Labels, "the input is not changed")

	w.srv.Inject(sim.Fault{Method: "ListResources", Count: 2, Err: trace.BadParameter("what?")})
	out, err = c.ResourceLabels(t.Context(), in)
	require.ErrorContains(t, err, "node")
	require.Equal(t, in, out)
}

func TestW27_ResourceNamesAreBestEffort(t *testing.T) {
	nodes := sim.Permission{Resource: types.KindNode, Verbs: []string{types.VerbList, types.VerbRead}}
	w, c, in := withNode(t)

	out, err := c.ResourceTitles(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, in, out, "without permission the plain names stay")

	w.permit(nodes)
	out, err = c.ResourceTitles(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, "web-1", out[0].Title)
	for _, r := range out[1:] {
		require.Empty(t, r.Title, "unknown, without a friendly name, or of another cluster")
	}
	require.Empty(t, in[0].Title, "the input is not changed")

	for _, fault := range []sim.Fault{{Err: trace.AccessDenied("no")}, {Err: trace.ConnectionProblem(nil, "away")}, {Err: trace.BadParameter("what?")}} {
		fault.Method, fault.Count = "ListResources", 1
		w.srv.Inject(fault)
		out, err = c.ResourceTitles(t.Context(), in)
		require.Error(t, err)
		require.Equal(t, in, out, "a failed look-up suppresses nothing")
	}
	w.srv.ResetCalls()
	_, err = c.ResourceTitles(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, w.srv.Calls())
}
