package teleport

import (
	"context"
	"slices"
	"strings"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// Permission allows verbs on a kind of resource, like a rule of a Teleport role.
// "*" stands for every kind or verb.
type Permission struct {
	// Resource is the kind, such as "access_request".
	Resource string
	// Verbs are among "list", "read", "create", "update", "delete".
	Verbs []string
}

// SetPermissions replaces what a user may do. Unknown users are ignored.
func (s *Server) SetPermissions(user string, permissions ...Permission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[user]; u != nil {
		changed := *u
		changed.Permissions = slices.Clone(permissions)
		s.users[user] = &changed
	}
}

func (u *User) may(verb, kind string) bool {
	return slices.ContainsFunc(u.Permissions, func(p Permission) bool {
		return (p.Resource == kind || p.Resource == types.Wildcard) &&
			(slices.Contains(p.Verbs, verb) || slices.Contains(p.Verbs, types.Wildcard))
	})
}

// check returns AccessDenied, in Teleport's words, for the first verb that the
// user lacks.
func (u *User) check(kind string, verbs ...string) error {
	for _, verb := range verbs {
		if !u.may(verb, kind) {
			return trace.AccessDenied("access denied to perform action %q on %q", verb, kind)
		}
	}
	return nil
}

// matchesAny tells whether a role name matches one of the patterns, in which "*"
// stands for any text.
func matchesAny(patterns []string, role string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, role) })
}

func matches(pattern, role string) bool {
	head, rest, wild := strings.Cut(pattern, types.Wildcard)
	if !wild {
		return pattern == role
	}
	role, ok := strings.CutPrefix(role, head)
	if !ok {
		return false
	}
	// The rest may begin anywhere in what is left.
	for i := range len(role) + 1 {
		if matches(rest, role[i:]) || rest == "" {
			return true
		}
	}
	return false
}

// caller finds who calls by the common name of the verified client certificate.
func (s *Server) caller(ctx context.Context) (*User, error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil, trace.AccessDenied("missing client certificate")
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 {
		return nil, trace.AccessDenied("missing client certificate")
	}
	name := info.State.VerifiedChains[0][0].Subject.CommonName
	u := s.user(name)
	if u == nil {
		return nil, trace.AccessDenied("user %q does not exist", name)
	}
	return u, nil
}
