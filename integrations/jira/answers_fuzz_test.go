package jira

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
)

// answered is an integration of one product with a script for a Jira.
func answered(flavour string) testkit.Answered {
	set := defaults()
	set.URL, set.Project, set.RateLimit = "https://jira.example.com", "ACC", 0
	set.Flavour, set.Token = flavour, config.NewSecret(testkit.AnswerSecret)
	if set.cloud() {
		set.Token, set.User, set.APIToken = config.Secret{}, "bot@example.com", config.NewSecret(testkit.AnswerSecret)
	}
	set.Statuses.Pending = []string{"To Do"}
	return testkit.Answered{
		Ref: bridge.Ref{ID: "10001", Key: "ACC-1"}, Group: "access-approvers",
		New: func(t testing.TB, network http.RoundTripper) bridge.Integration {
			j, err := New("itsm", set, Options{Transport: network})
			require.NoError(t, err)
			return j
		},
	}
}

func FuzzAnswersOfCloud(f *testing.F) { testkit.FuzzAnswers(f, answered(Cloud)) }

func FuzzAnswersOfDataCenter(f *testing.F) { testkit.FuzzAnswers(f, answered(DataCenter)) }
