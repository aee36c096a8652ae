package pagerduty

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
	set.From, set.Service, set.RateLimit = "bot@example.com", "Production", 0
	set.APIToken = config.NewSecret(testkit.AnswerSecret)
	set.Decisions.Acknowledge, set.Decisions.Resolve = "approve", "deny"
	testkit.FuzzAnswers(f, testkit.Answered{
		Ref: bridge.Ref{ID: "Q0000000000001"}, Group: "Operations", OnCall: bridge.OnCallQuery{Services: []string{"Production"}, Schedules: []string{"primary"}},
		New: func(t testing.TB, network http.RoundTripper) bridge.Integration {
			p, err := New("oncall", set, Options{Transport: network})
			require.NoError(t, err)
			return p
		},
	})
}
