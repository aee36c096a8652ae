package integrations

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

// What the table says of a type is judged by before any integration of it is made.
func TestTheTableSaysWhatEachTypeCanDo(t *testing.T) {
	for name, kind := range Builtin() {
		t.Run(name, func(t *testing.T) {
			made, err := kind.New("one", kind.Settings(), Options{})
			require.NoError(t, err)
			require.Equal(t, name, made.Type)
			require.Equal(t, "one", made.Ticketer.Name())
			require.Equal(t, kind.OnCall, made.OnCall != nil)
			require.Equal(t, kind.Groups, made.Groups != nil)
			_, groups := made.Ticketer.(bridge.GroupSource)
			require.Equal(t, kind.Groups, groups)
			_, onCall := made.Ticketer.(bridge.OnCallSource)
			require.Equal(t, kind.OnCall, onCall)
		})
	}
}

func TestSettingsOfAnotherTypeAreRefused(t *testing.T) {
	for name, kind := range Builtin() {
		_, err := kind.New("one", nil, Options{})
		require.ErrorContains(t, err, `integration "one"`, name)
	}
}
