package teleport

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/defaults"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

const maxPage = 16000

// GetAccessRequestsV2 streams all requests that match and that the caller may see.
func (svc *authService) GetAccessRequestsV2(filter *types.AccessRequestFilter, stream proto.AuthService_GetAccessRequestsV2Server) error {
	caller, err := svc.s.caller(stream.Context())
	if err != nil {
		return err
	}
	found := svc.s.visible(caller, filter)
	sortRequests(found, func(r *types.AccessRequestV3) string { return r.GetName() }, false)
	for _, req := range found {
		if err := stream.Send(req); err != nil {
			return trace.Wrap(err)
		}
	}
	return nil
}

// ListAccessRequests returns a sorted page of the requests that match and that
// the caller may see.
func (svc *authService) ListAccessRequests(ctx context.Context, req *proto.ListAccessRequestsRequest) (*proto.ListAccessRequestsResponse, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetLimit() > maxPage {
		return nil, trace.BadParameter("page size of %d is too large", req.GetLimit())
	}
	limit := int(req.GetLimit())
	if limit <= 0 {
		limit = defaults.DefaultChunkSize
	}
	key, err := sortKey(req.GetSort())
	if err != nil {
		return nil, err
	}
	filter := req.GetFilter()
	if filter == nil {
		filter = &types.AccessRequestFilter{}
	}
	found := svc.s.visible(caller, filter)
	sortRequests(found, key, req.GetDescending())

	start := 0
	if req.GetStartKey() != "" {
		start = slices.IndexFunc(found, func(r *types.AccessRequestV3) bool {
			order := cmp.Compare(key(r), req.GetStartKey())
			return order == 0 || (order < 0) == req.GetDescending()
		})
	}
	if start < 0 {
		return &proto.ListAccessRequestsResponse{}, nil
	}
	found = found[start:]
	if len(found) <= limit {
		return &proto.ListAccessRequestsResponse{AccessRequests: found}, nil
	}
	return &proto.ListAccessRequestsResponse{AccessRequests: found[:limit], NextKey: key(found[limit])}, nil
}

// visible returns the matching requests that a user may see, in no order: all
// with the rules, otherwise one's own and those one may review.
func (s *Server) visible(u *User, filter *types.AccessRequestFilter) []*types.AccessRequestV3 {
	match := *filter
	match.Requester = u.Name
	all := u.may(types.VerbList, types.KindAccessRequest) && u.may(types.VerbRead, types.KindAccessRequest)

	s.mu.RLock()
	var found []*types.AccessRequestV3
	if match.ID != "" {
		if req := s.live(match.ID); req != nil {
			found = append(found, req)
		}
	} else {
		found = s.allLive()
	}
	s.mu.RUnlock()

	return slices.DeleteFunc(found, func(req *types.AccessRequestV3) bool {
		return !match.Match(req) || (!all && req.Spec.User != u.Name && !u.canReview(req))
	})
}

// sortKey returns a function that gives each request its place, and the token of
// the page that starts with it. Ids make it unique.
func sortKey(by proto.AccessRequestSort) (func(*types.AccessRequestV3) string, error) {
	switch by {
	case proto.AccessRequestSort_DEFAULT:
		return func(r *types.AccessRequestV3) string { return r.GetName() }, nil
	case proto.AccessRequestSort_CREATED:
		return func(r *types.AccessRequestV3) string {
			return fmt.Sprintf("%020d/%s", r.Spec.Created.UnixNano(), r.GetName())
		}, nil
	case proto.AccessRequestSort_STATE:
		return func(r *types.AccessRequestV3) string { return r.Spec.State.String() + "/" + r.GetName() }, nil
	case proto.AccessRequestSort_USER:
		return func(r *types.AccessRequestV3) string { return r.Spec.User + "/" + r.GetName() }, nil
	default:
		return nil, trace.BadParameter("unsupported access request sort order %v", by)
	}
}

func sortRequests(requests []*types.AccessRequestV3, key func(*types.AccessRequestV3) string, descending bool) {
	keys := make(map[*types.AccessRequestV3]string, len(requests))
	for _, req := range requests {
		keys[req] = key(req)
	}
	slices.SortFunc(requests, func(a, b *types.AccessRequestV3) int { return cmp.Compare(keys[a], keys[b]) })
	if descending {
		slices.Reverse(requests)
	}
}
