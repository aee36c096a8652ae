package incident

import (
	"slices"
	"sync"
)

// Shows reports whether the notes that an object has hold one with a text, but for white space. It is how a note is known again where
// the vendor gives it no key of ours.
func Shows(notes []string, text string) bool {
	text = OneLine(text)
	return slices.ContainsFunc(notes, func(shown string) bool { return OneLine(shown) == text })
}

// maxOpened bounds the objects that are remembered as just opened.
const maxOpened = 10_000

// JustOpened are the objects that this process has opened and not tried to close yet: such an object cannot show its closing note, and need not
// be looked at first. It saves a call; a forgotten one costs it. The zero value is ready.
type JustOpened struct {
	mu  sync.Mutex
	ids map[string]bool
}

// Add puts an object among them.
func (j *JustOpened) Add(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ids == nil || len(j.ids) >= maxOpened {
		j.ids = make(map[string]bool)
	}
	j.ids[id] = true
}

// Take reports whether the object is among them, and takes it out.
func (j *JustOpened) Take(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	found := j.ids[id]
	delete(j.ids, id)
	return found
}
