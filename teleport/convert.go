package teleport

import (
	"slices"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

// request copies one of Teleport's Access Requests into the bridge's words.
func request(cluster string, r types.AccessRequest) bridge.Request {
	out := bridge.Request{
		ID:                 r.GetName(),
		Cluster:            cluster,
		User:               r.GetUser(),
		Roles:              slices.Clone(r.GetRoles()),
		Reason:             r.GetRequestReason(),
		State:              state(r.GetState()),
		Created:            instant(r.GetCreationTime()),
		PendingUntil:       instant(r.Expiry()),
		AccessUntil:        instant(r.GetAccessExpiry()),
		ResolveReason:      r.GetResolveReason(),
		SuggestedReviewers: slices.Clone(r.GetSuggestedReviewers()),
		PromotedTo:         r.GetPromotedAccessListTitle(),
	}
	if out.PromotedTo == "" {
		out.PromotedTo = r.GetPromotedAccessListName()
	}
	if start := r.GetAssumeStartTime(); start != nil {
		out.AccessFrom = instant(*start)
	}
	// Teleport stores the longest time of access as the moment at which it ends.
	if end := instant(r.GetMaxDuration()); !end.IsZero() && end.After(out.Created) {
		out.MaxDuration = end.Sub(out.Created)
	}
	for _, id := range r.GetRequestedResourceIDs() {
		out.Resources = append(out.Resources, resource(id))
	}
	for _, v := range r.GetReviews() {
		out.Reviews = append(out.Reviews, bridge.Review{
			Author: v.Author, State: state(v.ProposedState), Reason: v.Reason, At: instant(v.Created),
		})
	}
	slices.SortStableFunc(out.Reviews, func(a, b bridge.Review) int { return a.At.Compare(b.At) })
	if notes := r.GetSystemAnnotations(); len(notes) > 0 {
		out.Annotations = make(map[string][]string, len(notes))
		for k, v := range notes {
			out.Annotations[k] = slices.Clone(v)
		}
	}
	for _, t := range r.GetThresholds() {
		out.Thresholds = append(out.Thresholds, bridge.Threshold{Name: t.Name, Approve: t.Approve, Deny: t.Deny})
	}
	return out
}

func resource(id types.ResourceID) bridge.Resource {
	name := id.Name
	if id.SubResourceName != "" {
		name += "/" + id.SubResourceName
	}
	return bridge.Resource{Cluster: id.ClusterName, Kind: id.Kind, Name: name}
}

func state(s types.RequestState) bridge.State {
	switch s {
	case types.RequestState_PENDING:
		return bridge.StatePending
	case types.RequestState_APPROVED:
		return bridge.StateApproved
	case types.RequestState_DENIED:
		return bridge.StateDenied
	case types.RequestState_PROMOTED:
		return bridge.StatePromoted
	default:
		return ""
	}
}

// proposal returns Teleport's word for a verdict, and the bridge's.
func proposal(v bridge.Verdict) (types.RequestState, bridge.State) {
	switch v {
	case bridge.Approve:
		return types.RequestState_APPROVED, bridge.StateApproved
	case bridge.Deny:
		return types.RequestState_DENIED, bridge.StateDenied
	default:
		return types.RequestState_NONE, ""
	}
}

// instant brings Teleport's several ways to say "no time" to the zero time.
func instant(t time.Time) time.Time {
	if t.IsZero() || t.Unix() == 0 {
		return time.Time{}
	}
	return t.UTC()
}
