package jsm

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
)

func FuzzAnswers(f *testing.F) {
	set := defaults()
	set.Site, set.Endpoint, set.RateLimit = "https://jsm.example.com", "https://jsm.example.com", 0
	set.User, set.APIToken = "bot@example.com", config.NewSecret(testkit.AnswerSecret)
	set.Unverified = Unverified{Owners: OwnersAccountID, Log: true, Teams: true, Escalations: true}
	set.Responders.Schedules = []string{"primary"}
	set.Decisions.Acknowledge, set.Decisions.Close = "approve", "deny"
	testkit.FuzzAnswers(f, testkit.Answered{
		Ref: bridge.Ref{ID: "teleport-access-request/" + testkit.RequestID}, Group: "operations-people",
		OnCall: bridge.OnCallQuery{Schedules: []string{"primary"}},
		New: func(t testing.TB, network http.RoundTripper) bridge.Integration {
			it, err := New("oncall", set, Options{Transport: network})
			require.NoError(t, err)
			return it
		},
	})
}
