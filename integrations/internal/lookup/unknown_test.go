package lookup_test

import (
	"fmt"
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/stretchr/testify/require"
)

func TestAnUnknownNameIsNamedWithItsNeighbours(t *testing.T) {
	err := lookup.Unknown("Opsgenie", "team", "Platfrom", []string{"Payments", "Platform", "Security"})
	require.EqualError(t, err, `team "Platfrom" (did you mean Platform?): not found in Opsgenie`)
	require.ErrorIs(t, fmt.Errorf("x: %w", err), lookup.ErrUnknown)
	require.EqualError(t, lookup.Unknown("Opsgenie", "user", "a@b.c", nil), `user "a@b.c": not found in Opsgenie`)

	err = lookup.Ambiguous("Opsgenie", "ops", 2)
	require.ErrorIs(t, err, lookup.ErrUnknown)
	require.ErrorContains(t, err, `2 objects are called "ops"`)
}

func TestNear(t *testing.T) {
	names := []string{"Production", "production", "Production EP", "Staging", "", "Prod", "Pre-Production", "Production"}
	require.Equal(t, []string{"Production", "production", "Prod"}, lookup.Near("prodution", append(names, "x")))
	require.Equal(t, []string{"Prod", "Production", "production"}, lookup.Near("PROD", names), "names that contain it")
	require.Empty(t, lookup.Near("nothing like it", names))
	require.Equal(t, []string{"P1"}, lookup.Near("P9", []string{"P1"}), "short names may differ by two letters")
}
