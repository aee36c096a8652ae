package reconcile

import (
	"iter"
	"maps"
	"slices"
)

// sorted yields a map in the order of its keys, so that the same things happen in the same order in every process.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
