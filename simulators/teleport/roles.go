package teleport

import (
	"context"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

// GetRole returns a role that was stored. Roles have no effect on permissions
// here.
func (svc *authService) GetRole(ctx context.Context, req *proto.GetRoleRequest) (*types.RoleV6, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := caller.check(types.KindRole, types.VerbRead); err != nil {
		return nil, err
	}
	svc.s.mu.RLock()
	defer svc.s.mu.RUnlock()
	role := svc.s.roles[req.Name]
	if role == nil {
		return nil, trace.NotFound("role %s is not found", req.Name)
	}
	return role, nil
}

// CreateRole stores a new role.
func (svc *authService) CreateRole(ctx context.Context, req *proto.CreateRoleRequest) (*types.RoleV6, error) {
	return svc.storeRole(ctx, req.Role, true, types.VerbCreate)
}

// UpsertRoleV2 stores a role.
func (svc *authService) UpsertRoleV2(ctx context.Context, req *proto.UpsertRoleRequest) (*types.RoleV6, error) {
	return svc.storeRole(ctx, req.Role, false, types.VerbCreate, types.VerbUpdate)
}

func (svc *authService) storeRole(ctx context.Context, role *types.RoleV6, mustBeNew bool, verbs ...string) (*types.RoleV6, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := caller.check(types.KindRole, verbs...); err != nil {
		return nil, err
	}
	if err := role.CheckAndSetDefaults(); err != nil {
		return nil, err
	}
	if !svc.s.opts.AdvancedWorkflows {
		if err := checkCommunityRole(role); err != nil {
			return nil, err
		}
	}
	svc.s.mu.Lock()
	defer svc.s.mu.Unlock()
	if mustBeNew && svc.s.roles[role.GetName()] != nil {
		return nil, trace.AlreadyExists("role %q already exists", role.GetName())
	}
	svc.s.roles[role.GetName()] = role
	return role, nil
}

// checkCommunityRole refuses what only enterprise builds let roles have.
func checkCommunityRole(role *types.RoleV6) error {
	allow := role.Spec.Allow
	field := func(name string) error {
		return trace.AccessDenied("role field %s is only available in enterprise subscriptions", name)
	}
	switch {
	case allow.Request != nil && len(allow.Request.Thresholds) > 0:
		return field("allow.request.thresholds")
	case allow.ReviewRequests != nil && !allow.ReviewRequests.IsZero():
		return field("allow.review_requests")
	case allow.Request != nil && len(allow.Request.SearchAsRoles) > 0:
		return field("allow.search_as_roles")
	}
	if strategy := role.Spec.Options.RequestAccess; strategy != "" && strategy != types.RequestStrategyOptional {
		return trace.AccessDenied("role option request_access: %s is only available in enterprise subscriptions", strategy)
	}
	return nil
}
