package testkit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

// patience is how long a call may take to notice that its context has ended, on the slowest machine.
const patience = time.Minute

// EveryCode checks the class of the error of a create call, for every code a vendor may answer. open makes a new integration, lets the
// vendor answer the call with a code and a Retry-After header, unless that is empty, and returns the call's error.
func EveryCode(t *testing.T, open func(t *testing.T, code int, retryAfter string) error) {
	t.Helper()
	for _, c := range []struct {
		code     int
		after    string
		class    bridge.Class
		noEffect bool
	}{
		{400, "", bridge.ClassTerminal, true},
		{401, "", bridge.ClassTerminal, true},
		{403, "", bridge.ClassTerminal, true},
		{404, "", bridge.ClassTerminal, true},
		{408, "", bridge.ClassRetry, false},
		{409, "", bridge.ClassRetry, true},
		{413, "", bridge.ClassTerminal, true},
		{422, "", bridge.ClassTerminal, true},
		{425, "", bridge.ClassRetry, true},
		{429, "7", bridge.ClassWait, true},
		{500, "", bridge.ClassRetry, false},
		{502, "", bridge.ClassRetry, false},
		{503, "", bridge.ClassRetry, false},
		{503, "7", bridge.ClassWait, false},
		{504, "", bridge.ClassRetry, false},
	} {
		t.Run(fmt.Sprint(c.code, c.after), func(t *testing.T) {
			err := open(t, c.code, c.after)
			class, after := bridge.ClassOf(err)
			require.Equal(t, c.class, class, "%v", err)
			require.Equal(t, c.noEffect, bridge.NoEffect(err), "%v", err)
			if c.after != "" {
				require.Equal(t, 7*time.Second, after)
			}
			require.ErrorContains(t, err, fmt.Sprint(c.code))
		})
	}
}

// EndWithContext checks that calls to a vendor that never answers end with their context.
func EndWithContext(t *testing.T, calls map[string]func(context.Context) error) {
	t.Helper()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- call(ctx) }()
			cancel()
			select {
			case err := <-done:
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(patience):
				require.Fail(t, "the call did not end")
			}
		})
	}
}

// Vector is a published example of a signed delivery.
type Vector struct {
	Scheme  string            `json:"scheme"`
	Secret  string            `json:"secret"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

// Vectors reads the examples of a scheme from a file; there must be one.
func Vectors(t testing.TB, file, scheme string) []Vector {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var all, out []Vector
	require.NoError(t, json.Unmarshal(raw, &all))
	for _, v := range all {
		if v.Scheme == scheme {
			out = append(out, v)
		}
	}
	require.NotEmpty(t, out)
	return out
}
