package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/stretchr/testify/require"
)

// RequestID is the id of the request that Draft describes.
const RequestID = "11111111-2222-3333-4444-555555555555"

// Marker is what its object is known by.
func Marker() bridge.Marker { return bridge.Marker{RequestID: RequestID} }

// Draft is a pending request with everything in it but annotations.
func Draft() bridge.Draft {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return bridge.Draft{
		WebURL: "https://tele.example.com/web/requests/" + RequestID,
		Request: bridge.Request{
			ID:      RequestID,
			Cluster: "tele.example.com",
			User:    "dave@example.com",
			Roles:   []string{"prod-db", "prod-web"},
			Resources: []bridge.Resource{
				{Cluster: "tele.example.com", Kind: "node", Name: "8a6f", Title: "db-1"},
				{Cluster: "tele.example.com", Kind: "app", Name: "grafana"},
			},
			Reason:             "Fix the outage\nsee ticket 7",
			State:              bridge.StatePending,
			Created:            created,
			PendingUntil:       created.Add(time.Hour),
			AccessUntil:        created.Add(9 * time.Hour),
			MaxDuration:        8 * time.Hour,
			SuggestedReviewers: []string{"bob@example.com"},
			Thresholds:         []bridge.Threshold{{Approve: 2, Deny: 1}},
		},
	}
}

// Notes are two notes; the second has two lines.
func Notes() []bridge.Note {
	return []bridge.Note{{ID: "a", Text: "bob approved this request in Teleport: fine"}, {ID: "b", Text: "Two lines\r\nof text"}}
}

// Closing is the outcome of an ending, with its note.
func Closing(ending bridge.Ending) bridge.Outcome {
	return bridge.Outcome{Ending: ending, Note: bridge.Note{ID: "end", Text: "The request is " + string(ending) + "."}}
}

// Secrets are secrets given inline.
func Secrets(list ...string) config.Secrets {
	out := make(config.Secrets, len(list))
	for i, s := range list {
		out[i] = config.NewSecret(s)
	}
	return out
}

// Canceled is a context that has ended.
func Canceled(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// Valid fails the test if settings have a fault.
func Valid(t testing.TB, s config.Settings) {
	t.Helper()
	problems := config.NewProblems("config.yaml")
	s.Validate(problems)
	require.NoError(t, problems.Err())
}
