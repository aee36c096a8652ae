package teleport

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

const (
	maxReason            = 4096
	maxPending           = 7 * 24 * time.Hour
	maxAccess            = 14 * 24 * time.Hour
	defaultAccess        = 12 * time.Hour
	defaultThreshold     = 1
	defaultThresholdName = "default"
)

// NewRequest is what a person asks for with `tsh request create`, together with
// what the server's roles would add.
type NewRequest struct {
	// User is the requester, known to the server.
	User string
	// Roles are the requested roles; with Resources they may be empty.
	Roles []string
	// Resources are the requested resources.
	Resources []types.ResourceID
	// Reason is the requester's reason, at most 4096 bytes.
	Reason string
	// MaxDuration is how long access shall last from now; default 12 h, at most 14 days.
	MaxDuration time.Duration
	// SessionTTL is how long each session may last; zero leaves it unset.
	SessionTTL time.Duration
	// PendingTTL is how long the request may wait; default and most 7 days.
	PendingTTL time.Duration
	// SuggestedReviewers override those of the user.
	SuggestedReviewers []string
	// Annotations are added to the system annotations of the user.
	Annotations map[string][]string
	// ThresholdApprove and ThresholdDeny are how many reviews decide; default 1.
	ThresholdApprove, ThresholdDeny uint32
	// AssumeStart is when access shall begin; nil means at once.
	AssumeStart *time.Time
}

// CreateRequest creates a request as its user would, under the same rules, and
// returns its id.
func (s *Server) CreateRequest(n NewRequest) (string, error) {
	u := s.user(n.User)
	if u == nil {
		return "", trace.NotFound("user %q not found", n.User)
	}
	now := s.now()
	req := &types.AccessRequestV3{Spec: types.AccessRequestSpecV3{
		User:                 n.User,
		Roles:                slices.Clone(n.Roles),
		RequestedResourceIDs: slices.Clone(n.Resources),
		RequestReason:        n.Reason,
		SuggestedReviewers:   slices.Clone(n.SuggestedReviewers),
		SystemAnnotations:    maps.Clone(n.Annotations),
		AssumeStartTime:      n.AssumeStart,
	}}
	if n.MaxDuration != 0 {
		req.Spec.MaxDuration = now.Add(n.MaxDuration)
	}
	if n.SessionTTL != 0 {
		req.Spec.SessionTTL = now.Add(n.SessionTTL)
	}
	if n.PendingTTL != 0 {
		req.SetExpiry(now.Add(n.PendingTTL))
	}
	created, err := s.create(u, req, types.AccessReviewThreshold{Approve: n.ThresholdApprove, Deny: n.ThresholdDeny})
	if err != nil {
		return "", err
	}
	return created.GetName(), nil
}

// CreateAccessRequestV2 creates a request for its caller. Annotations and
// thresholds are the server's business, so the client's are dropped.
func (svc *authService) CreateAccessRequestV2(ctx context.Context, req *types.AccessRequestV3) (*types.AccessRequestV3, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	pending := req.GetState().IsNone() || req.GetState().IsPending()
	if !pending || req.GetUser() != caller.Name {
		if err := caller.check(types.KindAccessRequest, types.VerbCreate); err != nil {
			return nil, err
		}
	}
	if !pending {
		return nil, trace.NotImplemented("the simulator creates pending requests only")
	}
	requester := svc.s.user(req.GetUser())
	if requester == nil {
		return nil, trace.NotFound("user %q not found", req.GetUser())
	}
	req.Spec.SystemAnnotations = nil
	return svc.s.create(requester, req, types.AccessReviewThreshold{})
}

func (s *Server) newID() (uuid.UUID, error) {
	if s.opts.IDs != nil {
		return uuid.NewRandomFromReader(s.opts.IDs)
	}
	return uuid.NewV7()
}

// create checks a draft and stores it as a new pending request; dry runs are only
// checked.
func (s *Server) create(u *User, draft *types.AccessRequestV3, threshold types.AccessReviewThreshold) (*types.AccessRequestV3, error) {
	id, err := s.newID()
	if err != nil {
		return nil, trace.Wrap(err)
	}
	now := s.now()
	req := &types.AccessRequestV3{
		Metadata: types.Metadata{Name: id.String()},
		Spec:     draft.Spec,
	}
	req.Spec.State = types.RequestState_PENDING
	req.Spec.Created = now
	req.Spec.Reviews = nil
	if err := applyRoles(u, req); err != nil {
		return nil, err
	}
	if err := req.CheckAndSetDefaults(); err != nil {
		return nil, err
	}
	if len(req.Spec.RequestReason) > maxReason {
		return nil, trace.BadParameter("access request reason is too long, max %v bytes", maxReason)
	}
	if err := applyTimes(req, draft.Expiry(), now); err != nil {
		return nil, err
	}
	applyThreshold(req, threshold)
	req.Spec.SystemAnnotations = merged(u.Annotations, draft.Spec.SystemAnnotations)
	if len(req.Spec.SuggestedReviewers) == 0 {
		req.Spec.SuggestedReviewers = u.SuggestedReviewers
	}
	if req.Spec.DryRun {
		return req, nil
	}
	s.storeNew(req)
	s.changed(req)
	return req, nil
}

func (s *Server) storeNew(req *types.AccessRequestV3) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(req)
	s.record(AuditEntry{
		Kind: AuditCreate, Request: req.GetName(), User: req.Spec.User,
		State: req.Spec.State, Reason: req.Spec.RequestReason, Roles: req.Spec.Roles,
	})
}

// applyRoles checks that the user may request the roles, and finds roles for
// resources that were requested without any.
func applyRoles(u *User, req *types.AccessRequestV3) error {
	if len(req.Spec.Roles) == 0 && len(req.Spec.RequestedResourceIDs) > 0 {
		if len(u.SearchAsRoles) == 0 {
			return trace.AccessDenied("user %q has no roles to request resources with", u.Name)
		}
		req.Spec.Roles = slices.Clone(u.SearchAsRoles)
		return nil
	}
	for _, role := range req.Spec.Roles {
		if !matchesAny(u.RequestableRoles, role) && !matchesAny(u.SearchAsRoles, role) {
			return trace.BadParameter("user %q can not request role %q", u.Name, role)
		}
	}
	return nil
}

// applyTimes sets until when access lasts and until when the request waits.
func applyTimes(req *types.AccessRequestV3, wanted, now time.Time) error {
	access := now.Add(defaultAccess)
	switch spec := req.Spec; {
	case !spec.MaxDuration.IsZero():
		access = spec.MaxDuration
	case !spec.Expires.IsZero():
		access = spec.Expires
	}
	access = earlier(access, now.Add(maxAccess)).UTC()
	pending := earlier(now.Add(maxPending), access)
	if !wanted.IsZero() {
		pending = earlier(pending, wanted)
	}
	if !pending.After(now) {
		return trace.BadParameter("access request would be expired already")
	}
	if start := req.Spec.AssumeStartTime; start != nil {
		if err := types.ValidateAssumeStartTime(*start, access, now); err != nil {
			return err
		}
	}
	req.Spec.Expires = access
	req.Spec.MaxDuration = access
	setExpiry(req, pending)
	return nil
}

// applyThreshold makes one threshold count for every role.
func applyThreshold(req *types.AccessRequestV3, threshold types.AccessReviewThreshold) {
	threshold.Name = defaultThresholdName
	if threshold.Approve == 0 {
		threshold.Approve = defaultThreshold
	}
	if threshold.Deny == 0 {
		threshold.Deny = defaultThreshold
	}
	req.Spec.Thresholds = []types.AccessReviewThreshold{threshold}
	req.Spec.RoleThresholdMapping = make(map[string]types.ThresholdIndexSets, len(req.Spec.Roles))
	for _, role := range req.Spec.Roles {
		req.Spec.RoleThresholdMapping[role] = types.ThresholdIndexSets{
			Sets: []types.ThresholdIndexSet{{Indexes: []uint32{0}}},
		}
	}
}

func merged(base, more map[string][]string) map[string][]string {
	if len(more) == 0 {
		return base
	}
	out := maps.Clone(base)
	if out == nil {
		out = make(map[string][]string, len(more))
	}
	maps.Copy(out, more)
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
