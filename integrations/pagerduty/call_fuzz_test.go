package pagerduty

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzPause holds the reading of PagerDuty's own header to this: only a call that was limited and has no standard header pauses the account, by
// as long as it says, but for a second at least and never for longer than an account may pause.
func FuzzPause(f *testing.F) {
	f.Fuzz(func(t *testing.T, status uint16, reset, standard string) {
		header := http.Header{}
		header.Set("Ratelimit-Reset", reset)
		if standard != "" {
			header.Set("Retry-After", standard)
		}
		var p pause
		before := time.Now()
		after, told := p.note(&http.Response{StatusCode: int(status), Header: header})
		if !told {
			require.Zero(t, after)
			require.Zero(t, p.until())
			return
		}
		require.EqualValues(t, http.StatusTooManyRequests, status)
		require.Empty(t, standard)
		require.GreaterOrEqual(t, after, time.Second)
		require.LessOrEqual(t, after, maxPause)
		seconds, err := strconv.ParseFloat(reset, 64)
		require.NoError(t, err)
		require.GreaterOrEqual(t, after.Seconds(), min(seconds, maxPause.Seconds()))
		require.False(t, p.until().Before(before.Add(after)))
		require.False(t, p.until().After(time.Now().Add(after)))
	})
}
