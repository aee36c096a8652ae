package teleport

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/gravitational/teleport/api/types"
)

// Request returns a copy of a request, if it exists and has not expired.
func (s *Server) Request(id string) (types.AccessRequest, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	req := s.live(id)
	if req == nil {
		return nil, false
	}
	return req.Copy(), true
}

// Requests returns copies of all requests that have not expired, oldest first.
func (s *Server) Requests() []types.AccessRequest {
	s.mu.RLock()
	all := s.allLive()
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b *types.AccessRequestV3) int {
		return cmp.Or(a.Spec.Created.Compare(b.Spec.Created), cmp.Compare(a.GetName(), b.GetName()))
	})
	out := make([]types.AccessRequest, len(all))
	for i, req := range all {
		out[i] = req.Copy()
	}
	return out
}

// Delete removes a request, as when its requester or an administrator removes it:
// watchers see a delete event, plugin data stays.
func (s *Server) Delete(id string) error { return s.deleteAs("", id) }

// Expire makes a request vanish as its time to live would. Watchers see it only
// with Options.ExpiryEvents; plugin data stays.
func (s *Server) Expire(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live(id) == nil {
		return errNoRequest(id)
	}
	s.expire(id)
	return nil
}

// live returns a request unless it is absent or expired; mu must be held.
func (s *Server) live(id string) *types.AccessRequestV3 {
	req := s.requests[id]
	if req == nil || expired(req, s.now()) {
		return nil
	}
	return req
}

// allLive returns all unexpired requests in no order; mu must be held.
func (s *Server) allLive() []*types.AccessRequestV3 {
	now := s.now()
	all := make([]*types.AccessRequestV3, 0, len(s.requests))
	for _, req := range s.requests {
		if !expired(req, now) {
			all = append(all, req)
		}
	}
	return all
}

// put stores a new version of a request and tells the watchers; mu must be held.
func (s *Server) put(req *types.AccessRequestV3) {
	req.Metadata.Revision = uuid.NewString()
	s.requests[req.GetName()] = req
	s.publishPut(req)
}

// expire forgets a request whose time is over; mu must be held.
func (s *Server) expire(id string) {
	delete(s.requests, id)
	s.record(AuditEntry{Kind: AuditExpire, Request: id})
	if s.opts.ExpiryEvents {
		s.publishDelete(id)
	}
}

// sweepUntil forgets what has expired, until stop is closed.
func (s *Server) sweepUntil(stop <-chan struct{}) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			s.sweep()
		}
	}
}

func (s *Server) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, req := range s.requests {
		if expired(req, now) {
			s.expire(id)
		}
	}
	for id, data := range s.data {
		if !now.Before(data.Expiry()) {
			delete(s.data, id)
		}
	}
}

func expired(req *types.AccessRequestV3, now time.Time) bool { return !now.Before(req.Expiry()) }

// setExpiry sets when the request vanishes, in both places where clients look.
func setExpiry(req *types.AccessRequestV3, at time.Time) {
	at = at.UTC()
	req.Metadata.Expires = &at
	req.Spec.ResourceExpiry = &at
}

// edit returns a copy whose fields may be replaced; what they point to is shared
// and must not be changed in place.
func edit(req *types.AccessRequestV3) *types.AccessRequestV3 {
	next := *req
	return &next
}
