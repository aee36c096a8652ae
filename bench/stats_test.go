package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

func TestMedian(t *testing.T) {
	require.InDelta(t, 2.0, samples{3 * ms, 1 * ms, 2 * ms}.median(), 1e-9)
	require.InDelta(t, 2.5, samples{4 * ms, 1 * ms, 3 * ms, 2 * ms}.median(), 1e-9)
	require.InDelta(t, 1.0, samples{1 * ms, 1 * ms, 900 * ms}.median(), 1e-9, "one slow sample does not move it")
	require.True(t, math.IsNaN(samples{}.median()))
}

func TestMedianLeavesTheOrderAlone(t *testing.T) {
	s := samples{3 * ms, 1 * ms, 2 * ms}
	s.median()
	require.Equal(t, samples{3 * ms, 1 * ms, 2 * ms}, s)
}

func TestPercentile(t *testing.T) {
	var s samples
	for i := range 100 {
		s = append(s, time.Duration(100-i)*ms)
	}
	require.InDelta(t, 50.0, s.percentile(50), 1e-9)
	require.InDelta(t, 99.0, s.percentile(99), 1e-9)
	require.InDelta(t, 100.0, s.percentile(100), 1e-9)
	require.InDelta(t, 1.0, s.percentile(0), 1e-9)
	require.InDelta(t, 7.0, samples{7 * ms}.percentile(99), 1e-9)
	require.True(t, math.IsNaN(samples{}.percentile(50)))
}

func TestRatioIsOfMedians(t *testing.T) {
	p := pair{bridge: samples{22 * ms, 24 * ms, 999 * ms}, floor: samples{20 * ms, 20 * ms, 1 * ms}}
	require.InDelta(t, 1.2, p.ratio(), 1e-9)
	require.True(t, math.IsNaN(pair{bridge: p.bridge}.ratio()))
}

func TestListShowsMilliseconds(t *testing.T) {
	require.Equal(t, "1.5, 20.0 ms", list(samples{1500 * time.Microsecond, 20 * ms}))
}
