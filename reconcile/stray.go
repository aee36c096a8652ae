package reconcile

import (
	"maps"
	"time"
)

const (
	// strayFor is how long a hint about an unknown object is kept. The object of a claim is known after a shorter time, and what is kept
	// longer the next listing finds.
	strayFor = 3 * time.Minute
	// mostStrays bounds what is kept: most hints about unknown objects are about objects that are none of ours.
	mostStrays = 1000
)

// stray is a hint about an object that no known link names. It may have been opened a moment ago, here or by another instance.
type stray struct {
	delivery string
	at       time.Time
}

// keepStray keeps a hint until a link names the object.
func (m *mirror) keepStray(object, delivery string) {
	if object == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if len(m.strays) >= mostStrays {
		maps.DeleteFunc(m.strays, func(_ string, s stray) bool { return now.Sub(s.at) >= strayFor })
	}
	if len(m.strays) < mostStrays {
		m.strays[object] = stray{delivery: delivery, at: now}
	}
}

// claimStray makes a kept hint one about the request whose object it names. It reports whether there was one.
func (m *mirror) claimStray(id, object string) bool {
	m.mu.Lock()
	s, ok := m.strays[object]
	delete(m.strays, object)
	m.mu.Unlock()
	if !ok || time.Since(s.at) >= strayFor {
		return false
	}
	m.setDue(id, s.delivery)
	return true
}
