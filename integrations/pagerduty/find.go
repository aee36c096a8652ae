package pagerduty

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
)

// Find looks for the incident of a request by its key. An open one goes before a resolved one, the oldest before others.
func (p *PagerDuty) Find(ctx context.Context, m bridge.Marker) (*bridge.Ref, error) {
	if !requestID.MatchString(m.RequestID) {
		return nil, bridge.Terminal(fmt.Errorf("pagerduty: %q cannot be an incident key", m.RequestID))
	}
	found, err := p.withKey(ctx, m)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ref := found[0].ref()
	if len(found) > 1 {
		p.Log.WarnContext(ctx, "several incidents carry the key of one request, taking the oldest that is open",
			"request_id", m.RequestID, "external_id", ref.ID, "incidents", len(found))
	}
	return &ref, nil
}

// withKey lists the incidents with the key of a request, open ones first, then by age. A search by key also answers incidents with an
// alert of that key, which anybody with an integration key can make; those do not carry the key themselves.
func (p *PagerDuty) withKey(ctx context.Context, m bridge.Marker) ([]incidentView, error) {
	query := url.Values{"incident_key": {keyPrefix + m.RequestID}, "date_range": {"all"}}
	found, err := all[incidentView](ctx, p, "/incidents", "incidents", query)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(i incidentView) bool { return i.marker() != m.RequestID })
	if slices.ContainsFunc(found, func(i incidentView) bool { return i.ID == "" }) {
		return nil, errOther
	}
	slices.SortStableFunc(found, func(a, b incidentView) int {
		if (a.Status == resolved) != (b.Status == resolved) {
			if a.Status == resolved {
				return 1
			}
			return -1
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	return found, nil
}
