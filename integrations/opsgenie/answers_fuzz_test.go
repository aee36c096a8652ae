package opsgenie

import (
	"net/http"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

func FuzzAnswers(f *testing.F) {
	set := defaults()
	set.Endpoint, set.RateLimit = "https://opsgenie.example.com", 0
	set.APIKey = config.NewSecret(testkit.AnswerSecret)
	set.Responders.Schedules = []string{"primary"}
	set.Decisions.Acknowledge, set.Decisions.Close = "approve", "deny"
	testkit.FuzzAnswers(f, testkit.Answered{
		Ref: bridge.Ref{ID: "teleport-access-request/" + testkit.RequestID}, Group: "Operations",
		OnCall: bridge.OnCallQuery{Schedules: []string{"primary"}},
		New: func(t testing.TB, network http.RoundTripper) bridge.Integration {
			it, err := New("oncall", set, Options{Transport: network})
			require.NoError(t, err)
			return it
		},
	})
}
