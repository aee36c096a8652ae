package teleport

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/bridge"
)

// Store keeps the links in Teleport's plugin data. It holds a local view, which is true unless another instance has written since
// it was read; a write against an outdated view fails with bridge.ErrConflict and brings the view up to date.
type Store struct {
	client *Client
	log    *slog.Logger

	mu      sync.RWMutex
	records map[string]*record
	// learnt numbers everything learnt about single requests, to tell what is newer than the start of a bulk read.
	learnt uint64
	// objects finds the request of an object; the key's first part is the object's id.
	objects map[object]string
}

type object struct {
	id, target string
}

// NewStore returns an empty store. LoadAll fills it.
func NewStore(c *Client, log *slog.Logger) *Store {
	return &Store{client: c, log: logger(log), records: map[string]*record{}, objects: map[object]string{}}
}

// LoadAll reads the plugin data of all requests in one call and brings the local view up to date. What was written or read of a single
// request in the meantime is newer and stays.
func (s *Store) LoadAll(ctx context.Context) error {
	s.mu.RLock()
	begun := s.learnt
	s.mu.RUnlock()
	all, err := s.read(ctx, "", bulkTimeout)
	if err != nil {
		return fmt.Errorf("read all plugin data: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := make(map[string]struct{}, len(all))
	for _, data := range all {
		id := data.GetName()
		listed[id] = struct{}{}
		rec, known := s.records[id]
		if !known {
			rec = newRecord()
		}
		if rec.learnt <= begun {
			links, official := parse(data)
			s.put(id, rec, links, official)
		}
	}
	for id, rec := range s.records {
		if _, ok := listed[id]; !ok && rec.learnt <= begun {
			s.put(id, rec, nil, bridge.Ref{})
		}
	}
	return nil
}

func (s *Store) read(ctx context.Context, id string, timeout time.Duration) (found []types.PluginData, err error) {
	err = s.client.callWithin(ctx, timeout, func(ctx context.Context, api *client.Client) (err error) {
		found, err = api.GetPluginData(ctx, types.PluginDataFilter{Kind: types.KindAccessRequest, Resource: id})
		return err
	})
	if trace.IsNotFound(err) {
		return nil, nil
	}
	return found, err
}

// learn is put for what an answer about this one request has told. A record that has become empty stays until the next bulk read, so
// that one already on its way does not bring back what it held.
func (s *Store) learn(id string, rec *record, links map[string]stored, official bridge.Ref) {
	s.learnt++
	rec.learnt = s.learnt
	s.put(id, rec, links, official)
	s.records[id] = rec
}

// put replaces what is known of one request. It must be called with the lock held.
func (s *Store) put(id string, rec *record, links map[string]stored, official bridge.Ref) {
	s.unindex(id, rec)
	s.complain(id, rec, links)
	rec.links, rec.official, rec.stale = links, official, false
	if len(links) == 0 && official == (bridge.Ref{}) {
		delete(s.records, id)
		return
	}
	s.records[id] = rec
	for target, l := range links {
		if l.bad != nil {
			continue
		}
		for _, o := range l.objects(target) {
			s.objects[o] = id
		}
	}
}

// complain reports links that cannot be decoded, each text once.
func (s *Store) complain(id string, rec *record, links map[string]stored) {
	for target, l := range links {
		if l.bad != nil && rec.links[target].raw != l.raw {
			s.log.Error("Link in plugin data cannot be read and is left alone", "request_id", id, "integration", target, "error", l.bad)
		}
	}
}

func (s *Store) unindex(id string, rec *record) {
	for target, l := range rec.links {
		for _, o := range l.objects(target) {
			if s.objects[o] == id {
				delete(s.objects, o)
			}
		}
	}
}

// record returns the request's record for a call about it. A record that stays empty is dropped after the call.
func (s *Store) record(id string) *record {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, ok := s.records[id]
	if !ok {
		rec = newRecord()
		s.records[id] = rec
	}
	return rec
}

// Link returns the local view of a link; the zero Link when there is none. A link that cannot be decoded looks as if somebody else
// held it.
func (s *Store) Link(id, target string) bridge.Link {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rec, ok := s.records[id]
	if !ok {
		return bridge.Link{}
	}
	return rec.links[target].view(time.Now())
}

// Links yields every link in the local view, in no particular order.
func (s *Store) Links() iter.Seq2[bridge.LinkKey, bridge.Link] {
	return func(yield func(bridge.LinkKey, bridge.Link) bool) {
		now := time.Now()
		all := map[bridge.LinkKey]bridge.Link{}
		s.mu.RLock()
		for id, rec := range s.records {
			for target, l := range rec.links {
				all[bridge.LinkKey{RequestID: id, Target: target}] = l.view(now)
			}
		}
		s.mu.RUnlock()
		for k, l := range all {
			if !yield(k, l) {
				return
			}
		}
	}
}

// objects are the names under which the object of a link is found: its id, and the key that some webhooks know it by.
func (l stored) objects(target string) []object {
	var names []object
	for _, name := range []string{l.link.Ref.ID, l.link.Ref.Key} {
		if name != "" {
			names = append(names, object{name, target})
		}
	}
	return names
}

// ByObject returns the request that an object of a target belongs to, by the object's id or key.
func (s *Store) ByObject(target, objectID string) (requestID string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	requestID, ok = s.objects[object{objectID, target}]
	return requestID, ok
}

// Official returns the object that one of Teleport's own plugins has opened for the request, if any. Only the Jira plugin's records are
// known.
func (s *Store) Official(id, plugin string) (ref bridge.Ref, ok bool) {
	if plugin != officialPlugin {
		return bridge.Ref{}, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rec, known := s.records[id]
	if !known || rec.official.ID == "" {
		return bridge.Ref{}, false
	}
	return rec.official, true
}

// Forget drops the closed links of a request from the local view. Teleport deletes the data itself, about an hour after the access
// has ended.
func (s *Store) Forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, ok := s.records[id]
	if !ok {
		return
	}
	open := map[string]stored{}
	for target, l := range rec.links {
		if l.bad != nil || l.link.Phase != bridge.PhaseClosed {
			open[target] = l
		}
	}
	official := rec.official
	if len(open) == 0 {
		official = bridge.Ref{}
	}
	stale := rec.stale
	s.put(id, rec, open, official)
	rec.stale = stale
}

// Refresh reads the plugin data of one request again.
func (s *Store) Refresh(ctx context.Context, id string) error {
	rec := s.record(id)
	release, err := rec.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.refresh(ctx, id, rec)
}

// refresh must be called with the record busy.
func (s *Store) refresh(ctx context.Context, id string, rec *record) error {
	if id == "" {
		return gone(id)
	}
	found, err := s.read(ctx, id, s.client.callTimeout)
	if err != nil {
		return fmt.Errorf("read plugin data: %w", err)
	}
	links, official := map[string]stored{}, bridge.Ref{}
	for _, data := range found {
		if data.GetName() == id {
			links, official = parse(data)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learn(id, rec, links, official)
	return nil
}

// Swap replaces one link by compare-and-swap: `old` must be what Link returned, a zero `next` deletes the link. It costs one call.
//
// The error is bridge.ErrConflict when the link is not `old` any more, and the local view is then up to date; bridge.ErrGone when the
// request no longer exists and never had plugin data. After any other passing fault the outcome is unknown, and the next Swap reads
// the link first. A link that cannot be decoded is never overwritten.
func (s *Store) Swap(ctx context.Context, id, target string, old, next bridge.Link) error {
	if id == "" {
		return gone(id)
	}
	raw, err := encode(next)
	if err != nil {
		return bridge.Terminal(err)
	}
	rec := s.record(id)
	release, err := rec.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	before, err := s.expect(ctx, id, target, rec, old)
	if err != nil {
		return err
	}
	err = s.client.call(ctx, func(ctx context.Context, api *client.Client) error {
		return api.UpdatePluginData(ctx, types.PluginDataUpdateParams{
			Kind: types.KindAccessRequest, Resource: id, Plugin: pluginName,
			Set:    map[string]string{linkPrefix + target: raw},
			Expect: map[string]string{linkPrefix + target: before},
		})
	})
	if err != nil {
		return s.failed(ctx, id, target, rec, err)
	}
	s.swapped(id, target, rec, raw)
	return nil
}

// expect returns the text that must still be stored for the swap to succeed.
func (s *Store) expect(ctx context.Context, id, target string, rec *record, old bridge.Link) (string, error) {
	s.mu.RLock()
	stale := rec.stale
	s.mu.RUnlock()
	if stale {
		if err := s.refresh(ctx, id, rec); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := rec.links[target]
	switch {
	case now.bad != nil:
		return "", bridge.Terminal(fmt.Errorf("link %s of request %s: %w: it was written by another version or by hand, mend or delete the key %q of plugin %q",
			target, id, now.bad, linkPrefix+target, pluginName))
	case !now.is(old):
		s.drop(id, rec)
		return "", fmt.Errorf("link %s of request %s: %w", target, id, bridge.ErrConflict)
	default:
		return now.raw, nil
	}
}

// failed turns Teleport's error about a swap into ours and notes what is to be done about the local view.
func (s *Store) failed(ctx context.Context, id, target string, rec *record, err error) error {
	switch {
	case trace.IsCompareFailed(err):
		s.markStale(rec)
		if rerr := s.refresh(ctx, id, rec); rerr != nil {
			s.log.Debug("Plugin data could not be read after a conflict", "request_id", id, "error", rerr)
		}
		return fmt.Errorf("link %s of request %s: %w", target, id, bridge.ErrConflict)
	case trace.IsNotFound(err):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(id, rec)
		return fmt.Errorf("link %s: %w", target, gone(id))
	case bridge.NoEffect(err):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(id, rec)
	default:
		s.markStale(rec)
	}
	return fmt.Errorf("write link %s of request %s: %w", target, id, err)
}

func (s *Store) markStale(rec *record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.stale = true
}

// drop forgets a record that holds nothing. It must be called with the lock held.
func (s *Store) drop(id string, rec *record) {
	if len(rec.links) == 0 && rec.official == (bridge.Ref{}) && !rec.stale && rec.learnt == 0 && s.records[id] == rec {
		delete(s.records, id)
	}
}

// swapped takes a successful swap over into the local view, decoded from what was written, as every other instance will see it.
func (s *Store) swapped(id, target string, rec *record, raw string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	links := make(map[string]stored, len(rec.links)+1)
	for t, l := range rec.links {
		if t != target {
			links[t] = l
		}
	}
	if raw != "" {
		links[target] = decode(raw)
	}
	s.learn(id, rec, links, rec.official)
}
