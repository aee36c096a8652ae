package jsm

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

func TestAlerts(t *testing.T) { alertsuite.Run(t, setup{}.vendor()) }

func TestConformance(t *testing.T) {
	alertsuite.Conformance(t, setup{}.vendor(), func(t testing.TB, s alertsuite.Setup) (alertsuite.Server, string, []bridge.Actor) {
		users, groups := crowd(120)
		s.Account.Users = users
		srv := setup{sim: sim.Options{Groups: groups}}.start(t, s)
		return srv, sim.DefaultGroup, peopleOf(srv)
	})
}

func TestConfiguration(t *testing.T) {
	alertsuite.Configuration(t, setup{}.vendor(), access,
		func(t *testing.T, settings, target string) (config.Settings, *alerting.Settings, *alerting.Target, error) {
			s, of, err := parse(t, settings, target)
			if err != nil {
				return nil, nil, nil, err
			}
			return s, &s.Settings, of, nil
		})
}

// FuzzDecode feeds bodies that are wrong in every way: none of them is an error or a panic, and a hint always names an alert of ours.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"action":"Approve","alert":{"alertId":"x","alias":"` + alias + `","updatedAt":1767323046020000000,"userId":"712020:x"}}`))
	f.Add([]byte(`{"action":{"name":1},"alert":{"alertId":7,"alias":["x"],"updatedAt":"1767323046020000000"}}`))
	f.Add([]byte("\xff{"))
	j := setup{}.vendor().Plain(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := j.Decode(bridge.Inbound{Body: body})
		require.NoError(t, err)
		require.NotEmpty(t, d.Event)
		for _, hint := range d.Hints {
			require.Equal(t, "teleport-access-request/"+hint.RequestID, hint.ObjectID)
		}
	})
}
