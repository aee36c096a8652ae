package incident_test

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/stretchr/testify/require"
)

// settings are those of an integration that has all of this package's.
type settings struct {
	URL             string    `yaml:"url"`
	Decisions       decisions `yaml:"decisions"`
	incident.Common `yaml:",inline"`
}

type decisions struct {
	incident.Decisions `yaml:",inline"`

	Close string `yaml:"close"`
}

func (s *settings) Validate(p *config.Problems) {
	incident.CheckAddress(p, "url", s.URL, "the key is")
	s.Check(p)
	s.Decisions.Check(p.At("decisions"), "alert", incident.Ending{Key: "close", Means: s.Decisions.Close})
}

func good() *settings {
	s := &settings{
		URL:       "https://example.com",
		Decisions: decisions{Decisions: incident.DefaultDecisions(), Close: incident.MeansNothing},
		Common:    incident.DefaultCommon(),
	}
	s.Workers = 1
	return s
}

// problems are the warnings and faults of settings.
func problems(t *testing.T, s *settings) (warnings string, faults error) {
	t.Helper()
	p := config.NewProblems("config.yaml")
	s.Validate(p)
	kind := config.Kind{Settings: func() config.Settings { return s }}
	file := `{teleport: {addr: "tele.example.com:443", identity_file: i},
		server: {listen: "127.0.0.1:8443", tls: {cert_file: c.pem, key_file: k.pem}},
		integrations: [{name: one, type: any, config: {}}],
		routes: [{name: all, targets: [{integration: one}]}]}`
	c, err := config.Parse("config.yaml", []byte(file), map[string]config.Kind{"any": kind}, config.Offline())
	if err == nil {
		for _, w := range c.Warnings {
			warnings += w.String() + "\n"
		}
	}
	return warnings, p.Err()
}

func TestGoodSettingsHaveNoFault(t *testing.T) {
	warnings, faults := problems(t, good())
	require.NoError(t, faults)
	require.Empty(t, warnings)
}

func TestEveryFaultOfDecisionsIsNamedWithItsPlace(t *testing.T) {
	for want, change := range map[string]func(*decisions){
		`decisions.acknowledge: "maybe"`:                    func(d *decisions) { d.Acknowledge = "maybe" },
		`decisions.close: "maybe"`:                          func(d *decisions) { d.Close = "maybe" },
		`decisions.notes.deny: "OK" is also in notes.appro`: func(d *decisions) { d.Notes = incident.NoteWords{Approve: []string{"ok"}, Deny: []string{"OK"}} },
		`decisions.notes.approve[1]: " x" is not a word`:    func(d *decisions) { d.Notes.Approve = []string{"ok", " x"} },
		`decisions.notes.deny[0]: "" is not a word`:         func(d *decisions) { d.Notes.Deny = []string{""} },
		"decisions.actions.deny: is the same action as":     func(d *decisions) { d.Actions = incident.Actions{Approve: "Go", Deny: "go"} },
	} {
		s := good()
		change(&s.Decisions)
		_, faults := problems(t, s)
		require.ErrorContains(t, faults, want)
	}
}

func TestThatNobodyCanDecideIsAWarning(t *testing.T) {
	s := good()
	s.Decisions.Notes = incident.NoteWords{}
	warnings, _ := problems(t, s)
	require.Contains(t, warnings, "nobody can decide at an alert")
	for _, change := range []func(*decisions){
		func(d *decisions) { d.Close = incident.MeansDeny },
		func(d *decisions) { d.Acknowledge = incident.MeansApprove },
		func(d *decisions) { d.Actions.Approve = "Go" },
		func(d *decisions) { d.Notes.Deny = []string{"no"} },
	} {
		s.Decisions = decisions{}
		change(&s.Decisions)
		warnings, _ := problems(t, s)
		require.Empty(t, warnings)
	}
}

func TestRulesSayWhatDecides(t *testing.T) {
	d := incident.DefaultDecisions()
	r := d.Rules(incident.MeansNothing)
	require.True(t, r.ByNote())
	require.False(t, r.ByAction() || r.ByStatus())
	d.Acknowledge, d.Actions.Deny = incident.MeansApprove, "No"
	r = d.Rules(incident.MeansDeny)
	require.True(t, r.ByAction() && r.ByStatus())
	require.Equal(t, bridge.Approve, r.Acknowledged)
	require.Equal(t, bridge.Deny, r.Ended)
	require.Equal(t, bridge.Undecided, incident.VerdictOf("whatever"))
}

func TestActionsAreKnownByNameOrID(t *testing.T) {
	a := incident.Actions{Approve: "Approve access", Deny: "01DENY"}
	for _, c := range []struct {
		name, id string
		want     bridge.Verdict
	}{
		{"approve ACCESS ", "01X", bridge.Approve},
		{"Refuse", "01DENY", bridge.Deny},
		{"Refuse", "01deny", bridge.Undecided},
		{"Approve access", "01DENY", bridge.Undecided},
		{"", "", bridge.Undecided},
		{"Restart", "01Y", bridge.Undecided},
	} {
		require.Equal(t, c.want, a.Verdict(c.name, c.id), "%s %s", c.name, c.id)
	}
	require.Equal(t, bridge.Undecided, incident.Actions{}.Verdict("", ""))
	require.Equal(t, "action: Approve", incident.ActionStatus("Approve"))
}
