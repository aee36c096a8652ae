package main

import (
	"math"
	"slices"
	"time"
)

// samples are the durations of one kind, from all rounds.
type samples []time.Duration

// median is the middle value, or the mean of the two in the middle; NaN without any. It is in milliseconds.
func (s samples) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return millis(sorted[middle])
	}
	return (millis(sorted[middle-1]) + millis(sorted[middle])) / 2
}

// percentile is the smallest sample that at least p percent of all samples do not exceed, in milliseconds; NaN without any.
func (s samples) percentile(p float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return millis(sorted[min(max(rank, 1), len(sorted))-1])
}

// times multiplies every sample.
func (s samples) times(n int) samples {
	out := make(samples, len(s))
	for i, d := range s {
		out[i] = d * time.Duration(n)
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// pair holds the samples of the bridge and of the floor, which take turns.
type pair struct{ bridge, floor samples }

// ratio is how much longer the bridge takes than the floor, by their medians.
func (p pair) ratio() float64 { return p.bridge.median() / p.floor.median() }
