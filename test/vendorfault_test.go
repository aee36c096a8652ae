package test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

// creates is the route of the create call as the simulator counts it.
const creates = "POST /issue"

// onCreate is a fault of the create call.
func onCreate(f jira.Fault) jira.Fault {
	f.Method, f.PathEnds = http.MethodPost, "/issue"
	return f
}

// A fault that only a person can mend is shown everywhere, tried no more, and leaves nothing behind once it is mended.
func TestP1_W10_FaultsForPeopleAreShownAndMended(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{})
			mend := w.Jira.Inject(onCreate(jira.Fault{Status: code}))
			b := w.Start()
			id := w.Ask()
			w.Eventually("the fault on /status", func() bool {
				class, ok := b.Unsettled("creating the object", strconv.Itoa(code))
				return ok && class == bridge.ClassTerminal
			})
			require.Equal(t, bridge.PhaseFailed, w.Link(id).Phase)
			require.Contains(t, w.Link(id).LastError, strconv.Itoa(code))
			require.InDelta(t, 1, b.Metric("accessbridge_unsettled", `queue="itsm"`, `class="terminal"`), 0)
			require.InDelta(t, 1, b.Metric("accessbridge_links", `phase="failed"`), 0)
			require.InDelta(t, 1, b.Metric("accessbridge_vendor_calls_total", `method="POST"`, `code="`+strconv.Itoa(code)+`"`), 0)
			require.Equal(t, 1, b.Status().Integrations[0].Links[bridge.PhaseFailed])
			require.True(t, b.Logs.Have(`"level":"WARN"`, id, strconv.Itoa(code)))
			w.Stays("one try", func() bool { return w.Jira.Calls()[creates] == 1 })
			require.Equal(t, http.StatusOK, b.Admin("/readyz").Code, "a vendor's fault must not take the instance out of rotation")

			mend()
			require.NoError(t, b.Stop())
			b = w.Start()
			w.Key(id)
			require.Len(t, w.Issues(id), 1)
			require.Empty(t, b.Status().Unsettled)
		})
	}
}

// A request that failed for good and ends meanwhile needs no issue any more.
func TestP4_RequestThatEndsWhileItsCreationFailedIsSettled(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	mend := w.Jira.Inject(onCreate(jira.Fault{Status: http.StatusForbidden}))
	b := w.Start()
	id := w.Ask()
	w.Eventually("the fault", func() bool { return w.Link(id).Phase == bridge.PhaseFailed })
	mend()
	require.NoError(t, w.Teleport.Review(id, harness.Carol, false, "no"))
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	w.Eventually("no fault", func() bool { return len(b.Status().Unsettled) == 0 })
	require.Empty(t, w.Issues(id))
}

func TestP1_ConflictOnCreateIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Jira.Inject(onCreate(jira.Fault{Status: http.StatusConflict, Count: 3}))
	b := w.Start()
	id, _ := w.Opened()
	require.Len(t, w.Issues(id), 1)
	require.Equal(t, 4, w.Jira.Calls()[creates])
	require.InDelta(t, 3, b.Metric("accessbridge_vendor_calls_total", `code="409"`), 0)
	w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
}

func TestW9_RetryAfterIsObeyedByTheWholeAccount(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	const pause = 30 * time.Second // so that it is still going on when a slow machine looks
	w.Jira.Inject(onCreate(jira.Fault{Status: http.StatusTooManyRequests, RetryAfter: "30", Count: 1}))
	b := w.Start()
	asked := time.Now()
	first := w.Ask()
	w.Eventually("the refused call", func() bool { return w.Jira.Calls()[creates] == 1 })
	w.Eventually("the pause on /status", func() bool { return !b.Status().Integrations[0].PausedUntil.IsZero() })
	require.InDelta(t, 1, b.Metric("accessbridge_vendor_paused", `integration="itsm"`), 0)
	second := w.Ask()
	w.Stays("no call during the pause", func() bool { return w.Jira.TotalCalls() == 1 })
	for _, id := range []string{first, second} {
		w.Key(id)
		require.Len(t, w.Issues(id), 1)
		require.False(t, w.Issues(id)[0].Created.Before(asked.Add(pause)), "a call before the time")
	}
	w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
}

// A pause while decisions come in delays them and loses none.
func TestW9_PauseOnReadingTheIssueLosesNoDecision(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	id, key := w.Opened()
	w.Quiet()
	w.Jira.Inject(jira.Fault{Method: http.MethodGet, Status: http.StatusTooManyRequests, RetryAfter: "1", Count: 2})
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, 1, w.Reviews(id))
}

// Jira carried the create call out and the answer never came: the issue is found, and there is one.
func TestP2_W2_LostAnswersLeaveOneIssue(t *testing.T) {
	t.Parallel()
	faults := map[string]jira.Fault{
		"reset":   {AfterEffect: true, Reset: true, Count: 1},
		"error":   {AfterEffect: true, Status: http.StatusInternalServerError, Count: 1},
		"gateway": {AfterEffect: true, Status: http.StatusBadGateway, Count: 1},
		"hang":    {AfterEffect: true, Hang: true, Count: 1},
	}
	sites := map[string]jira.Options{}
	for name := range faults {
		sites[name] = jira.Options{IndexLag: 500 * time.Millisecond}
	}
	w := harness.New(t, harness.Setup{Jira: sites})
	for name, f := range faults {
		w.Sites[name].Inject(onCreate(f))
	}
	w.Settings.Jira["hang"]["timeout"] = "15s"
	b := w.Start()
	id := w.Ask()
	for name, site := range w.Sites {
		w.Eventually("the issue at "+name, func() bool { return w.LinkTo(id, name).Phase == bridge.PhaseOpen })
		require.Len(t, harness.IssuesAt(site, id), 1, name)
		require.Equal(t, 1, site.Calls()[creates], name)
	}
	w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
	require.NoError(t, w.Sites["reset"].Move("bob", w.LinkTo(id, "reset").Ref.Key, "Denied"))
	w.EventuallyState(id, "DENIED")
}

func TestP6_HangingVendorDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{"itsm": {}, "slow": {}}})
	w.Sites["slow"].Inject(jira.Fault{Hang: true})
	w.Settings.Jira["slow"]["workers"] = 4
	w.Settings.Jira["slow"]["timeout"] = "5m" // Not even one call to it ends while the test lasts.
	t.Cleanup(w.Sites["slow"].Stop)           // The bridge is not stopped before those calls have ended.
	b := w.Start()
	var ids []string
	for range 20 {
		ids = append(ids, w.Ask())
	}
	for _, id := range ids {
		w.Move("bob", w.Key(id), "Approved")
	}
	for _, id := range ids {
		w.EventuallyState(id, "APPROVED")
	}
	require.Positive(t, b.Metric("accessbridge_queue_depth", `queue="slow"`))
	require.Positive(t, b.Metric("accessbridge_queue_oldest_seconds", `queue="slow"`))
	w.Eventually("nothing left for the other", func() bool { return b.Metric("accessbridge_queue_depth", `queue="itsm"`) == 0 })
	require.Positive(t, b.Metric("accessbridge_queue_depth", `queue="slow"`), "and still something for the one that hangs")
}

// Nothing was sent while Jira is down, so nothing has to be waited for when it is back.
func TestP1_JiraDownForAWhile(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	w.Jira.Stop()
	id := w.Ask()
	w.Eventually("the fault on /status", func() bool { _, ok := b.Unsettled("connection refused"); return ok })
	require.Positive(t, b.Metric("accessbridge_vendor_calls_total", `code="0"`))
	require.NoError(t, w.Jira.Start())
	w.Key(id)
	require.Len(t, w.Issues(id), 1)
}

// W3: what the official plugin tries once is tried here until it is done.
func TestW3_FailedCloseAndCommentsAreTriedAgain(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	id, key := w.Opened()
	w.Quiet()
	w.Jira.Inject(jira.Fault{Method: http.MethodPost, PathContains: "/comment", Status: http.StatusInternalServerError, Count: 2})
	w.Jira.Inject(jira.Fault{Method: http.MethodPost, PathContains: "/transitions", AfterEffect: true, Reset: true, Count: 1})
	require.NoError(t, w.Teleport.Review(id, harness.Carol, false, "not now"))
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	require.Equal(t, "Denied", w.Issue(key).Status)
	require.Equal(t, 1, w.Told(key, harness.Carol+": not now"))
	require.Equal(t, bridge.EndDenied, w.Link(id).Outcome)
}
