package teleport

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/defaults"
	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	headerpb "github.com/gravitational/teleport/api/gen/proto/go/teleport/header/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

// MonitoringRule is an Access Monitoring Rule in the words of its YAML.
type MonitoringRule struct {
	// Name is the rule's name; a rule of the same name is replaced.
	Name string
	// Subjects are the kinds the rule is about; default "access_request".
	Subjects []string
	// Condition is the rule's predicate. It is stored as it is, also when it makes
	// no sense: rules come from servers of many versions.
	Condition string
	// Notification and Recipients are whom the rule notifies; none without a name.
	Notification string
	Recipients   []string
	// Schedules limit the rule to times, as in servers since 18.2.8.
	Schedules map[string]Schedule
	// Review is the decision of an automatic review, "APPROVED" or "DENIED"; none
	// when empty. Nothing is reviewed here.
	Review string
	// Unknown are encoded fields of a later version, appended to the spec.
	Unknown []byte
}

// Schedule is a schedule of a MonitoringRule.
type Schedule struct {
	Timezone string
	Shifts   []Shift
}

// Shift is a part of a day, such as {"Monday", "09:00", "17:00"}.
type Shift struct {
	Weekday, Start, End string
}

// PutMonitoringRule stores a rule with a new revision and tells the watchers.
func (s *Server) PutMonitoringRule(r MonitoringRule) {
	if len(r.Subjects) == 0 {
		r.Subjects = []string{types.KindAccessRequest}
	}
	spec := &rulespb.AccessMonitoringRuleSpec{Subjects: r.Subjects, Condition: r.Condition}
	if r.Notification != "" {
		spec.Notification = &rulespb.Notification{Name: r.Notification, Recipients: r.Recipients}
	}
	spec.ProtoReflect().SetUnknown(append(r.laterFields(), r.Unknown...))
	rule := &rulespb.AccessMonitoringRule{
		Kind:     types.KindAccessMonitoringRule,
		Version:  types.V1,
		Metadata: &headerpb.Metadata{Name: r.Name, Namespace: defaults.Namespace, Revision: uuid.NewString()},
		Spec:     spec,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules[r.Name] = rule
	s.publish(&proto.Event{
		Type:     proto.Operation_PUT,
		Resource: &proto.Event_AccessMonitoringRule{AccessMonitoringRule: rule},
	}, func(w *watcher) bool { return w.rules })
}

// DeleteMonitoringRule deletes a rule and tells the watchers; a missing one is left
// alone.
func (s *Server) DeleteMonitoringRule(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rules[name] == nil {
		return
	}
	delete(s.rules, name)
	s.publish(deletion(types.KindAccessMonitoringRule, types.V1, name), func(w *watcher) bool { return w.rules })
}

// laterFields encodes what the API module here is too old for: automatic_review = 6,
// desired_state = 7, schedules = 8.
func (r MonitoringRule) laterFields() []byte {
	var out []byte
	if r.Review != "" {
		out = appendField(out, 6, appendField(appendField(nil, 1, []byte("builtin")), 2, []byte(r.Review)))
		out = appendField(out, 7, []byte("reviewed"))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Schedules)) {
		out = appendField(out, 8, appendField(appendField(nil, 1, []byte(name)), 2, appendField(nil, 1, r.Schedules[name].encode())))
	}
	return out
}

func (s Schedule) encode() []byte {
	var out []byte
	for _, shift := range s.Shifts {
		one := appendField(nil, 1, []byte(shift.Weekday))
		one = appendField(one, 2, []byte(shift.Start))
		out = appendField(out, 1, appendField(one, 3, []byte(shift.End)))
	}
	if s.Timezone != "" {
		out = appendField(out, 2, []byte(s.Timezone))
	}
	return out
}

func appendField(to []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, number, protowire.BytesType), value)
}

// rulesService serves the API of access monitoring rules; what is missing answers
// NotImplemented.
type rulesService struct {
	rulespb.UnimplementedAccessMonitoringRulesServiceServer
	s *Server
}

// GetAccessMonitoringRule returns a rule.
func (svc *rulesService) GetAccessMonitoringRule(ctx context.Context, req *rulespb.GetAccessMonitoringRuleRequest) (*rulespb.AccessMonitoringRule, error) {
	if err := svc.allowed(ctx, types.VerbRead); err != nil {
		return nil, err
	}
	svc.s.mu.RLock()
	defer svc.s.mu.RUnlock()
	rule := svc.s.rules[req.GetName()]
	if rule == nil {
		return nil, trace.NotFound("access_monitoring_rule %q not found", req.GetName())
	}
	return rule, nil
}

// ListAccessMonitoringRules returns a page of rules in the order of their names.
func (svc *rulesService) ListAccessMonitoringRules(ctx context.Context, req *rulespb.ListAccessMonitoringRulesRequest) (*rulespb.ListAccessMonitoringRulesResponse, error) {
	if err := svc.allowed(ctx, types.VerbList, types.VerbRead); err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size <= 0 || size > defaults.DefaultChunkSize {
		size = defaults.DefaultChunkSize
	}
	svc.s.mu.RLock()
	defer svc.s.mu.RUnlock()
	out := &rulespb.ListAccessMonitoringRulesResponse{}
	for _, name := range slices.Sorted(maps.Keys(svc.s.rules)) {
		if name < req.GetPageToken() {
			continue
		}
		if len(out.Rules) == size {
			out.NextPageToken = name
			break
		}
		out.Rules = append(out.Rules, svc.s.rules[name])
	}
	return out, nil
}

func (svc *rulesService) allowed(ctx context.Context, verbs ...string) error {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return err
	}
	return caller.check(types.KindAccessMonitoringRule, verbs...)
}
