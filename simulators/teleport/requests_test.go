package teleport

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/teleport/api/utils"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"
)

func TestListAccessRequests_PagesAreCompleteInEveryOrder(t *testing.T) {
	w := newWorld(t)
	want := make([]string, 0, 25)
	for i := range 25 {
		id := w.create(NewRequest{User: []string{alice, bob, carol}[i%3], Roles: []string{"dev"}})
		if i%4 == 0 {
			require.NoError(t, w.SetState(id, "admin", denied, ""))
		}
		want = append(want, id)
	}
	for _, sort := range []proto.AccessRequestSort{
		proto.AccessRequestSort_DEFAULT, proto.AccessRequestSort_CREATED,
		proto.AccessRequestSort_STATE, proto.AccessRequestSort_USER,
	} {
		for _, descending := range []bool{false, true} {
			got := w.allPages(&proto.ListAccessRequestsRequest{Sort: sort, Descending: descending, Limit: 10})
			require.ElementsMatch(t, want, got, "%v descending=%v", sort, descending)
			if sort == proto.AccessRequestSort_CREATED {
				if descending {
					slices.Reverse(got)
				}
				require.Equal(t, want, got)
			}
		}
	}
}

func (w *world) allPages(req *proto.ListAccessRequestsRequest) []string {
	var got []string
	for {
		page, err := w.as("plugin").ListAccessRequests(w.t.Context(), req)
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, len(page.AccessRequests), int(req.Limit))
		for _, r := range page.AccessRequests {
			got = append(got, r.GetName())
		}
		if req.StartKey = page.NextKey; req.StartKey == "" {
			return got
		}
	}
}

func TestGetAccessRequestsV2_IsWhatTheClientFallsBackTo(t *testing.T) {
	w := newWorld(t)
	mine := w.requested(1)
	w.create(NewRequest{User: bob, Roles: []string{"dev"}})
	defer w.Inject(Fault{Method: "ListAccessRequests", Err: trace.NotImplemented("old server")})()
	found, err := w.as(alice).GetAccessRequests(t.Context(), types.AccessRequestFilter{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, mine, found[0].GetName())
	require.Equal(t, 1, w.Calls()["GetAccessRequestsV2"])
}

func TestListAccessRequests_PageTooLarge(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("plugin").ListAccessRequests(t.Context(), &proto.ListAccessRequestsRequest{Limit: maxPage + 1})
	require.True(t, trace.IsBadParameter(err), "%v", err)
}

func TestListAccessRequests_ScopesAreOfTheCaller(t *testing.T) {
	w := newWorld(t)
	w.requested(2)
	reviewed := w.requested(2)
	require.NoError(t, w.Review(reviewed, "rev1", true, ""))
	for scope, want := range map[types.AccessRequestScope]int{
		types.AccessRequestScope_MY_REQUESTS:  0,
		types.AccessRequestScope_NEEDS_REVIEW: 1,
		types.AccessRequestScope_REVIEWED:     1,
		types.AccessRequestScope_DEFAULT:      2,
	} {
		found, err := w.as("rev1").GetAccessRequests(t.Context(), types.AccessRequestFilter{Scope: scope, Requester: alice})
		require.NoError(t, err)
		require.Len(t, found, want, scope)
	}
}

func TestExpiry_VanishesAtOnceAndDataStays(t *testing.T) {
	w := newWorld(t)
	id := w.create(NewRequest{User: alice, Roles: []string{"dev"}, PendingTTL: time.Minute, MaxDuration: 2 * time.Hour})
	require.NoError(t, w.SetPluginData(id, "jira", map[string]string{"k": "1"}))

	w.ahead.Store(int64(time.Minute))
	found, err := w.as("plugin").GetAccessRequests(t.Context(), types.AccessRequestFilter{})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Contains(t, outcome(w.Review(id, "rev1", true, "")), "NotFound")
	require.Contains(t, outcome(w.SetState(id, "admin", denied, "")), "NotFound")
	require.Contains(t, outcome(w.Delete(id)), "NotFound")
	require.Contains(t, outcome(w.Promote(id, "list")), "NotFound")
	require.Contains(t, outcome(w.Expire(id)), "NotFound")
	w.sweep()
	require.NotEmpty(t, w.PluginData(id))

	w.ahead.Store(int64(3*time.Hour - time.Second))
	require.NotEmpty(t, w.PluginData(id), "until an hour after the end of access")
	w.ahead.Store(int64(3*time.Hour + time.Second))
	require.Empty(t, w.PluginData(id))
	w.sweep()
	require.Contains(t, outcome(w.SetPluginData(id, "jira", map[string]string{"k": "2"})), "NotFound")
}

func TestExpiry_EventsOnlyWhenAskedFor(t *testing.T) {
	for _, events := range []bool{false, true} {
		w := newWorld(t, func(o *Options) { o.ExpiryEvents = events })
		watcher, _ := w.watch("plugin", requests())
		first, second := w.requested(1), w.create(NewRequest{User: bob, Roles: []string{"dev"}, PendingTTL: time.Minute})
		require.Equal(t, first, w.next(watcher).Resource.GetName())
		require.Equal(t, second, w.next(watcher).Resource.GetName())
		require.NoError(t, w.Expire(first))
		w.ahead.Store(int64(time.Minute))
		w.sweep()
		marker := w.requested(1)
		var deleted []string
		for {
			event := w.next(watcher)
			if event.Resource.GetName() == marker {
				break
			}
			require.Equal(t, types.OpDelete, event.Type)
			deleted = append(deleted, event.Resource.GetName())
		}
		if events {
			require.Equal(t, []string{first, second}, deleted)
		} else {
			require.Empty(t, deleted)
		}
	}
}

func TestApproval_TurnsPendingTimeIntoAccessTime(t *testing.T) {
	w := newWorld(t)
	n := NewRequest{User: alice, Roles: []string{"dev"}, PendingTTL: time.Hour, MaxDuration: 3 * time.Hour}
	byReview, byState := w.create(n), w.create(n)
	before, _ := w.Request(byReview)
	require.WithinDuration(t, before.GetCreationTime().Add(time.Hour), *before.GetMetadata().Expires, time.Second)
	require.NoError(t, w.Review(byReview, "rev1", true, "ok"))
	require.NoError(t, w.SetState(byState, "admin", approved, "ok"))
	for _, id := range []string{byReview, byState} {
		req, _ := w.Request(id)
		require.Equal(t, req.GetAccessExpiry(), *req.GetMetadata().Expires)
		require.Equal(t, req.GetAccessExpiry(), req.Expiry())
		require.NotEqual(t, before.GetRevision(), req.GetRevision())
	}
}

func TestCreation_Rules(t *testing.T) {
	w := newWorld(t)
	past, far := time.Now().Add(-time.Hour), time.Now().Add(30*24*time.Hour)
	node := []types.ResourceID{{ClusterName: "peer", Kind: "node", Name: "n1"}}
	w.AddUser(User{Name: "dave", SearchAsRoles: []string{"access"}})
	for name, n := range map[string]NewRequest{
		"NotFound":                       {User: "nobody", Roles: []string{"dev"}},
		"BadParameter no roles":          {User: alice},
		"BadParameter expired":           {User: alice, Roles: []string{"dev"}, PendingTTL: -time.Minute},
		"BadParameter start in the past": {User: alice, Roles: []string{"dev"}, AssumeStart: &past},
		"BadParameter start too late":    {User: alice, Roles: []string{"dev"}, AssumeStart: &far},
		"AccessDenied no search role":    {User: alice, Resources: node},
	} {
		_, err := w.CreateRequest(n)
		require.Contains(t, outcome(err), strings.Fields(name)[0], name)
	}
	id := w.create(NewRequest{
		User: "dave", Resources: node, MaxDuration: 90 * 24 * time.Hour, SessionTTL: time.Hour,
		SuggestedReviewers: []string{"rev1"}, Annotations: map[string][]string{"a": {"b"}},
	})
	req, _ := w.Request(id)
	require.Equal(t, []string{"access"}, req.GetRoles())
	require.Equal(t, node, req.GetRequestedResourceIDs())
	require.Equal(t, []string{"rev1"}, req.GetSuggestedReviewers())
	require.Equal(t, map[string][]string{"a": {"b"}}, req.GetSystemAnnotations())
	require.WithinDuration(t, req.GetCreationTime().Add(maxAccess), req.GetAccessExpiry(), time.Second)
	require.WithinDuration(t, req.GetCreationTime().Add(maxPending), req.Expiry(), time.Second)
	require.NotZero(t, req.GetSessionTLL())
}

func TestCreation_DryRunLeavesNothing(t *testing.T) {
	w := newWorld(t)
	req, err := types.NewAccessRequest("any", alice, "dev")
	require.NoError(t, err)
	req.SetDryRun(true)
	checked, err := w.as(alice).CreateAccessRequestV2(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, checked.GetThresholds(), 1)
	require.Empty(t, w.Requests())
}

func TestCreation_ClientCannotSetAnnotationsOrThresholds(t *testing.T) {
	w := newWorld(t)
	req, err := types.NewAccessRequest("any", alice, "dev")
	require.NoError(t, err)
	req.SetSystemAnnotations(map[string][]string{"a": {"b"}})
	req.SetThresholds([]types.AccessReviewThreshold{{Approve: 0}})
	req.SetReviews([]types.AccessReview{{Author: "rev1", ProposedState: approved}})
	made, err := w.as(alice).CreateAccessRequestV2(t.Context(), req)
	require.NoError(t, err)
	require.Empty(t, made.GetSystemAnnotations())
	require.Empty(t, made.GetReviews())
	require.Equal(t, uint32(1), made.GetThresholds()[0].Approve)
}

func TestPromote_OnlyOutOfPending(t *testing.T) {
	w := newWorld(t)
	watcher, _ := w.watch("plugin", requests())
	id := w.requested(1)
	w.next(watcher)
	require.NoError(t, w.Promote(id, "on-call"))
	req := w.next(watcher).Resource.(types.AccessRequest)
	require.Equal(t, promoted, req.GetState())
	require.Equal(t, "on-call", req.GetPromotedAccessListName())
	require.ErrorContains(t, w.Review(id, "rev1", true, ""), "already promoted")
	require.Contains(t, outcome(w.Promote(id, "on-call")), "BadParameter")
}

func TestReview_UnsupportedFieldsAreRefused(t *testing.T) {
	w := newWorld(t)
	id := w.requested(2)
	for _, review := range []types.AccessReview{
		{ProposedState: approved, Roles: []string{"dev"}},
		{ProposedState: approved, Annotations: map[string][]string{"a": {"b"}}},
	} {
		err := w.submit("rev1", id, review)
		require.True(t, trace.IsNotImplemented(err), "%v", err)
	}
	require.Contains(t, outcome(w.Review(id, "nobody", true, "")), "NotFound")
}

func TestReview_ReturnsTheRequestAsItIsThen(t *testing.T) {
	w := newWorld(t)
	id := w.requested(2)
	review := types.AccessReview{ProposedState: approved, Reason: "r"}
	for i, want := range []types.RequestState{pending, approved} {
		req, err := w.as([]string{"rev1", "plugin"}[i]).SubmitAccessReview(t.Context(),
			types.AccessReviewSubmission{RequestID: id, Review: review})
		require.NoError(t, err)
		require.Equal(t, want, req.GetState())
		require.Len(t, req.GetReviews(), i+1)
	}
}

func TestApproval_CanSetWhenAccessBegins(t *testing.T) {
	w := newWorld(t)
	start, late := time.Now().Add(time.Hour).UTC(), time.Now().Add(48*time.Hour)
	id := w.requested(1)
	err := w.submit("rev1", id, types.AccessReview{ProposedState: approved, AssumeStartTime: &late})
	require.True(t, trace.IsBadParameter(err), "%v", err)
	require.NoError(t, w.submit("rev1", id, types.AccessReview{ProposedState: approved, AssumeStartTime: &start}))
	req, _ := w.Request(id)
	require.Len(t, req.GetReviews(), 1, "the refused review left nothing")
	require.True(t, start.Equal(*req.GetAssumeStartTime()))
}

func TestSetState_RefusesWhatIsNoResolution(t *testing.T) {
	w := newWorld(t)
	id := w.requested(1)
	for _, update := range []types.AccessRequestUpdate{
		{RequestID: id, State: pending},
		{RequestID: id, State: types.RequestState_NONE},
		{RequestID: "", State: approved},
		{RequestID: id, State: denied, Roles: []string{"dev"}},
		{RequestID: id, State: approved, Reason: strings.Repeat("x", maxReason+1)},
	} {
		err := w.as("plugin").SetAccessRequestState(t.Context(), update)
		require.True(t, trace.IsBadParameter(err), "%+v: %v", update, err)
	}
	req, _ := w.Request(id)
	require.Equal(t, pending, req.GetState())
}

func TestAudit_NamesCallerAndDelegator(t *testing.T) {
	w := newWorld(t)
	id := w.requested(2)
	require.NoError(t, w.reviewAs("rev1", id, approved, "looks right"))
	ctx := utils.WithDelegator(t.Context(), "jira:alice@example.com")
	require.NoError(t, w.as("plugin").SetAccessRequestState(ctx, types.AccessRequestUpdate{RequestID: id, State: denied, Reason: "no"}))
	require.NoError(t, w.as("admin").DeleteAccessRequest(t.Context(), id))

	log := w.Audit()
	require.Len(t, log, 4)
	for i := range log {
		require.Equal(t, id, log[i].Request)
		require.NotZero(t, log[i].Time)
		log[i].Time = time.Time{}
	}
	require.Equal(t, []AuditEntry{
		{Kind: AuditCreate, Request: id, User: alice, State: pending, Roles: []string{"dev"}},
		{Kind: AuditReview, Request: id, User: "rev1", State: approved, Reason: "looks right"},
		{Kind: AuditUpdate, Request: id, User: "plugin", Delegator: "jira:alice@example.com", State: denied, Reason: "no"},
		{Kind: AuditDelete, Request: id, User: "admin"},
	}, log)
}

func TestOnChange_SeesEachNewVersion(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	var states []types.RequestState
	w.OnChange(func(req types.AccessRequest) {
		mu.Lock()
		defer mu.Unlock()
		_, found := w.Request(req.GetName()) // no lock is held
		require.True(t, found)
		states = append(states, req.GetState())
	})
	id := w.requested(2)
	require.NoError(t, w.Review(id, "rev1", true, ""))
	require.NoError(t, w.SetState(id, "admin", approved, ""))
	require.Equal(t, []types.RequestState{pending, pending, approved}, states)
}

func TestCopies_DoNotReachTheState(t *testing.T) {
	w := newWorld(t)
	id := w.requested(1)
	req, _ := w.Request(id)
	req.GetRoles()[0] = "root"
	require.NoError(t, w.SetPluginData(id, "jira", map[string]string{"k": "1"}))
	w.PluginData(id)["jira"]["k"] = "2"
	again, _ := w.Request(id)
	require.Equal(t, []string{"dev"}, again.GetRoles())
	require.Equal(t, "1", w.PluginData(id)["jira"]["k"])
}
