package teleport

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	// maxPluginData is how many bytes of keys and values all plugins together may
	// keep for one request.
	maxPluginData = 1_000_000
	// dataOutlives is how long plugin data lives on after the end of access.
	dataOutlives = time.Hour
)

// PluginData returns a copy of what plugins keep for a request: plugin name to
// keys and values.
func (s *Server) PluginData(id string) map[string]map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]map[string]string{}
	if data := s.liveData(id); data != nil {
		for plugin, entry := range data.Spec.Entries {
			out[plugin] = maps.Clone(entry.Data)
		}
	}
	return out
}

// SetPluginData plants keys of a plugin on a request, past all permissions. Empty
// values delete keys, as in Teleport.
func (s *Server) SetPluginData(id, plugin string, data map[string]string) error {
	return s.updateData(&types.PluginDataUpdateParams{
		Kind: types.KindAccessRequest, Resource: id, Plugin: plugin, Set: data,
	})
}

// GetPluginData returns the records that match. A record holds the entries of all
// plugins, also when the filter names one.
func (svc *authService) GetPluginData(ctx context.Context, filter *types.PluginDataFilter) (*proto.PluginDataSeq, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkPluginData(caller, filter.Kind, types.VerbList, types.VerbRead); err != nil {
		return nil, err
	}
	return &proto.PluginDataSeq{PluginData: svc.s.findData(filter)}, nil
}

// UpdatePluginData changes a plugin's keys for a request if they are as expected.
func (svc *authService) UpdatePluginData(ctx context.Context, params *types.PluginDataUpdateParams) (*emptypb.Empty, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkPluginData(caller, params.Kind, types.VerbUpdate); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, svc.s.updateData(params)
}

// checkPluginData wants the verbs on plugin data or on the kind it belongs to. Any
// holder may write every plugin's entry.
func checkPluginData(u *User, kind string, verbs ...string) error {
	if kind != types.KindAccessRequest {
		return trace.BadParameter("unsupported resource kind %q", kind)
	}
	if u.check(kind, verbs...) == nil {
		return nil
	}
	return u.check(types.KindAccessPluginData, verbs...)
}

func (s *Server) findData(filter *types.PluginDataFilter) []*types.PluginDataV3 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := slices.Values([]string{filter.Resource})
	if filter.Resource == "" {
		ids = slices.Values(slices.Sorted(maps.Keys(s.data)))
	}
	var found []*types.PluginDataV3
	for id := range ids {
		if data := s.liveData(id); data != nil && matchesData(filter, data) {
			found = append(found, data)
		}
	}
	return found
}

func matchesData(filter *types.PluginDataFilter, data *types.PluginDataV3) bool {
	return filter.Plugin == "" || data.Spec.Entries[filter.Plugin] != nil
}

// liveData returns the record of a request unless there is none or it has
// expired; mu must be held.
func (s *Server) liveData(id string) *types.PluginDataV3 {
	data := s.data[id]
	if data == nil || !s.now().Before(data.Expiry()) {
		return nil
	}
	return data
}

// updateData makes the first record of a request only while the request exists;
// later it does not matter whether it still does.
func (s *Server) updateData(params *types.PluginDataUpdateParams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.nextData(params)
	if err != nil {
		return err
	}
	if err := next.Update(*params); err != nil {
		return err
	}
	if sizeOf(next) > maxPluginData {
		return trace.BadParameter("plugin data size limit exceeded")
	}
	s.data[params.Resource] = next
	return nil
}

// nextData returns a record in which the plugin's entry may be changed; mu must be
// held.
func (s *Server) nextData(params *types.PluginDataUpdateParams) (*types.PluginDataV3, error) {
	if data := s.liveData(params.Resource); data != nil {
		next := *data
		next.Spec.Entries = maps.Clone(data.Spec.Entries)
		if entry := next.Spec.Entries[params.Plugin]; entry != nil {
			next.Spec.Entries[params.Plugin] = &types.PluginDataEntry{Data: maps.Clone(entry.Data)}
		}
		return &next, nil
	}
	req := s.live(params.Resource)
	if req == nil {
		return nil, errNoRequest(params.Resource)
	}
	data, err := types.NewPluginData(params.Resource, params.Kind)
	if err != nil {
		return nil, err
	}
	data.SetExpiry(req.Spec.Expires.Add(dataOutlives))
	return data.(*types.PluginDataV3), nil
}

func sizeOf(data *types.PluginDataV3) int {
	size := 0
	for plugin, entry := range data.Spec.Entries {
		size += len(plugin)
		for k, v := range entry.Data {
			size += len(k) + len(v)
		}
	}
	return size
}
