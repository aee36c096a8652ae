package teleport

import (
	"testing"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

// faults returns what is not as it should be. Each must come with its mend.
func faults(t *testing.T, found []bridge.Finding) []string {
	t.Helper()
	var out []string
	for _, f := range found {
		require.NotEmpty(t, f.What)
		if !f.OK {
			require.NotEmpty(t, f.Mend)
			out = append(out, f.What)
		}
	}
	return out
}

func TestW34_CheckFindsEachMissingPermission(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.dial()
	require.Empty(t, faults(t, c.Check(t.Context())))
	full := sim.PluginUser("plugin").Permissions
	for i, missing := range map[string]string{types.KindAccessRequest: "watch", types.KindAccessPluginData: "plugin data", types.KindUser: "users"} {
		var some []sim.Permission
		for _, p := range full {
			if p.Resource != i {
				some = append(some, p)
			}
		}
		w.srv.SetPermissions("plugin", some...)
		if i == types.KindAccessPluginData {
			// Rights on access_request stand in for those on plugin data when reading.
			defer w.srv.Inject(sim.Fault{Method: "GetPluginData", Err: trace.AccessDenied("no"), Count: 1})()
		}
		got := faults(t, c.Check(t.Context()))
		require.Len(t, got, 1, i)
		require.Contains(t, got[0], missing, i)
	}
	require.Empty(t, w.srv.Audit(), "nothing is changed")
	require.Zero(t, w.srv.Calls()["UpdatePluginData"])
	eventually(t, "no watch stays open", func() bool { return w.srv.Watchers() == 0 })
}

func TestDirectory_ReadyWithOrWithoutPermission(t *testing.T) {
	for _, permitted := range []bool{true, false} {
		w := newWorld(t, sim.Options{})
		if !permitted {
			w.srv.SetPermissions("plugin")
		}
		d := w.directory(DirectoryOptions{})
		receive(t, d.Ready())
		require.Equal(t, permitted, d.Available())
	}
	w := newWorld(t, sim.Options{})
	d := NewDirectory(w.dial(), DirectoryOptions{})
	w.srv.Inject(sim.Fault{Method: "ListUsers", Err: trace.ConnectionProblem(nil, "away"), Count: 1})
	require.Error(t, d.Load(t.Context()))
	select {
	case <-d.Ready():
		require.Fail(t, "ready without an answer")
	default:
	}
	require.NoError(t, d.Load(t.Context()))
	receive(t, d.Ready())
}
