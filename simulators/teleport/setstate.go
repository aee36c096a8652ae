package teleport

import (
	"context"
	"slices"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"google.golang.org/protobuf/types/known/emptypb"
)

// SetState sets a request's state past all thresholds, as an administrator does
// with `tctl request approve` or `deny`.
func (s *Server) SetState(id, user string, state types.RequestState, reason string) error {
	return s.setState(user, &proto.RequestStateSetter{ID: id, State: state, Reason: reason})
}

// Promote makes a pending request part of an access list, as the list's owner does.
func (s *Server) Promote(id, accessList string) error {
	next, err := s.storePromotion(id, accessList)
	if err != nil {
		return err
	}
	s.changed(next)
	return nil
}

func (s *Server) storePromotion(id, accessList string) (*types.AccessRequestV3, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := s.live(id)
	if req == nil {
		return nil, errNoRequest(id)
	}
	if !req.Spec.State.IsPending() {
		return nil, trace.BadParameter("only pending requests can be promoted, this one is %s", req.Spec.State)
	}
	next := edit(req)
	next.Spec.State = types.RequestState_PROMOTED
	next.Spec.AccessList = &types.PromotedAccessList{Name: accessList, Title: accessList}
	s.put(next)
	s.record(AuditEntry{Kind: AuditUpdate, Request: id, State: next.Spec.State})
	return next, nil
}

// SetAccessRequestState overrides a request's state.
func (svc *authService) SetAccessRequestState(ctx context.Context, req *proto.RequestStateSetter) (*emptypb.Empty, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := caller.check(types.KindAccessRequest, types.VerbUpdate); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, svc.s.setState(caller.Name, req)
}

func (s *Server) setState(user string, set *proto.RequestStateSetter) error {
	if err := checkSetter(set); err != nil {
		return err
	}
	next, err := s.storeState(user, set)
	if err != nil {
		return err
	}
	s.changed(next)
	return nil
}

// checkSetter applies the rules that need no request.
func checkSetter(set *proto.RequestStateSetter) error {
	if set.State.IsPromoted() {
		return errPromotedBySetting()
	}
	update := types.AccessRequestUpdate{RequestID: set.ID, State: set.State, Roles: set.Roles}
	if err := update.Check(); err != nil {
		return err
	}
	if len(set.Reason) > maxReason {
		return errResolveReasonTooLong()
	}
	return nil
}

func (s *Server) storeState(user string, set *proto.RequestStateSetter) (*types.AccessRequestV3, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := s.live(set.ID)
	if req == nil {
		return nil, trace.NotFound("cannot set state of access request %q (not found)", set.ID)
	}
	next := edit(req)
	if err := next.SetState(set.State); err != nil {
		return nil, err
	}
	if set.State.IsPending() {
		return nil, trace.BadParameter("cannot set request-state %q", set.State.String())
	}
	next.Spec.ResolveReason = set.Reason
	next.Spec.ResolveAnnotations = set.Annotations
	if err := overrideRoles(next, set.Roles); err != nil {
		return nil, err
	}
	if set.State.IsApproved() {
		if err := approve(next, set.AssumeStartTime); err != nil {
			return nil, err
		}
	}
	s.put(next)
	s.record(AuditEntry{
		Kind: AuditUpdate, Request: set.ID, User: user, Delegator: set.Delegator, State: set.State,
		Reason: set.Reason, Roles: set.Roles, Annotations: set.Annotations,
	})
	return next, nil
}

// overrideRoles narrows the request to some of the roles it once asked for.
func overrideRoles(req *types.AccessRequestV3, roles []string) error {
	if len(roles) == 0 {
		return nil
	}
	original := req.GetOriginalRoles()
	for _, role := range roles {
		if !slices.Contains(original, role) {
			return trace.BadParameter("role %q not in original request, overrides must be a subset of original role list", role)
		}
	}
	req.Spec.Roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	return nil
}
