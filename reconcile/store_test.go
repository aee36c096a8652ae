package reconcile

import (
	"context"
	"errors"
	"iter"
	"maps"
	"sync"

	"github.com/accessbridge/accessbridge/bridge"
)

// linkView is one instance's store: a local view of the links, true until another instance writes.
type linkView struct {
	i     *instance
	mu    sync.Mutex
	links map[bridge.LinkKey]string
	// stale holds requests with a write whose outcome is not known.
	stale map[string]bool
}

func (s *linkView) Link(id, target string) bridge.Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return decodeLink(s.links[bridge.LinkKey{RequestID: id, Target: target}])
}

func (s *linkView) LoadAll(context.Context) error {
	if err := s.i.read(); err != nil {
		return err
	}
	s.i.mu.Lock()
	s.i.calls["load"]++
	s.i.mu.Unlock()
	s.i.w.mu.Lock()
	now := maps.Clone(s.i.w.data)
	s.i.w.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = now
	return nil
}

func (s *linkView) Refresh(_ context.Context, id string) error {
	if err := s.i.effect("refresh", func() error { return nil }); err != nil {
		return err
	}
	s.i.w.mu.Lock()
	now := maps.Clone(s.i.w.data)
	s.i.w.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.links, func(k bridge.LinkKey, _ string) bool { return k.RequestID == id })
	for k, text := range now {
		if k.RequestID == id {
			s.links[k] = text
		}
	}
	delete(s.stale, id)
	return nil
}

func (s *linkView) Swap(ctx context.Context, id, target string, old, next bridge.Link) error {
	key := bridge.LinkKey{RequestID: id, Target: target}
	s.mu.Lock()
	stale := s.stale[id]
	s.mu.Unlock()
	if stale {
		if err := s.Refresh(ctx, id); err != nil {
			return err
		}
	}
	before, after := encodeLink(old), encodeLink(next)
	s.mu.Lock()
	same := s.links[key] == before
	s.mu.Unlock()
	if !same {
		return bridge.ErrConflict
	}
	phase := string(next.Phase)
	if next.Phase == bridge.PhaseNone {
		phase = "none"
	}
	err := s.i.effect("swap "+phase, func() error { return s.i.w.swap(key, before, after) })
	switch {
	case errors.Is(err, bridge.ErrConflict):
		if err := s.Refresh(ctx, id); err != nil {
			return err
		}
		return err
	case errors.Is(err, bridge.ErrGone) || bridge.NoEffect(err):
		return err
	case err != nil:
		s.mu.Lock()
		s.stale[id] = true
		s.mu.Unlock()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[key] = after
	if after == "" {
		delete(s.links, key)
	}
	return nil
}

func (s *linkView) Links() iter.Seq2[bridge.LinkKey, bridge.Link] {
	s.mu.Lock()
	now := maps.Clone(s.links)
	s.mu.Unlock()
	return func(yield func(bridge.LinkKey, bridge.Link) bool) {
		for k, text := range now {
			if !yield(k, decodeLink(text)) {
				return
			}
		}
	}
}

func (s *linkView) ByObject(target, objectID string) (string, bool) {
	for k, l := range s.Links() {
		if k.Target == target && objectID != "" && l.Ref.ID == objectID {
			return k.RequestID, true
		}
	}
	return "", false
}

func (s *linkView) Official(id, _ string) (bridge.Ref, bool) {
	s.i.w.mu.Lock()
	defer s.i.w.mu.Unlock()
	ref, ok := s.i.w.official[id]
	return ref, ok
}

// Forget drops the closed links of a request.
func (s *linkView) Forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.links, func(k bridge.LinkKey, text string) bool {
		return k.RequestID == id && decodeLink(text).Phase == bridge.PhaseClosed
	})
}
