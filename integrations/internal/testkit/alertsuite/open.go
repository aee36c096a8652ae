package alertsuite

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func openCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"OpenSendsTheWholeRequest":                  openSendsTheWholeRequest,
		"TextIsCutOnRunes":                          textIsCutOnRunes,
		"HowToDecideIsOnTheAlert":                   howToDecideIsOnTheAlert,
		"AnOpenAlertOfTheOfficialPluginIsTakenOver": anOpenAlertOfTheOfficialPluginIsTakenOver,
		"P2_ALostAnswerIsAdoptedByItsAlias":         aLostAnswerIsAdoptedByItsAlias,
		"P2_ManyAtOnceLookUpOnce":                   manyAtOnceLookUpOnce,
		"PreviewShowsWhatIsWritten":                 previewShowsWhatIsWritten,
	}
}

func openSendsTheWholeRequest(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) {
		s.Priority, s.Tags = "P2", []string{"jit"}
		s.Responders = alerting.Responders{
			Schedules: []string{"PRIMARY"}, Teams: []string{"operations"}, Users: []string{"Bob@example.com"}, Escalations: []string{account.DefaultEscalation},
		}
	}})
	ref := s.Opened(t)
	s.Golden(t, "open.golden")
	a := s.Shown(t)
	require.Equal(t, Alias, a.Alias)
	require.Equal(t, "P2", a.Priority)
	require.Equal(t, []string{"Approve", "Deny"}, a.Actions)
	require.Equal(t, []string{"accessbridge", "jit"}, a.Tags)
	require.Len(t, a.Responders, 4)
	require.Equal(t, bridge.Ref{
		ID: Alias, Key: "alert of request 11111111",
		URL: v.Page(s.URL()) + "?query=alias%3A+%22teleport-access-request%2F" + testkit.RequestID + "%22",
	}, ref)
}

func textIsCutOnRunes(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	d := testkit.Draft()
	d.Request.User, d.Request.Reason = strings.Repeat("漢🔥", 200), strings.Repeat("漢🔥", 20_000)
	for n := range 2000 {
		d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("роль-%d", n))
	}
	_, err := s.Open(t.Context(), testkit.Marker(), d)
	require.NoError(t, err)
	a := s.Shown(t)
	require.Equal(t, 130, utf8.RuneCountInString(a.Message))
	require.LessOrEqual(t, utf8.RuneCountInString(a.Description), 15_000)
	require.NotContains(t, a.Message+a.Description, "\uFFFD")
}

func howToDecideIsOnTheAlert(t *testing.T, v Vendor) {
	for name, c := range map[string]struct {
		settings func(*alerting.Settings)
		has, not string
	}{
		"both":       {nil, `"Approve"`, "close the alert"},
		"mapped":     {func(s *alerting.Settings) { s.Decisions.Close, s.Decisions.Acknowledge = "deny", "approve" }, "close the alert to deny", "nothing"},
		"no actions": {func(s *alerting.Settings) { s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "", "" }, `"approve"`, "run the action"},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: c.settings})
			s.Opened(t)
			require.Contains(t, s.Shown(t).Description, c.has)
			require.NotContains(t, s.Shown(t).Description, c.not)
			require.Contains(t, s.Shown(t).Description, "on call")
		})
	}
}

// An open alert of Teleport's own plugin has the same alias.
func anOpenAlertOfTheOfficialPluginIsTakenOver(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	theirs, err := s.AddAlert("", account.Draft{Message: "Access request from dave", Alias: Alias})
	require.NoError(t, err)
	ref, err := s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Equal(t, ref.ID, s.Opened(t).ID)
	require.Len(t, s.Alerts(), 1)
	require.NoError(t, s.Update(t.Context(), *ref, testkit.Notes()))
	require.NoError(t, s.Close(t.Context(), *ref, testkit.Closing(bridge.EndDenied)))
	a, _ := s.Alert(theirs.ID)
	require.False(t, a.Open())
	require.Len(t, a.Notes, 3)
}

func aLostAnswerIsAdoptedByItsAlias(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	s.Inject(LosesAnswer("POST", "/alerts"))
	_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.Error(t, err)
	require.False(t, bridge.NoEffect(err))
	ref, err := s.Find(t.Context(), testkit.Marker())
	require.NoError(t, err)
	require.Equal(t, Alias, ref.ID)
	require.Equal(t, *ref, s.Opened(t), "and asked for once more it is still one")
	require.Len(t, s.Alerts(), 1)
}

func manyAtOnceLookUpOnce(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	var wg sync.WaitGroup
	for n := range 100 {
		wg.Go(func() {
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: fmt.Sprintf("r-%d", n)}, testkit.Draft())
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 100, s.Counted()["POST /alerts"])
	require.Equal(t, 1, s.Counted()["GET /schedules"])
	require.Len(t, s.Counted(), 2, "%v", s.Counted())
}

// What a preview shows is what the product is sent, for the integration's templates and a route's.
func previewShowsWhatIsWritten(t *testing.T, v Vendor) {
	for name, c := range map[string]struct {
		target *alerting.Target
		title  string
	}{
		"the integration's": {nil, "For dave@example.com"},
		"the route's":       {&alerting.Target{Texts: incident.Texts{Title: "{{.Object}} of {{upper .Request.User}}"}}, "alert of DAVE@EXAMPLE.COM"},
		"a failing one":     {&alerting.Target{Texts: incident.Texts{Title: "{{index .Request.Roles 99}}"}}, "Access request: dave@example.com asks for 2 resources (node db-1, app grafana)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Title, s.Body = "For {{.Request.User}}", "Body: {{.HowToDecide}}" }})
			d := testkit.Draft()
			if c.target != nil {
				d.Settings = c.target
			}
			seen, err := s.Preview(t.Context(), d, []bridge.Note{{ID: "n", Text: "a\x00\r\nb"}})
			require.NoError(t, err)
			_, err = s.Open(t.Context(), testkit.Marker(), d)
			require.NoError(t, err)
			a := s.Shown(t)
			require.Equal(t, c.title, a.Message)
			require.Contains(t, a.Description, "Body: To decide, ")
			require.Equal(t, bridge.Preview{Title: a.Message, Body: a.Description, Notes: []string{"a\nb"}}, seen)
		})
	}
	s := v.Site(t, Setup{})
	_, err := s.Preview(t.Context(), bridge.Draft{Settings: "of another vendor"}, nil)
	require.ErrorContains(t, err, "the settings of the route are string")
}
