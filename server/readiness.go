package server

import (
	"errors"
	"sync/atomic"
)

var (
	errNotReady = errors.New("still connecting to Teleport or listing requests")
	errStopping = errors.New("stopping")
)

// readiness goes from starting to ready, and from either to stopping, which is final: a start that is done only after the stop began does not
// make the bridge ready again. The zero value is starting.
type readiness struct{ state atomic.Int32 }

const (
	stateStarting int32 = iota
	stateReady
	stateStopping
)

func (r *readiness) up()   { r.state.CompareAndSwap(stateStarting, stateReady) }
func (r *readiness) down() { r.state.Store(stateStopping) }

// err says why the bridge is not ready; nil when it is.
func (r *readiness) err() error {
	switch r.state.Load() {
	case stateReady:
		return nil
	case stateStopping:
		return errStopping
	default:
		return errNotReady
	}
}
