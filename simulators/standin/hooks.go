package standin

import "sync"

// Hooks are functions that want to hear of every change of an object. The zero value has none.
type Hooks[T any] struct {
	mu   sync.RWMutex
	list []func(T)
}

// Add adds a hook. It must not block.
func (h *Hooks[T]) Add(hook func(T)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, hook)
}

// Tell calls every hook, in the order in which they were added.
func (h *Hooks[T]) Tell(object T) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, hook := range h.list {
		hook(object)
	}
}
