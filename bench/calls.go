package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tally is how often each operation was called.
type tally map[string]int

// background are the calls of Teleport that do not belong to a request: the connection, the watch, and the list of users on a timer.
// ListAccessRequests counts, although it also lists all requests on a timer: it is how one request is read by its id.
func background() []string { return []string{"Ping", "WatchEvents", "ListUsers"} }

// since subtracts an earlier tally.
func (t tally) since(earlier tally) tally {
	out := tally{}
	for name, n := range t {
		if d := n - earlier[name]; d != 0 {
			out[name] = d
		}
	}
	return out
}

// without drops operations.
func (t tally) without(names []string) tally {
	out := maps.Clone(t)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// plus adds another tally.
func (t tally) plus(other tally) tally {
	out := tally{}
	maps.Copy(out, t)
	for name, n := range other {
		out[name] += n
	}
	return out
}

func (t tally) total() int {
	sum := 0
	for _, n := range t {
		sum += n
	}
	return sum
}

// per is the number of calls for each of n requests.
func (t tally) per(n int) float64 { return float64(t.total()) / float64(n) }

// String lists the operations by name.
func (t tally) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, t[name]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// calls are the tallies of both sides.
type calls struct{ vendor, teleport tally }

func (w *world) calls() calls { return calls{vendor: w.jira.Calls(), teleport: w.teleport.Calls()} }

// since is what was called after an earlier count, without Teleport's background.
func (c calls) since(earlier calls) calls {
	return calls{vendor: c.vendor.since(earlier.vendor), teleport: c.teleport.since(earlier.teleport).without(background())}
}

func (c calls) plus(other calls) calls {
	return calls{vendor: c.vendor.plus(other.vendor), teleport: c.teleport.plus(other.teleport)}
}
