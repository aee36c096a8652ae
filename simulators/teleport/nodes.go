package teleport

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/defaults"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

// nameTerm is the one form of predicate that look-ups of names by id use.
var nameTerm = regexp.MustCompile(`^(?:resource\.metadata\.)?name\s*==\s*("(?:[^"\\]|\\.)*")$`)

// AddNode adds an SSH server that resource requests can name. The uuid is the
// resource's name in a request, the hostname its friendly name. It has all the
// labels that are given.
func (s *Server) AddNode(uuid, hostname string, labels ...map[string]string) {
	all := map[string]string{}
	for _, l := range labels {
		maps.Copy(all, l)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes[uuid] = &types.ServerV2{
		Kind:     types.KindNode,
		Version:  types.V2,
		Metadata: types.Metadata{Name: uuid, Namespace: defaults.Namespace, Labels: all},
		Spec:     types.ServerSpecV2{Hostname: hostname},
	}
}

// ListResources lists nodes that match. Who may not see them gets an empty list,
// as from the real server.
func (svc *authService) ListResources(ctx context.Context, req *proto.ListResourcesRequest) (*proto.ListResourcesResponse, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	names, err := namesOf(req.PredicateExpression)
	if err != nil {
		return nil, err
	}
	out := &proto.ListResourcesResponse{}
	preview := req.UsePreviewAsRoles && caller.PreviewResources
	if req.ResourceType != types.KindNode || (!preview && caller.check(types.KindNode, types.VerbList, types.VerbRead) != nil) {
		return out, nil
	}
	limit := cmp.Or(int(req.Limit), defaults.DefaultChunkSize)
	svc.s.mu.RLock()
	defer svc.s.mu.RUnlock()
	for _, uuid := range slices.Sorted(maps.Keys(svc.s.nodes)) {
		node := svc.s.nodes[uuid]
		if uuid < req.StartKey || (names != nil && !slices.Contains(names, uuid)) || !node.MatchSearch(req.SearchKeywords) {
			continue
		}
		out.TotalCount++
		if len(out.Resources) == limit {
			out.NextKey = cmp.Or(out.NextKey, uuid)
			continue
		}
		out.Resources = append(out.Resources, &proto.PaginatedResource{Resource: &proto.PaginatedResource_Node{Node: node}})
	}
	return out, nil
}

// namesOf returns the names in `resource.metadata.name == "a" || ...`; nil for an
// empty expression.
func namesOf(expression string) ([]string, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, nil
	}
	names := []string{}
	for term := range strings.SplitSeq(expression, "||") {
		found := nameTerm.FindStringSubmatch(strings.TrimSpace(term))
		if found == nil {
			return nil, trace.BadParameter("the simulator understands comparisons of names only, not %q", expression)
		}
		name, err := strconv.Unquote(found[1])
		if err != nil {
			return nil, trace.BadParameter("bad name in %q", expression)
		}
		names = append(names, name)
	}
	return names, nil
}
