package teleport

import (
	"context"
	"maps"
	"slices"

	"github.com/gravitational/teleport/api/defaults"
	userspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/users/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

// User is a Teleport user together with what its roles would give it.
type User struct {
	// Name is the Teleport user name.
	Name string
	// Traits are the user's traits, such as e-mail addresses or chat names.
	Traits map[string][]string
	// Roles are the names of the roles the user holds; they have no effect here.
	Roles []string
	// Permissions are the rules of these roles.
	Permissions []Permission
	// RequestableRoles are patterns of roles the user may request.
	RequestableRoles []string
	// SearchAsRoles are requested when a request names resources but no roles.
	SearchAsRoles []string
	// ReviewRoles are patterns of roles whose requests the user may review; without
	// any the user cannot review at all.
	ReviewRoles []string
	// Annotations become the system annotations of the user's requests.
	Annotations map[string][]string
	// SuggestedReviewers are those of requests that name none.
	SuggestedReviewers []string
	// Bot marks a user of Machine & Workload Identity.
	Bot bool
	// PreviewResources lets the user list resources for their names with
	// preview_as_roles.
	PreviewResources bool
}

// PluginUser is the least-privilege user of a bridge: it watches and reads
// requests, keeps its records in plugin data, maps people by their traits, and
// reviews requests for any role.
func PluginUser(name string) User {
	read := []string{types.VerbList, types.VerbRead}
	return User{
		Name: name,
		Permissions: []Permission{
			{Resource: types.KindAccessRequest, Verbs: read},
			{Resource: types.KindAccessPluginData, Verbs: []string{types.VerbList, types.VerbRead, types.VerbUpdate}},
			{Resource: types.KindUser, Verbs: read},
		},
		ReviewRoles: []string{types.Wildcard},
		Bot:         true,
	}
}

// AddUser adds a user or replaces the one of that name.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Name] = &u
}

func (s *Server) user(name string) *User {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.users[name]
}

func (u *User) resource() *types.UserV2 {
	labels := map[string]string{}
	if u.Bot {
		labels[types.BotLabel] = u.Name
	}
	return &types.UserV2{
		Kind:     types.KindUser,
		Version:  types.V2,
		Metadata: types.Metadata{Name: u.Name, Namespace: defaults.Namespace, Labels: labels},
		Spec:     types.UserSpecV2{Roles: u.Roles, Traits: u.Traits},
	}
}

// usersService serves the users API. GetUser exists in two services, so it
// cannot be on Server itself.
type usersService struct {
	userspb.UnimplementedUsersServiceServer
	s *Server
}

// GetUser returns a user; everybody may read themselves.
func (svc *usersService) GetUser(ctx context.Context, req *userspb.GetUserRequest) (*userspb.GetUserResponse, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetName() == "" && req.GetCurrentUser() {
		return &userspb.GetUserResponse{User: caller.resource()}, nil
	}
	if req.GetName() != caller.Name {
		if err := caller.check(types.KindUser, types.VerbRead); err != nil {
			return nil, err
		}
	}
	u := svc.s.user(req.GetName())
	if u == nil {
		return nil, trace.NotFound("user %q not found", req.GetName())
	}
	return &userspb.GetUserResponse{User: u.resource()}, nil
}

// ListUsers returns a page of users in the order of their names.
func (svc *usersService) ListUsers(ctx context.Context, req *userspb.ListUsersRequest) (*userspb.ListUsersResponse, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := caller.check(types.KindUser, types.VerbList, types.VerbRead); err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size <= 0 || size > defaults.DefaultChunkSize {
		size = defaults.DefaultChunkSize
	}
	svc.s.mu.RLock()
	defer svc.s.mu.RUnlock()
	out := &userspb.ListUsersResponse{}
	for _, name := range slices.Sorted(maps.Keys(svc.s.users)) {
		resource := svc.s.users[name].resource()
		if name < req.GetPageToken() || (req.GetFilter() != nil && !req.GetFilter().Match(resource)) {
			continue
		}
		if len(out.Users) == size {
			out.NextPageToken = name
			break
		}
		out.Users = append(out.Users, resource)
	}
	return out, nil
}
