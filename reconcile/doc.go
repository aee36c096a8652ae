// Package reconcile brings outside objects and Teleport into agreement. It works from state and never from events: a queue key
// is a request id and says nothing about what happened. Each integration has a mirror with a queue of its own, which opens,
// updates and closes the object of a request; one judge turns the evidence the mirrors read into decisions. Correctness
// between instances rests on compare-and-swap of the link alone (docs/adr/0003-claims.md).
package reconcile
