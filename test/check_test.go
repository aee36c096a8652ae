package test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// faults are the findings of a check that are not all right.
func faults(t *testing.T, cfg *config.Config) map[string][]bridge.Finding {
	t.Helper()
	found := map[string][]bridge.Finding{}
	for _, section := range server.Check(t.Context(), cfg, slog.New(slog.DiscardHandler)) {
		require.NotEmpty(t, section.Findings, section.Name)
		for _, f := range section.Findings {
			if !f.OK {
				require.NotEmpty(t, f.Mend, f.What)
				found[section.Name] = append(found[section.Name], f)
			}
		}
	}
	return found
}

func loaded(t *testing.T, w *harness.World) *config.Config {
	t.Helper()
	cfg, err := server.LoadConfig(w.WriteConfig())
	require.NoError(t, err)
	return cfg
}

func TestW34_CheckFindsFaultsAndSaysHowToMendThem(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	require.Empty(t, faults(t, loaded(t, w)))

	w.Settings.Main()["project"] = "NOPE"
	require.Contains(t, faults(t, loaded(t, w)), harness.Main)
	w.Settings.Main()["project"] = harness.Project

	w.Settings.Main()["statuses"] = harness.Section{"approved": []string{"Aproved"}}
	require.Contains(t, faults(t, loaded(t, w))[harness.Main][0].What, "Aproved")
	delete(w.Settings.Main(), "statuses")

	w.Settings.Main()["api_token"] = "wrong"
	require.Contains(t, faults(t, loaded(t, w)), harness.Main)
	w.Settings.Main()["api_token"] = jira.BotToken

	w.Teleport.SetPermissions(harness.BridgeUser)
	found := faults(t, loaded(t, w))
	require.Contains(t, found, "teleport")
	require.NotContains(t, found, harness.Main)
	w.Teleport.SetPermissions(harness.BridgeUser, teleport.PluginUser(harness.BridgeUser).Permissions...)

	w.Teleport.Stop()
	require.Contains(t, faults(t, loaded(t, w)), "teleport")
	require.Empty(t, w.Jira.Issues(), "a check changes nothing")
}

func TestW34_ExplainTellsWhatWouldHappenAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Routes = []harness.Section{harness.Route("production", harness.Section{"when": `"prod-db" in request.roles`}, harness.Main)}
	b := w.Start()
	id, key := w.Opened()
	require.NoError(t, b.Stop())
	w.Move("alice", key, "Approved")
	cfg, log := loaded(t, w), slog.New(slog.DiscardHandler)

	e, err := server.Explain(t.Context(), cfg, id, log)
	require.NoError(t, err)
	require.Equal(t, "production", e.Route)
	require.Len(t, e.Targets, 1)
	require.Equal(t, key, e.Targets[0].Link.Ref.Key)
	require.Equal(t, "Approved", e.Targets[0].Evidence[0].Status)
	require.Equal(t, bridge.Undecided, e.Decision.Verdict)
	require.Equal(t, "requester", e.Decision.Refusals[0].Code)

	w.Move("bob", key, "Denied")
	e, err = server.Explain(t.Context(), cfg, id, log)
	require.NoError(t, err)
	require.Equal(t, bridge.Deny, e.Decision.Verdict)
	require.Equal(t, harness.Bob, e.Decision.Person)
	require.Equal(t, "PENDING", w.State(id))

	other := w.Ask("staging")
	e, err = server.Explain(t.Context(), cfg, other, log)
	require.NoError(t, err)
	require.Empty(t, e.Route)
	require.NotEqual(t, policy.DefaultRoute, e.Route)

	e, err = server.Explain(t.Context(), cfg, "00000000-0000-4000-8000-000000000000", log)
	require.NoError(t, err)
	require.True(t, e.Gone)
}

// A file with typos is refused whole, each at its place with its mend.
func TestW29_TyposInTheConfigurationAreAllReportedAtOnce(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Main()["projct"] = "ACC"
	w.Settings.Main()["timeout"] = "5 parsecs"
	w.Settings.Server["rate_limt"] = 1
	w.Settings.Routes = append(w.Settings.Routes, harness.Route("Everything Else", harness.Section{"decide": "maybe"}, "itms"))
	_, err := server.LoadConfig(w.WriteConfig())
	var problems config.Error
	require.ErrorAs(t, err, &problems)
	require.GreaterOrEqual(t, len(problems), 6)
	for _, want := range []string{`projct`, "parsecs", "rate_limt", "Everything Else", "maybe", "itms"} {
		require.ErrorContains(t, err, want)
	}
	for _, p := range problems {
		require.Positive(t, p.Line, p.String())
		require.Positive(t, p.Column, p.String())
	}
	require.NotContains(t, err.Error(), jira.BotToken)
	require.NotContains(t, err.Error(), harness.Secret)
}
