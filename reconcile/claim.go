package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// unusedClaim is a claim that this process has tried to write, and under which it has not asked the vendor to create anything yet.
type unusedClaim struct {
	claim bridge.Link
	// search is true where somebody may have created the object under an earlier claim.
	search bool
}

// stands reports whether a link is this very claim.
func (u unusedClaim) stands(link bridge.Link) bool {
	return link.Phase == bridge.PhaseClaimed && link.Owner == u.claim.Owner && link.Until.Equal(u.claim.Until)
}

// claiming remembers a claim that is about to be written. If the answer to the writing is lost, the claim is known again when it is read,
// and need not be waited out like one under which an object may have been created.
func (m *mirror) claiming(id string, claim bridge.Link, search bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unusedClaims[id] = unusedClaim{claim: claim, search: search}
}

// sending forgets the claim, because from now on the object may exist.
func (m *mirror) sending(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.unusedClaims, id)
}

func (m *mirror) unused(id string) (unusedClaim, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.unusedClaims[id]
	return u, ok
}

// underOwn creates the object under a claim that was tried before, if the claim stands. Otherwise it is forgotten, and everything begins anew
// with the link as it is.
func (m *mirror) underOwn(ctx context.Context, req bridge.Request, target bridge.Target, link bridge.Link, tried unusedClaim) (time.Duration, error) {
	if !tried.stands(link) {
		if err := m.links.Refresh(ctx, req.ID); err != nil && !errors.Is(err, bridge.ErrGone) {
			return 0, fmt.Errorf("reading the link: %w", err)
		}
		link = m.links.Link(req.ID, m.name)
	}
	if tried.stands(link) {
		return m.underClaim(ctx, req, target, link, tried.search)
	}
	m.sending(req.ID)
	return time.Nanosecond, nil
}
