package pagerduty_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// inbox is a receiver of PagerDuty's events.
type inbox struct{ *standintest.Inbox }

func receiver(t *testing.T, next func(n int) int) inbox {
	t.Helper()
	return inbox{standintest.Receive(t, next)}
}

// event is the event of the i-th delivery, from 0.
func (in inbox) event(t *testing.T, i int) standintest.Object {
	t.Helper()
	var out struct{ Event standintest.Object }
	require.NoError(t, json.Unmarshal(in.All()[i].Body, &out))
	return out.Event
}

// types are the types of all events that came.
func (in inbox) types(t *testing.T) []any {
	t.Helper()
	out := []any{}
	for i := range in.All() {
		out = append(out, in.event(t, i)["event_type"])
	}
	return out
}

// subscription is the body of a create.
func subscription(url string, more map[string]any) map[string]any {
	in := map[string]any{
		"type": "webhook_subscription", "events": []string{"incident.triggered", "incident.annotated"},
		"delivery_method": map[string]any{
			"type": "http_delivery_method", "url": url, "custom_headers": []any{map[string]any{"name": "X-Own", "value": "v"}},
		},
		"filter": map[string]any{"type": "account_reference"},
	}
	maps.Copy(in, more)
	return map[string]any{"webhook_subscription": in}
}
