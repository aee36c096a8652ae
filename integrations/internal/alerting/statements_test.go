package alerting

import (
	"fmt"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func TestTheLogIsUnderstood(t *testing.T) {
	all := tracker(func(s *Settings) { s.Decisions.Acknowledge, s.Decisions.Close = "approve", "deny" })
	for text, want := range map[string]string{
		// Uses of an action, in the forms that are thinkable.
		"Executed [Approve] action via web":              "action: Approve approve",
		"Executed [deny] action via mobile":              "action: deny deny",
		`Executed action "Approve"`:                      "action: Approve approve",
		"Executed custom action [Approve] via web":       "action: Approve approve",
		"Executed custom action: Approve via web":        "action: Approve approve",
		"Executed Approve action":                        "action: Approve approve",
		"Custom action [Deny] was executed by Alice":     "action: Deny deny",
		"Action 'Approve' executed via Slack":            "action: Approve approve",
		"Alert action Deny performed.":                   "action: Deny deny",
		"Executed the custom action Approve.":            "action: Approve approve",
		"Alert acknowledged via web":                     "acknowledged approve",
		"The alert was acknowledged via mobile":          "acknowledged approve",
		"Alert closed via web":                           "closed deny",
		"Closed by policy":                               "closed deny",
		"Alert unacknowledged via web":                   "",
		"Alert created via API":                          "",
		"Viewed on [web]":                                "",
		"Executed [Restart] action via web":              "",
		"Executed [Approve later] action via web":        "",
		"Executed [Restart] action [Approve] via web":    "",
		"Added note [Executed [Approve] action via web]": "",
		"Added note [Alert closed] via web":              "",
		"Added tags [Approve] via web":                   "",
		"Approve":                                        "",
		"Action items: Approve":                          "",
		"Reclosed the window":                            "",
		"closedown planned":                              "",
		"":                                               "",
	} {
		status, verdict := all.meaning(text)
		got := ""
		if verdict != bridge.Undecided {
			got = status + " " + string(verdict)
		}
		require.Equal(t, want, got, text)
	}
	none := tracker(nil)
	for _, text := range []string{"Alert acknowledged via web", "Alert closed via web"} {
		_, verdict := none.meaning(text)
		require.Equal(t, bridge.Undecided, verdict)
	}
}

func TestProgramsAreToldByTheWayTheyCame(t *testing.T) {
	for text, want := range map[string]bool{
		"Alert closed via API": true, "Alert closed via api": true, "Executed [Approve] action via [API]": true, "x via REST API": true,
		"Alert closed via integration": true, "Alert closed via web": false, "Alert closed via mobile": false, "Alert closed via Apiary": false,
		"API": false, "": false,
	} {
		require.Equal(t, want, byProgram(text), text)
	}
}

func TestAReasonIsTheNearestNoteOfTheSamePerson(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := Entry{Text: "Executed [Deny] action via web", Owner: "a", At: at}
	require.Equal(t, "now", reasonBeside(e, []Note{
		{Text: "long ago", Owner: "a", At: at.Add(-time.Hour)},
		{Text: "before", Owner: "a", At: at.Add(-time.Second)},
		{Text: "another's", Owner: "b", At: at},
		{Text: "now", Owner: "a", At: at.Add(time.Millisecond)},
	}))
	require.Empty(t, reasonBeside(e, []Note{{Text: "x", Owner: "a", At: at.Add(3 * time.Second)}}))
}

func FuzzMeaning(f *testing.F) {
	for _, seed := range []string{"Executed [Approve] action via web", "action [", "Executed '", "Custom action  executed", "Executed  action: "} {
		f.Add(seed)
	}
	all := tracker(func(s *Settings) { s.Decisions.Acknowledge, s.Decisions.Close = "approve", "deny" })
	f.Fuzz(func(t *testing.T, text string) {
		status, verdict := all.meaning(text)
		require.Equal(t, verdict == bridge.Undecided, status == "" || verdict == bridge.Undecided)
		_, again := all.meaning("Added note [" + text)
		require.Equal(t, bridge.Undecided, again, "what follows other words is no statement")
	})
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	var m memory
	for n := range maxKept + 100 {
		m.change(fmt.Sprint(n), func(k *kept) { k.id = "x" })
	}
	require.Len(t, m.alerts, maxKept)
	m.change("new", func(*kept) {})
	require.Len(t, m.alerts, maxKept, "nothing known is not kept")
	for alias := range m.alerts {
		m.change(alias, func(k *kept) { *k = kept{} })
	}
	require.Empty(t, m.alerts)
	m.change("a", func(k *kept) { k.fresh = true })
	require.True(t, m.takeFresh("a"))
	require.False(t, m.takeFresh("a"))
}

func TestAnAlertIsPendingForAWhileOnly(t *testing.T) {
	now := time.Now()
	require.True(t, kept{request: "r", at: now.Add(-time.Minute)}.pending(now))
	require.False(t, kept{request: "r", at: now.Add(-time.Hour)}.pending(now))
	require.False(t, kept{at: now}.pending(now))
}
