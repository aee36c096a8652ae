package teleport

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"
)

func sayPing(tr *transcript) {
	pong, err := tr.as("plugin").Ping(tr.t.Context())
	tr.did("Ping", err, fmt.Sprintf("%s cluster=%s advancedAccessWorkflows=%v proxy=%s",
		pong.ServerVersion, pong.ClusterName, pong.ServerFeatures.AdvancedAccessWorkflows, pong.ProxyPublicAddr))
}

func sayReviewsByOne(tr *transcript) {
	id := tr.requested(1)
	tr.did("rev1 approves (empty author)", tr.reviewAs("rev1", id, approved, "fine"), tr.after(id))
	tr.did("rev1 approves the resolved request again", tr.reviewAs("rev1", id, approved, "again"), tr.after(id))
	tr.did("rev2 denies the resolved request", tr.reviewAs("rev2", id, denied, "no"), tr.after(id))
}

func sayReviewsByTwo(tr *transcript) {
	id := tr.requested(2)
	tr.did("rev1 approves", tr.reviewAs("rev1", id, approved, "one"), tr.after(id))
	tr.did("rev1 approves twice", tr.reviewAs("rev1", id, approved, "one"), tr.after(id))
	tr.did("rev1 denies after its approval", tr.reviewAs("rev1", id, denied, "changed my mind"), tr.after(id))
	tr.did("rev2 approves", tr.reviewAs("rev2", id, approved, "two"), tr.after(id))
	id = tr.requested(2)
	tr.did("rev1 denies (fresh request)", tr.reviewAs("rev1", id, denied, "no"), tr.after(id))
	tr.did("review with annotations", tr.submit("rev1", id, types.AccessReview{
		ProposedState: approved, Annotations: map[string][]string{"a": {"b"}},
	}))
	id = tr.requested(2)
	past := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	err := tr.submit("rev1", id, types.AccessReview{ProposedState: approved, Created: past})
	req, _ := tr.Request(id)
	tr.did("review with Created in the past", err, fmt.Sprintf("kept: %v", req.GetReviews()[0].Created.Equal(past)))
}

func sayWhoMayReview(tr *transcript) {
	id := tr.requested(2)
	behalf := func(author string) types.AccessReview {
		return types.AccessReview{Author: author, ProposedState: approved}
	}
	tr.did("rev1 with author rev2", tr.submit("rev1", id, behalf("rev2")))
	tr.did("plugin with author of a human", tr.submit("plugin", id, behalf("alice-approver@example.com")))
	tr.did("requester without review role reviews own request", tr.reviewAs(alice, id, approved, ""))
	tr.did("plugin without review_requests", tr.reviewAs("plugin-noreview", id, approved, ""))
	tr.did("review with PENDING", tr.reviewAs("rev1", id, pending, ""))
	tr.did("review with NONE", tr.reviewAs("rev1", id, types.RequestState_NONE, ""))
	tr.did("review with PROMOTED", tr.reviewAs("rev1", id, promoted, ""))
	tr.did("review of unknown id", tr.reviewAs("rev1", "629eb29d-f52b-4f9c-a114-8313e29e5b8b", approved, ""))
	tr.did("review of malformed id", tr.reviewAs("rev1", "not-a-uuid", approved, ""))
	tr.did("review reason of 5000 bytes", tr.reviewAs("rev1", id, approved, strings.Repeat("x", 5000)), tr.after(id))

	id = tr.create(NewRequest{User: self, Roles: []string{"dev"}})
	tr.did("self approval by a user with review role", tr.reviewAs(self, id, approved, ""))
	id = tr.create(NewRequest{User: alice, Roles: []string{"db"}})
	tr.did("rev1 (dev,prod) reviews a db request", tr.reviewAs("rev1", id, approved, ""))
	id = tr.create(NewRequest{User: alice, Roles: []string{"dev", "db"}})
	tr.did("rev1 (dev,prod) reviews a dev+db request", tr.reviewAs("rev1", id, approved, ""), tr.after(id))
}

func saySetState(tr *transcript) {
	ctx := tr.t.Context()
	set := func(user, id string, state types.RequestState, reason string, roles ...string) error {
		return tr.as(user).SetAccessRequestState(ctx, types.AccessRequestUpdate{
			RequestID: id, State: state, Reason: reason, Roles: roles, Annotations: map[string][]string{"a": {"b"}},
		})
	}
	both := NewRequest{User: alice, Roles: []string{"dev", "prod"}, ThresholdApprove: 2}
	id := tr.create(both)
	tr.did("requester sets state", set(alice, id, approved, ""))
	tr.did("plugin approves (bypasses threshold 2)", set("plugin", id, approved, "by plugin"), tr.after(id))
	tr.did("plugin approves again", set("plugin", id, approved, "again"), tr.after(id))
	tr.did("plugin denies the approved", set("plugin", id, denied, "no"), tr.after(id))
	tr.did("plugin approves the denied", set("plugin", id, approved, "yes"), tr.after(id))
	tr.did("plugin sets PENDING", set("plugin", id, pending, ""), tr.after(id))

	id = tr.create(both)
	tr.did("plugin approves with role subset", set("plugin", id, approved, "", "dev"), tr.after(id))
	id = tr.requested(2)
	tr.did("plugin approves with foreign role", set("plugin", id, approved, "", "prod"), tr.after(id))
	tr.did("unknown id", set("plugin", "2d307c80-ca88-4f2d-ac70-d6a90a359737", approved, ""))
	tr.did("PROMOTED", set("plugin", id, promoted, ""))
	tr.did("rev1 approves 1 of 2", tr.reviewAs("rev1", id, approved, "one"), tr.after(id))
	tr.did("plugin denies by state with one review present", set("plugin", id, denied, "deny by state"), tr.after(id))
	tr.did("rev2 approves after deny by state", tr.reviewAs("rev2", id, approved, "two"), tr.after(id))
}

func sayCreation(tr *transcript) {
	ctx := tr.t.Context()
	const chosen = "11111111-2222-4333-8444-555555555555"
	create := func(user string, role string, change ...func(types.AccessRequest)) (types.AccessRequest, error) {
		req, err := types.NewAccessRequest(chosen, user, role)
		require.NoError(tr.t, err)
		for _, f := range change {
			f(req)
		}
		caller := alice
		if user == carol {
			caller = carol
		}
		return tr.as(caller).CreateAccessRequestV2(ctx, req)
	}
	_, err := create(bob, "dev")
	tr.did("alice creates for bob", err)
	_, err = create(alice, "nope")
	tr.did("role not requestable", err)
	made, err := create(alice, "dev")
	tr.did("create with a client-chosen id", err, fmt.Sprintf("id kept: %v", made.GetName() == chosen))
	_, err = create(alice, "dev", func(r types.AccessRequest) { require.NoError(tr.t, r.SetState(approved)) })
	tr.did("create as APPROVED", err)
	_, err = create(alice, "dev", func(r types.AccessRequest) { r.SetExpiry(tr.now().Add(4 * time.Second)) })
	tr.did("create with 4 s expiry", err)
	ofCarol, err := create(carol, "dev")
	require.NoError(tr.t, err)
	tr.note(fmt.Sprintf("system annotations of carol's request: %v", ofCarol.GetSystemAnnotations()))
	_, err = create(alice, "dev", func(r types.AccessRequest) { r.SetRequestReason(strings.Repeat("x", 5000)) })
	tr.did("reason of 5000 bytes", err)
	tr.did("alice deletes her request", tr.as(alice).DeleteAccessRequest(ctx, made.GetName()))
	tr.did("plugin deletes a request", tr.as("plugin").DeleteAccessRequest(ctx, made.GetName()))
}

func sayPluginData(tr *transcript) {
	id := tr.requested(1)
	update := func(user, plugin string, set, expect map[string]string) error {
		return tr.as(user).UpdatePluginData(tr.t.Context(), types.PluginDataUpdateParams{
			Kind: types.KindAccessRequest, Resource: id, Plugin: plugin, Set: set, Expect: expect,
		})
	}
	kv := func(k, v string) map[string]string { return map[string]string{k: v} }
	tr.did("set k=1 (no expect)", update("plugin", "jira", kv("k", "1"), nil), tr.stored(id))
	tr.did("set k=2 expect k=1", update("plugin", "jira", kv("k", "2"), kv("k", "1")), tr.stored(id))
	tr.did("set k=3 expect k=1", update("plugin", "jira", kv("k", "3"), kv("k", "1")), tr.stored(id))
	tr.did("set k=3 expect k absent (empty string)", update("plugin", "jira", kv("k", "3"), kv("k", "")), tr.stored(id))
	tr.did("set n=1 expect n absent", update("plugin", "jira", kv("n", "1"), kv("n", "")), tr.stored(id))
	tr.did("other plugin name, same caller", update("plugin", "accessbridge", kv("x", "1"), nil), tr.stored(id))
	tr.did("delete k by empty value", update("plugin", "jira", kv("k", ""), nil), tr.stored(id))
	tr.did("requester writes plugin data", update(alice, "jira", kv("k", "1"), nil))

	known := id
	id = "c5672086-66f2-4279-9858-981010cbd0e1"
	tr.did("unknown request", update("plugin", "jira", kv("k", "1"), nil))
	id = known
	tr.did("1 MiB value", update("plugin", "jira", kv("big", strings.Repeat("x", 1<<20)), nil))
	tr.did("200 KiB value", update("plugin", "jira", kv("big", strings.Repeat("x", 200<<10)), nil))
	tr.did("same Set twice, expect old", update("plugin", "jira", kv("n", "1"), kv("n", "1")))

	results := tr.race(20, func(i int) error {
		return update("plugin", "lock", kv("owner", fmt.Sprint(i)), kv("owner", ""))
	}, func(err error) string { return strings.Fields(outcome(err))[0] })
	tr.note(fmt.Sprintf("- 20 concurrent claims (expect owner absent): %v", results))

	require.NoError(tr.t, tr.Delete(id))
	tr.did("after delete of the request: read", nil, tr.stored(id))
	tr.did("after delete: update existing data", update("plugin", "jira", kv("z", "1"), nil), tr.stored(id))
}

// stored reads a request's plugin data through the API, sorted, with long texts
// cut and the winner of the race called N.
func (tr *transcript) stored(id string) string {
	found, err := tr.as("plugin").GetPluginData(tr.t.Context(), types.PluginDataFilter{
		Kind: types.KindAccessRequest, Resource: id,
	})
	require.NoError(tr.t, err)
	require.Len(tr.t, found, 1)
	entries := found[0].Entries()
	var texts []string
	for _, plugin := range slices.Sorted(maps.Keys(entries)) {
		text := fmt.Sprint(entries[plugin].Data)
		if len(text) > 100 {
			text = text[:len("map[big:")] + "..."
		}
		if plugin == "lock" {
			require.Len(tr.t, entries[plugin].Data, 1)
			text = "map[owner:N]"
		}
		texts = append(texts, plugin+"="+text)
	}
	return "[" + strings.Join(texts, " ") + "]"
}

// race runs a function n times at once and counts the results by name.
func (tr *transcript) race(n int, run func(i int) error, name func(error) string) map[string]int {
	results := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { results[i] = run(i) })
	}
	wg.Wait()
	count := map[string]int{}
	for _, err := range results {
		count[name(err)]++
	}
	return count
}

func sayConcurrentReviews(tr *transcript) {
	id := tr.requested(2)
	results := tr.race(8, func(i int) error {
		return tr.reviewAs([]string{"rev1", "rev2"}[i%2], id, approved, "c")
	}, func(err error) string { return strings.Replace(outcome(err), "AccessDenied ", "AccessDenied: ", 1) })
	tr.note(fmt.Sprintf("- 8 concurrent approvals by rev1, rev2: %v -> %s", results, tr.after(id)))
}

func sayWatcher(tr *transcript) {
	refused, err := tr.as(alice).NewWatcher(tr.t.Context(), requests())
	require.NoError(tr.t, err)
	<-refused.Done()
	tr.did("requester watches access_request", refused.Error())

	tr.requested(1)
	watcher, first := tr.watch("plugin", requests())
	tr.note(fmt.Sprintf("- first event of the plugin's watch: %v", first.Type))
	id := tr.requested(2)
	event := tr.next(watcher)
	if event.Resource.GetName() == id {
		tr.note("- existing requests are not replayed after init")
	}
	tr.event(event)
	require.NoError(tr.t, tr.reviewAs("rev1", id, approved, ""))
	tr.event(tr.next(watcher))
	require.NoError(tr.t, tr.SetState(id, "admin", approved, ""))
	tr.event(tr.next(watcher))
	require.NoError(tr.t, tr.Delete(id))
	tr.event(tr.next(watcher))

	id = tr.create(NewRequest{User: alice, Roles: []string{"dev"}, PendingTTL: 4 * time.Second})
	tr.note("- request with 4 s expiry now: " + tr.after(id))
	tr.ahead.Store(int64(4 * time.Second))
	tr.note("- after: " + tr.after(id))

	_, first = tr.watch("plugin", types.Watch{AllowPartialSuccess: true, Kinds: []types.WatchKind{
		{Kind: types.KindAccessRequest}, {Kind: types.KindAccessMonitoringRule},
	}})
	tr.note(fmt.Sprintf("- partial watch confirmed kinds: %v", first.Resource.(*types.WatchStatusV1).GetKinds()))
}

func (tr *transcript) event(event types.Event) {
	line := fmt.Sprintf("event %v %T", event.Type, event.Resource)
	if req, ok := event.Resource.(types.AccessRequest); ok {
		line += fmt.Sprintf(" %v reviews=%d", req.GetState(), len(req.GetReviews()))
	}
	tr.note(line)
}

// sayLists first makes as many requests of each kind as there were then.
func sayLists(tr *transcript) {
	ctx := tr.t.Context()
	made := map[string]int{alice + " dev": 4, alice + " db": 2, bob + " dev": 6, carol + " dev": 1, self + " dev": 1}
	open := 0
	for who, n := range made {
		user, role, _ := strings.Cut(who, " ")
		for range n {
			id := tr.create(NewRequest{User: user, Roles: []string{role}})
			if open++; open > 6 {
				require.NoError(tr.t, tr.SetState(id, "admin", denied, ""))
			}
		}
	}
	byUser := func(user string) (string, error) {
		found, err := tr.as(user).GetAccessRequests(ctx, types.AccessRequestFilter{})
		count := map[string]int{}
		for _, req := range found {
			count[req.GetUser()]++
		}
		return fmt.Sprint(count), err
	}
	found, err := tr.as("plugin").GetAccessRequests(ctx, types.AccessRequestFilter{State: pending})
	tr.did("plugin GetAccessRequests pending", err, fmt.Sprint(len(found)))
	seen, err := byUser(alice)
	tr.did("alice GetAccessRequests (no rule)", err, seen)
	seen, err = byUser("rev1")
	tr.did("rev1 GetAccessRequests (reviewer, no list rule)", err, seen)
	page, err := tr.as("plugin").ListAccessRequests(ctx, &proto.ListAccessRequestsRequest{
		Limit: 3, Sort: proto.AccessRequestSort_CREATED, Descending: true,
	})
	tr.did("ListAccessRequests limit 3 sort created desc", err,
		fmt.Sprintf("%d next=%v", len(page.AccessRequests), page.NextKey != ""))
}

func sayRoles(tr *transcript) {
	try := func(what string, change func(*types.RoleSpecV6)) {
		spec := types.RoleSpecV6{Allow: types.RoleConditions{Request: &types.AccessRequestConditions{}}}
		change(&spec)
		role, err := types.NewRole("requester", spec)
		require.NoError(tr.t, err)
		_, err = tr.as("admin").UpsertRole(tr.t.Context(), role)
		tr.did(what, err)
	}
	try("role with request.roles + annotations", func(s *types.RoleSpecV6) {
		s.Allow.Request.Roles = []string{"dev"}
		s.Allow.Request.Annotations = map[string][]string{"a": {"b"}}
	})
	try("role with request.thresholds", func(s *types.RoleSpecV6) {
		s.Allow.Request.Thresholds = []types.AccessReviewThreshold{{Approve: 2, Deny: 1}}
	})
	try("role with review_requests", func(s *types.RoleSpecV6) {
		s.Allow.ReviewRequests = &types.AccessReviewConditions{Roles: []string{"dev"}}
	})
	try("role with suggested_reviewers", func(s *types.RoleSpecV6) {
		s.Allow.Request.SuggestedReviewers = []string{"rev1"}
	})
	try("role with request_access: always", func(s *types.RoleSpecV6) {
		s.Options.RequestAccess = types.RequestStrategyAlways
	})
	try("role with search_as_roles", func(s *types.RoleSpecV6) { s.Allow.Request.SearchAsRoles = []string{"dev"} })
}
