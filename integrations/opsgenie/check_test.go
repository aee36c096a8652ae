package opsgenie

import (
	"testing"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func TestCheckNamesEachFaultOfTheKeyWithItsMend(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Settings)
		fault    standin.Fault
		want     string
	}{
		"key":         {fault: standin.Fault{Status: 401}, want: "=> check api_key"},
		"read only":   {fault: standin.Fault{Method: "POST", Status: 403}, want: "key: it cannot change alerts"},
		"alerts only": {settings: func(s *Settings) { s.APIKey = config.NewSecret(sim.DefaultLimitedKey) }, want: "it cannot read schedules"},
		"no users":    {fault: standin.Fault{PathContains: "/users", Status: 403}, want: "it cannot read users, so that nobody can decide"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, vendor(c.settings).Faults(t, alertsuite.Setup{}, c.fault), c.want)
		})
	}
}
