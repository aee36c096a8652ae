package teleport

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

// Review lets a user review a request in Teleport itself, under all rules of
// reviews.
func (s *Server) Review(id, user string, approve bool, reason string) error {
	u := s.user(user)
	if u == nil {
		return trace.NotFound("user %q not found", user)
	}
	state := types.RequestState_DENIED
	if approve {
		state = types.RequestState_APPROVED
	}
	_, err := s.review(u, id, types.AccessReview{ProposedState: state, Reason: reason})
	return err
}

// SubmitAccessReview adds the caller's review and returns the request as it is
// afterwards.
func (svc *authService) SubmitAccessReview(ctx context.Context, params *types.AccessReviewSubmission) (*types.AccessRequestV3, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	return svc.s.review(caller, params.RequestID, params.Review)
}

func (s *Server) review(u *User, id string, review types.AccessReview) (*types.AccessRequestV3, error) {
	if err := checkReview(u, &review); err != nil {
		return nil, err
	}
	next, err := s.storeReview(u, id, review)
	if err != nil {
		return nil, err
	}
	s.changed(next)
	return next, nil
}

// checkReview applies the rules that need no request, and fills in the author.
func checkReview(u *User, review *types.AccessReview) error {
	if review.ProposedState.IsPromoted() {
		return errPromotedBySetting()
	}
	if review.Author == "" {
		review.Author = u.Name
	}
	if review.Author != u.Name {
		return trace.AccessDenied("user %q cannot submit reviews on behalf of %q", u.Name, review.Author)
	}
	if !review.ProposedState.IsApproved() && !review.ProposedState.IsDenied() {
		return trace.BadParameter("invalid state proposal: %s (expected approval/denial)", review.ProposedState)
	}
	if len(review.Reason) > maxReason {
		return errResolveReasonTooLong()
	}
	if len(u.ReviewRoles) == 0 {
		return trace.AccessDenied("user %q cannot submit reviews", u.Name)
	}
	return nil
}

// storeReview applies the rules that depend on the request, and the review, in
// one step: of many reviews at once each sees those before it.
func (s *Server) storeReview(u *User, id string, review types.AccessReview) (*types.AccessRequestV3, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := s.live(id)
	if req == nil {
		return nil, trace.NotFound("cannot apply review to access request %q (not found)", id)
	}
	if err := checkReviewOf(req, u, review); err != nil {
		return nil, err
	}
	if review.Created.IsZero() {
		review.Created = s.now()
	}
	review.Created = review.Created.UTC()
	review.ThresholdIndexes = []uint32{0}
	next := edit(req)
	next.Spec.Reviews = append(slices.Clip(req.Spec.Reviews), review)
	if err := resolveByReviews(next, review); err != nil {
		return nil, err
	}
	s.put(next)
	s.record(AuditEntry{
		Kind: AuditReview, Request: id, User: u.Name,
		State: review.ProposedState, Reason: review.Reason,
	})
	return next, nil
}

func checkReviewOf(req *types.AccessRequestV3, u *User, review types.AccessReview) error {
	if !u.canReview(req) {
		return trace.AccessDenied("user %q cannot review request %q", u.Name, req.GetName())
	}
	if slices.ContainsFunc(req.Spec.Reviews, func(r types.AccessReview) bool { return r.Author == u.Name }) {
		return trace.AccessDenied("user %q has already reviewed this request", u.Name)
	}
	if !req.Spec.State.IsPending() {
		return trace.AccessDenied("the access request has been already %s", strings.ToLower(req.Spec.State.String()))
	}
	if len(review.Roles) > 0 {
		return trace.NotImplemented("reviews cannot choose among the requested roles")
	}
	if len(review.Annotations) > 0 {
		return trace.NotImplemented("reviews cannot carry annotations")
	}
	return nil
}

// canReview tells whether a user's review rules cover all roles of somebody
// else's request.
func (u *User) canReview(req *types.AccessRequestV3) bool {
	if req.Spec.User == u.Name {
		return false
	}
	return !slices.ContainsFunc(req.GetOriginalRoles(), func(role string) bool {
		return !matchesAny(u.ReviewRoles, role)
	})
}

// resolveByReviews resolves the request if its newest review meets the threshold.
// The final reason is that of this review.
func resolveByReviews(req *types.AccessRequestV3, newest types.AccessReview) error {
	var votes uint32
	for _, r := range req.Spec.Reviews {
		if r.ProposedState == newest.ProposedState {
			votes++
		}
	}
	threshold := req.Spec.Thresholds[0]
	needed := threshold.Deny
	if newest.ProposedState.IsApproved() {
		needed = threshold.Approve
	}
	if votes < needed {
		return nil
	}
	req.Spec.ResolveReason = newest.Reason
	req.Spec.State = newest.ProposedState
	if !req.Spec.State.IsApproved() {
		return nil
	}
	return approve(req, newest.AssumeStartTime)
}

// approve turns the waiting time into the time of access.
func approve(req *types.AccessRequestV3, start *time.Time) error {
	if start != nil {
		if err := types.ValidateAssumeStartTime(*start, req.Spec.Expires, req.Spec.Created); err != nil {
			return err
		}
		req.Spec.AssumeStartTime = start
	}
	setExpiry(req, req.Spec.Expires)
	return nil
}

func errResolveReasonTooLong() error {
	return trace.BadParameter("access request resolve reason is too long, max %v bytes", maxReason)
}

func errPromotedBySetting() error {
	return trace.BadParameter("state promoted can be only set when promoting to access list")
}
