package teleport

import (
	"fmt"
	"testing"

	"github.com/gravitational/teleport/api/defaults"
	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"
)

func TestMonitoringRules_AreListedByPages(t *testing.T) {
	w := newWorld(t)
	for i := range defaults.DefaultChunkSize + 7 {
		w.PutMonitoringRule(MonitoringRule{Name: fmt.Sprintf("rule-%04d", i), Condition: "true", Notification: "jira", Recipients: []string{"OPS"}})
	}
	clt := w.as("admin").AccessMonitoringRulesClient()
	first, token, err := clt.ListAccessMonitoringRules(t.Context(), 0, "")
	require.NoError(t, err)
	require.Len(t, first, defaults.DefaultChunkSize)
	rest, end, err := clt.ListAccessMonitoringRules(t.Context(), 5, token)
	require.NoError(t, err)
	require.Len(t, rest, 5)
	last, end, err := clt.ListAccessMonitoringRules(t.Context(), 5, end)
	require.NoError(t, err)
	require.Empty(t, end)
	require.Equal(t, "rule-1006", last[1].GetMetadata().GetName())
	require.Equal(t, []string{types.KindAccessRequest}, last[1].GetSpec().GetSubjects())

	one, err := clt.GetAccessMonitoringRule(t.Context(), "rule-0003")
	require.NoError(t, err)
	require.Equal(t, "jira", one.GetSpec().GetNotification().GetName())
	w.PutMonitoringRule(MonitoringRule{Name: "rule-0003", Condition: "false", Notification: "jira"})
	again, err := clt.GetAccessMonitoringRule(t.Context(), "rule-0003")
	require.NoError(t, err)
	require.NotEqual(t, one.GetMetadata().GetRevision(), again.GetMetadata().GetRevision())
	w.DeleteMonitoringRule("rule-0003")
	_, err = clt.GetAccessMonitoringRule(t.Context(), "rule-0003")
	require.True(t, trace.IsNotFound(err), err)
}

func TestMonitoringRules_NeedPermission(t *testing.T) {
	w := newWorld(t)
	clt := w.as("plugin").AccessMonitoringRulesClient()
	_, _, err := clt.ListAccessMonitoringRules(t.Context(), 0, "")
	require.True(t, trace.IsAccessDenied(err), err)
	_, err = clt.GetAccessMonitoringRule(t.Context(), "any")
	require.True(t, trace.IsAccessDenied(err), err)
	_, err = w.as("admin").AccessMonitoringRulesClient().CreateAccessMonitoringRule(t.Context(), &rulespb.AccessMonitoringRule{})
	require.True(t, trace.IsNotImplemented(err), err)
}

func TestMonitoringRules_AreWatchedApartFromRequests(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.ConfirmMonitoringRules = true })
	rules, _ := w.watch("admin", types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessMonitoringRule}}})
	both, _ := w.watch("admin", types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessRequest}, {Kind: types.KindAccessMonitoringRule}}})
	only, _ := w.watch("admin", requests())
	id := w.requested(1)
	w.PutMonitoringRule(MonitoringRule{Name: "a", Condition: "true", Schedules: map[string]Schedule{"s": {Timezone: "UTC"}}, Review: "DENIED"})
	w.DeleteMonitoringRule("a")
	w.DeleteMonitoringRule("a")
	require.NoError(t, w.Delete(id))

	event := w.next(rules)
	require.Equal(t, types.OpPut, event.Type)
	rule, ok := event.Resource.(types.Resource153Unwrapper).Unwrap().(*rulespb.AccessMonitoringRule)
	require.True(t, ok)
	require.Equal(t, "a", rule.GetMetadata().GetName())
	require.NotEmpty(t, rule.GetSpec().ProtoReflect().GetUnknown(), "younger fields arrive too")
	event = w.next(rules)
	require.Equal(t, types.OpDelete, event.Type)
	require.Equal(t, types.KindAccessMonitoringRule, event.Resource.GetKind())
	require.Equal(t, "a", event.Resource.GetName())
	var kinds []string
	for range 4 {
		kinds = append(kinds, w.next(both).Resource.GetKind())
	}
	require.Equal(t, []string{types.KindAccessRequest, types.KindAccessMonitoringRule, types.KindAccessMonitoringRule, types.KindAccessRequest}, kinds)
	require.Equal(t, id, w.next(only).Resource.GetName())
	require.Equal(t, types.KindAccessRequest, w.next(only).Resource.GetKind())
}
