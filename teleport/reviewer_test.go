package teleport

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func approval() bridge.Decision {
	return bridge.Decision{
		Verdict: bridge.Approve, Mode: bridge.ModeReview, Person: "eve@example.com", Reason: "looks fine",
		Evidence: bridge.Evidence{
			Target: "itsm", Object: bridge.Ref{ID: "10001", Key: "SEC-12", URL: "https://jira.example.com/browse/SEC-12"},
			Actor: bridge.Actor{ID: "5b1", Email: "eve@example.com"},
		},
	}
}

func denial() bridge.Decision {
	d := approval()
	d.Verdict = bridge.Deny
	return d
}

func override(d bridge.Decision) bridge.Decision {
	d.Mode = bridge.ModeOverride
	return d
}

func (w *world) reviewer() (*Reviewer, *Requests) {
	w.t.Helper()
	c := w.dial()
	r := w.follow(c, RequestsOptions{})
	return NewReviewer(c, r, w.logs.Logger()), r
}

func refusal(t *testing.T, err error) *Refused {
	t.Helper()
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	return refused
}

func TestSubmit_ReviewCostsOneCallAndNamesThePerson(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, r := w.reviewer()
	for _, tc := range []struct {
		d      bridge.Decision
		want   bridge.State
		reason string
	}{
		{approval(), bridge.StateApproved, "Approved by eve@example.com in itsm SEC-12 (https://jira.example.com/browse/SEC-12): looks fine"},
		{denial(), bridge.StateDenied, "Denied by eve@example.com in itsm SEC-12 (https://jira.example.com/browse/SEC-12): looks fine"},
	} {
		id := w.create(sim.NewRequest{})
		w.srv.ResetCalls()
		after, err := v.Submit(t.Context(), id, tc.d)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"SubmitAccessReview": 1}, w.srv.Calls())
		require.Equal(t, tc.want, after.State)
		require.Equal(t, tc.reason, after.ResolveReason)
		own, ok := after.ReviewBy("plugin")
		require.True(t, ok)
		require.WithinDuration(t, time.Now(), own.At, time.Minute)
		cached, _ := r.Get(id)
		require.Equal(t, tc.want, cached.State, "the answer is in the cache at once")
	}
}

// Nobody has decided when the requester is on call, so the review claims nobody, and names schedule, level and end.
func TestSubmit_OnCallApprovalNamesTheShiftAndNoPerson(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.permit(mayOverride())
	v, _ := w.reviewer()
	onCall := bridge.Decision{
		Verdict: bridge.Approve, Mode: bridge.ModeReview, Rule: bridge.RuleOnCall, Person: "alice",
		Reason:   `alice is on call by "Primary", level 1, until 2026-03-01 20:00 UTC`,
		Evidence: bridge.Evidence{Target: "pager", Status: "on call", Actor: bridge.Actor{ID: "PALICE", Email: "alice@example.com"}},
	}
	for _, d := range []bridge.Decision{onCall, override(onCall)} {
		after, err := v.Submit(t.Context(), w.create(sim.NewRequest{}), d)
		require.NoError(t, err)
		require.Equal(t, bridge.StateApproved, after.State)
		require.Equal(t, `Approved without a person: alice is on call by "Primary", level 1, until 2026-03-01 20:00 UTC`, after.ResolveReason)
	}
}

func TestSubmit_UnmetThresholdReturnsThePendingRequest(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{ThresholdApprove: 2})
	after, err := v.Submit(t.Context(), id, approval())
	require.NoError(t, err)
	require.Equal(t, bridge.StatePending, after.State)
	require.Len(t, after.Reviews, 1)
	require.Equal(t, uint32(2), after.Thresholds[0].Approve)
	require.NoError(t, w.srv.Review(id, "rev1", true, "second"))
	req, _ := w.srv.Request(id)
	require.True(t, req.GetState().IsApproved())
}

func TestSubmit_OverrideNamesTheDelegatorInTheAudit(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.permit(mayOverride())
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{ThresholdApprove: 2})
	after, err := v.Submit(t.Context(), id, override(approval()))
	require.NoError(t, err)
	require.Equal(t, bridge.StateApproved, after.State)
	require.Empty(t, after.Reviews)
	audit := w.srv.Audit()
	last := audit[len(audit)-1]
	require.Equal(t, sim.AuditUpdate, last.Kind)
	require.Equal(t, "plugin", last.User)
	require.Equal(t, "accessbridge:itsm:eve@example.com", last.Delegator)
	require.Contains(t, last.Reason, "SEC-12")
}

// Teleport's words for the same refusal differ between versions. Only the request itself is asked.
func TestW26_NoDecisionByTheTextOfAnError(t *testing.T) {
	duplicates := map[string]error{
		"today's words":   nil,
		"other words":     trace.AccessDenied("nope"),
		"misleading":      trace.AccessDenied("the access request has been already denied"),
		"another kind":    trace.AlreadyExists("review exists"),
		"lost connection": trace.ConnectionProblem(nil, "reset"),
		"plain":           errors.New("something else"),
		"conflict":        trace.CompareFailed("too many tries"),
	}
	for name, fault := range duplicates {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			v, _ := w.reviewer()
			id := w.create(sim.NewRequest{ThresholdApprove: 2, ThresholdDeny: 2})
			require.NoError(t, w.srv.Review(id, "plugin", true, "earlier"))
			if fault != nil {
				defer w.srv.Inject(sim.Fault{Method: "SubmitAccessReview", Err: fault})()
			}
			after, err := v.Submit(t.Context(), id, approval())
			require.NoError(t, err, "our own review with the same proposal is there")
			require.Equal(t, bridge.StatePending, after.State)

			_, err = v.Submit(t.Context(), id, denial())
			require.Equal(t, AlreadyReviewed, refusal(t, err).Kind)
		})
	}
}

func TestSubmit_ResolvedInTheMeantime(t *testing.T) {
	for name, tc := range map[string]struct {
		resolve func(*world, string) error
		d       bridge.Decision
		kind    RefusedKind
	}{
		"same state by a human":      {func(w *world, id string) error { return w.srv.Review(id, "rev1", true, "") }, approval(), ""},
		"same state by an override":  {func(w *world, id string) error { return w.srv.SetState(id, "root", types.RequestState_DENIED, "") }, denial(), ""},
		"other state by a human":     {func(w *world, id string) error { return w.srv.Review(id, "rev1", false, "") }, approval(), AlreadyResolved},
		"other state, deny too late": {func(w *world, id string) error { return w.srv.Review(id, "rev1", true, "") }, denial(), AlreadyResolved},
		"promoted":                   {func(w *world, id string) error { return w.srv.Promote(id, "admins") }, approval(), AlreadyResolved},
		"denied before an override":  {func(w *world, id string) error { return w.srv.Review(id, "rev1", false, "") }, override(approval()), AlreadyResolved},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.permit(mayOverride())
			v, _ := w.reviewer()
			id := w.create(sim.NewRequest{})
			require.NoError(t, tc.resolve(w, id))
			after, err := v.Submit(t.Context(), id, tc.d)
			if tc.kind == "" {
				require.NoError(t, err)
				_, want := proposal(tc.d.Verdict)
				require.Equal(t, want, after.State)
				return
			}
			refused := refusal(t, err)
			require.Equal(t, tc.kind, refused.Kind)
			require.Equal(t, after, refused.Request)
			require.Error(t, refused.Err)
		})
	}
}

func TestSubmit_OwnReviewDoesNotStandInForAnOverride(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{ThresholdApprove: 2})
	require.NoError(t, w.srv.Review(id, "plugin", true, "earlier"))
	_, err := v.Submit(t.Context(), id, override(approval()))
	require.Equal(t, NotPermitted, refusal(t, err).Kind)
}

func TestSubmit_NotPermitted(t *testing.T) {
	w := newWorld(t, sim.Options{})
	plugin := sim.PluginUser("plugin")
	plugin.ReviewRoles = []string{"dev"}
	w.srv.AddUser(plugin)
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{Roles: []string{"db"}})
	for _, d := range []bridge.Decision{approval(), override(approval())} {
		_, err := v.Submit(t.Context(), id, d)
		require.Equal(t, NotPermitted, refusal(t, err).Kind)
		require.True(t, trace.IsAccessDenied(err))
	}
}

func TestSubmit_InvalidDecisions(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{})
	w.srv.ResetCalls()
	undecided, odd := approval(), approval()
	undecided.Verdict = bridge.Undecided
	odd.Mode = "shout"
	for _, d := range []bridge.Decision{undecided, odd} {
		_, err := v.Submit(t.Context(), id, d)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
	}
	require.Empty(t, w.srv.Calls())
	defer w.srv.Inject(sim.Fault{Method: "SubmitAccessReview", Err: trace.BadParameter("no")})()
	_, err := v.Submit(t.Context(), id, approval())
	require.Equal(t, Invalid, refusal(t, err).Kind)
}

func TestSubmit_GoneRequest(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.permit(mayOverride())
	v, r := w.reviewer()
	for _, d := range []bridge.Decision{approval(), override(denial())} {
		id := w.create(sim.NewRequest{})
		w.eventuallyState(r, id, bridge.StatePending)
		require.NoError(t, w.srv.Expire(id))
		_, err := v.Submit(t.Context(), id, d)
		require.ErrorIs(t, err, bridge.ErrGone)
		_, ok := r.Get(id)
		require.False(t, ok)
	}
}

func TestSubmit_AnswerLostAfterTheEffectIsSuccess(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.permit(mayOverride())
	v, _ := w.reviewer()
	for method, d := range map[string]bridge.Decision{"SubmitAccessReview": approval(), "SetAccessRequestState": override(approval())} {
		id := w.create(sim.NewRequest{})
		w.srv.Inject(sim.Fault{Method: method, Err: trace.ConnectionProblem(nil, "reset"), AfterEffect: true, Count: 1})
		after, err := v.Submit(t.Context(), id, d)
		require.NoError(t, err)
		require.Equal(t, bridge.StateApproved, after.State)
	}
}

func TestSubmit_PassingFaultsMayBeTriedAgain(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, _ := w.reviewer()
	id := w.create(sim.NewRequest{})
	for _, fault := range []error{
		trace.ConnectionProblem(nil, "away"), trace.CompareFailed("too many tries"), trace.AlreadyExists("?"), errors.New("odd"),
	} {
		w.srv.Inject(sim.Fault{Method: "SubmitAccessReview", Err: fault, Count: 1})
		_, err := v.Submit(t.Context(), id, approval())
		require.Error(t, err)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class, fault)
	}
	w.srv.Inject(sim.Fault{Method: "SubmitAccessReview", Err: trace.LimitExceeded("slow down"), Count: 1})
	_, err := v.Submit(t.Context(), id, approval())
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, limitPause, after)

	// Denied, and then no answer to what the request is like now: nothing is known.
	w.srv.Inject(sim.Fault{Method: "SubmitAccessReview", Err: trace.AccessDenied("no"), Count: 1})
	w.srv.Inject(sim.Fault{Method: "ListAccessRequests", Err: trace.ConnectionProblem(nil, "away"), Count: 1})
	_, err = v.Submit(t.Context(), id, approval())
	class, _ = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)

	done, err := v.Submit(t.Context(), id, approval())
	require.NoError(t, err)
	require.Equal(t, bridge.StateApproved, done.State)
}

func TestSubmit_LongReasonIsCutOnARune(t *testing.T) {
	w := newWorld(t, sim.Options{})
	v, _ := w.reviewer()
	for pad := range 4 {
		d := approval()
		d.Reason = strings.Repeat("x", pad) + strings.Repeat("ü世\U0001F512", 2000)
		id := w.create(sim.NewRequest{})
		after, err := v.Submit(t.Context(), id, d)
		require.NoError(t, err)
		require.LessOrEqual(t, len(after.ResolveReason), maxReason)
		require.Greater(t, len(after.ResolveReason), maxReason-8)
		require.True(t, utf8.ValidString(after.ResolveReason))
		require.True(t, strings.HasSuffix(after.ResolveReason, "…"))
		require.Contains(t, after.ResolveReason, "SEC-12")
	}
}

func TestReason_WithLittleToTell(t *testing.T) {
	require.Equal(t, "Denied by nobody", reason(bridge.Decision{Verdict: bridge.Deny}))
	d := approval()
	d.Person, d.Reason, d.Evidence.Object = "", " \n", bridge.Ref{ID: "10001"}
	require.Equal(t, "Approved by eve@example.com in itsm 10001", reason(d))
	d.Reason = "bad \xff byte"
	require.True(t, utf8.ValidString(reason(d)))
}
