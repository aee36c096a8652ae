package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

func TestRotaIsReadAgainWithinBounds(t *testing.T) {
	for every, fault := range map[time.Duration]string{
		time.Second: "", 10 * time.Minute: "", 0: "on_call_every: 0s is too short", 999 * time.Millisecond: "too short", 11 * time.Minute: "too long",
	} {
		p := config.NewProblems("config.yaml")
		incident.Rota{OnCallEvery: config.Duration(every)}.Check(p)
		if fault == "" {
			require.NoError(t, p.Err(), every)
			continue
		}
		require.ErrorContains(t, p.Err(), fault)
	}
}

// Reading more often would be of no use if the answers were older than that.
func TestAnswersThatApproveAreNoOlderThanThePause(t *testing.T) {
	rota := incident.DefaultRota()
	require.Equal(t, 30*time.Second, rota.OnCallEvery.Std())
	require.Equal(t, 3*time.Second, rota.ShiftsFor())
	rota.OnCallEvery = config.Duration(time.Second)
	require.Equal(t, time.Second, rota.ShiftsFor())
}
