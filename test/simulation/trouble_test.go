package simulation

import (
	"time"
)

// trouble does what befalls instances and Teleport.
func (w *world) trouble(s step) {
	switch s.Kind {
	case stepCrash:
		if i := w.at(s.N); i != nil {
			i.crashAt(s.Count, s.Text == "after")
			i.rest(s.For)
		}
	case stepStop:
		if i := w.at(s.N); i != nil && !i.isDead() {
			w.note("%s is stopped", i.name)
			i.rest(s.For)
			i.stop()
		}
	case stepTeleport:
		switch s.Text {
		case "stop":
			w.teleport.Stop()
			time.AfterFunc(s.For, func() {
				if err := w.teleport.Start(); err != nil {
					w.note("Teleport does not start: %v", err)
				}
			})
		case "drop":
			w.teleport.DropConnections()
		default:
			w.teleport.BreakWatchers()
		}
	default:
	}
}

// at is the instance in a place.
func (w *world) at(n int) *instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instances[n%len(w.instances)]
}

// rest says how long the instance's place stays empty once this life has ended.
func (i *instance) rest(pause time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pause = pause
}

// keep starts the instance's place again after this life, until the history is over.
func (i *instance) keep() {
	<-i.ended
	if i.w.ctx.Err() != nil {
		return
	}
	if i.err != nil && !i.isDead() {
		i.w.note("%s ended by itself: %v", i.name, i.err)
		i.w.broken("P1", "%s ended by itself: %v", i.name, i.err)
	}
	i.mu.Lock()
	pause := i.pause
	i.mu.Unlock()
	_ = wait(i.w.troubled, pause)
	if i.w.ctx.Err() != nil {
		return
	}
	if err := i.w.start(i.n); err != nil {
		i.w.broken("P1", "%s does not start again: %v", i.name, err)
	}
}

// heal ends all trouble.
func (w *world) heal() {
	w.note("-- all is well again")
	w.faults.clear()
	w.hooks.clear()
	for _, where := range append([]string{teleportName}, w.Setup.Vendors...) {
		w.setClock(where, 0)
	}
	for _, i := range w.living() {
		i.spare()
	}
	w.healed()
	if err := w.teleport.Start(); err != nil {
		w.broken("P1", "Teleport does not start: %v", err)
	}
}
