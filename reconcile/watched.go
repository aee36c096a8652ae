package reconcile

import "github.com/accessbridge/accessbridge/bridge"

// watch remembers a closed object, so that listings can tell of what people do there afterwards where no webhook does.
func (m *mirror) watch(id string, link bridge.Link) {
	if !m.polls || m.decisions == nil || link.Ref.ID == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watched[link.Ref.ID] = id
}

// watchedObjects are the closed objects of requests that Teleport still knows, by their id. The others are forgotten.
func (m *mirror) watchedObjects() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	watched := map[string]string{}
	for object, id := range m.watched {
		if _, known := m.requests.Get(id); !known {
			delete(m.watched, object)
			continue
		}
		watched[object] = id
	}
	return watched
}

// settle has those closed objects read that were changed a while ago and not since, as a listing shows them for a while after each change. Most
// were changed by their closing alone, which costs one reading of each.
func (m *mirror) settle(before, now map[string]bool, watched map[string]string) {
	for object := range before {
		if id, ok := watched[object]; ok && !now[object] {
			m.heardLate(id, "")
		}
	}
}
