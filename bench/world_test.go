package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

// bare is a world without a bridge.
func bare(t *testing.T) *world {
	t.Helper()
	_, w, err := newWorld(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.close()) })
	return w
}

func TestTheBridgesConfigurationIsValid(t *testing.T) {
	w := bare(t)
	cfg, err := config.Load(w.path("config.yaml"), integrations.Kinds(integrations.Builtin()))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, w.teleport.Addr(), cfg.Teleport.Addr)
	require.Equal(t, filepath.Join(w.dir, "identity"), cfg.Teleport.IdentityFile)
	require.Len(t, cfg.Routes, 1)
}

func TestTheFloorMakesTheUnavoidableCallsOnly(t *testing.T) {
	w := bare(t)
	before := w.calls()
	ids, issues, err := w.openByFloor(t.Context(), 3)
	require.NoError(t, err)
	opened := w.calls()
	require.Equal(t, calls{vendor: tally{"POST /issue": 3}, teleport: tally{"UpdatePluginData": 3}}, opened.since(before))
	require.NoError(t, w.move(t.Context(), issues, len(issues)))
	for i := range ids {
		require.NoError(t, w.floor.decide(t.Context(), ids[i], issues[i]))
	}
	_, undecided, err := w.lastApproved(t.Context(), ids, time.Now())
	require.NoError(t, err)
	require.Zero(t, undecided)
	require.Equal(t, calls{vendor: tally{"GET /issue/{id}": 3}, teleport: tally{"SubmitAccessReview": 3}}, w.calls().since(opened))
}

func TestOneDecisionOfTheFloorIsTimed(t *testing.T) {
	w := bare(t)
	ids, issues, err := w.openByFloor(t.Context(), 1)
	require.NoError(t, err)
	took, err := w.decideOne(t.Context(), ids[0], issues[0], w.floor.decide)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, vendorLatency)
}

func TestLedgerCountsIssuesOfARequest(t *testing.T) {
	l := newLedger()
	issue := func(id, request string) jirasim.Issue {
		value, err := json.Marshal(request)
		require.NoError(t, err)
		return jirasim.Issue{ID: id, Properties: map[string]json.RawMessage{marker: value}}
	}
	l.issue(issue("1", "once"))
	l.issue(issue("1", "once")) // a transition of the same issue
	l.issue(issue("2", "twice"))
	l.issue(issue("3", "twice"))
	l.issue(jirasim.Issue{ID: "4"}) // somebody else's
	missing, doubled := l.count([]string{"once", "twice", "never"})
	require.Equal(t, 1, missing)
	require.Equal(t, 1, doubled)
	first, at, err := l.waitOpened(t.Context(), "twice")
	require.NoError(t, err)
	require.Equal(t, "2", first)
	require.False(t, at.IsZero())
}

func TestLedgerWaitsForWhatIsYetToCome(t *testing.T) {
	l := newLedger()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the bridge has ended"))
	_, _, err := l.waitOpened(ctx, "later")
	require.ErrorContains(t, err, "the bridge has ended")
	_, err = l.waitApproved(ctx, "later")
	require.ErrorContains(t, err, "the bridge has ended")
}

func TestTallies(t *testing.T) {
	earlier := tally{"POST": 2, "GET": 5}
	later := tally{"POST": 6, "GET": 5, "Ping": 1}
	used := later.since(earlier)
	require.Equal(t, tally{"POST": 4, "Ping": 1}, used)
	require.Equal(t, tally{"POST": 4}, used.without(background()))
	require.Equal(t, tally{"POST": 10, "GET": 5, "Ping": 2}, later.plus(used))
	require.Equal(t, 5, used.total())
	require.InDelta(t, 2.5, used.per(2), 1e-9)
	require.Equal(t, "POST 4, Ping 1", used.String())
	require.Equal(t, "none", tally{}.String())
}

func TestStopwatchCountsOnlyDeliveriesThatWereTaken(t *testing.T) {
	bridge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	watch := &stopwatch{next: &http.Transport{}}
	send := func(path string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bridge.URL+path, nil)
		require.NoError(t, err)
		if resp, err := watch.RoundTrip(req); err == nil {
			require.NoError(t, resp.Body.Close())
		}
	}
	send("/taken")
	send("/refused")
	watch.next.CloseIdleConnections()
	bridge.Close()
	send("/down")
	taken, bad := watch.reset()
	require.Len(t, taken, 1)
	require.Equal(t, 2, bad)
	taken, bad = watch.reset()
	require.Empty(t, taken)
	require.Zero(t, bad)
}
