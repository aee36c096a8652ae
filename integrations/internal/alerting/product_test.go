package alerting

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/httpx"
	"github.com/stretchr/testify/require"
)

// product is a product in memory with one alert, that names people by ids alone, and closes at once without a request to ask for.
type product struct {
	alert   *Alert
	made    Request
	notes   []Note
	log     []Entry
	onCall  []User
	users   map[string]User
	byAlias int
	asked   int
	closed  int
	// ending is the id of a request to close, which leaves the alert open when it is not empty.
	ending string
	// listed counts listings of alerts, broken is what they end with.
	listed int
	broken error
	// refused is what closing ends with, unread what reading the alert ends with.
	refused, unread error

	mu sync.Mutex // for calls that the test did not make itself
}

// locked does something with the product while no call changes it.
func (p *product) locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// forgetful knows no request.
type forgetful struct{ product }

func (p *forgetful) Request(context.Context, string) (Request, error) {
	return Request{}, bridge.Terminal(errNone)
}

var errNone = &httpx.StatusError{Method: "GET", URL: "/alerts", Code: http.StatusNotFound}

func (p *product) find(h Handle) error {
	if h.ID == "" {
		p.byAlias++
	}
	if p.alert == nil || h.ID != "" && h.ID != p.alert.ID || h.ID == "" && h.Alias != p.alert.Alias {
		return bridge.Terminal(errNone)
	}
	return nil
}

func (p *product) Create(context.Context, NewAlert) (string, error)  { return "r", nil }
func (p *product) Logs(_ context.Context, h Handle) ([]Entry, error) { return p.log, p.find(h) }
func (p *product) OnCall(context.Context, string) ([]User, error)    { return p.onCall, nil }
func (p *product) Escalation(context.Context, string) (Object, error) {
	return Object{}, lookup.ErrUnknown
}
func (p *product) Own(owner string) bool                          { return owner == "bridge" }
func (p *product) Page(alias string) string                       { return "https://alerts.example/" + alias }
func (p *product) Check(context.Context, *incident.Findings) bool { return true }
func (p *product) Teams(context.Context) iter.Seq2[Object, error] { return objects() }
func (p *product) Schedules(context.Context) iter.Seq2[Object, error] {
	return objects(Object{ID: "s1", Name: "Night"})
}

func (p *product) Notes(_ context.Context, h Handle) ([]Note, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notes, p.find(h)
}

func (p *product) Request(context.Context, string) (Request, error) {
	p.asked++
	return p.made, nil
}

func (p *product) AddNote(_ context.Context, h Handle, text string) error {
	p.notes = append(p.notes, Note{Text: text, Owner: "bridge"})
	return p.find(h)
}

func (p *product) Alert(_ context.Context, h Handle) (Alert, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cmp.Or(p.unread, p.find(h)); err != nil {
		return Alert{}, err
	}
	return *p.alert, nil
}

func (p *product) Alerts(context.Context, string) iter.Seq2[Alert, error] {
	return func(yield func(Alert, error) bool) {
		var shown []Alert
		var broken error
		p.locked(func() {
			p.listed++
			if broken = p.broken; p.alert != nil {
				shown = append(shown, *p.alert)
			}
		})
		if broken != nil {
			yield(Alert{}, broken)
			return
		}
		for _, a := range shown {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (p *product) Close(_ context.Context, h Handle, note string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cmp.Or(p.refused, p.find(h)); err != nil {
		return "", err
	}
	p.alert.Closed = p.ending == ""
	p.closed++
	if note != "" {
		p.notes = append(p.notes, Note{Text: note, Owner: "bridge"})
	}
	return p.ending, nil
}

func (p *product) User(_ context.Context, name string) (User, error) {
	if u, ok := p.users[name]; ok {
		return u, nil
	}
	return User{}, lookup.Unknown("Alerts", "user", name, nil)
}

func objects(list ...Object) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o := range slices.Values(list) {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// at is a tracker of the product.
func at(t *testing.T, p *product, byAlias bool) (*Tracker, bridge.Ref) {
	t.Helper()
	return over(t, p, byAlias)
}

func over(t *testing.T, p API, byAlias bool) (*Tracker, bridge.Ref) {
	t.Helper()
	set := DefaultSettings()
	base, err := incident.NewBase("alerts", "oncall", set.Common, incident.Options{})
	require.NoError(t, err)
	tracker := New(Product{Kind: "alerts", Name: "Alerts", ByAlias: byAlias}, base, p, set, nil)
	ref, err := tracker.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.NoError(t, err)
	return tracker, ref
}

func exists() *Alert {
	return &Alert{ID: "a1", Alias: aliasPrefix + testkit.RequestID, Responders: []Responder{{Type: TypeSchedule, ID: "s1"}}}
}

func TestWhereAnAlertHasToBeNamedByItsIDNothingIsClosedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &product{made: Request{Pending: true}}
		tracker, ref := at(t, p, false)
		for range 3 {
			<-time.After(waits(t, tracker.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))))
		}
		require.Equal(t, 3, p.asked)
		require.Zero(t, p.closed)
		p.alert, p.made = exists(), Request{OK: true, AlertID: "a1"}
		for range 3 {
			require.NoError(t, tracker.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		}
		require.Zero(t, p.byAlias, "its id was told")
		require.Equal(t, 1, p.closed)
		require.Len(t, p.notes, 1)
	})
}

func TestAClosingWithoutARequestIsSeenByTheAlertItself(t *testing.T) {
	p := &product{alert: exists(), made: Request{OK: true, AlertID: "a1"}}
	tracker, ref := at(t, p, true)
	for range 2 {
		require.NoError(t, tracker.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	}
	require.Equal(t, 1, p.closed)
	require.Len(t, p.notes, 1)
}

func TestPeopleKnownByIDsAloneAreLookedUp(t *testing.T) {
	p := &product{
		onCall: []User{{ID: "u1"}, {ID: "gone"}, {Email: "bob@example.com"}},
		users:  map[string]User{"u1": {ID: "u1", Email: "alice@example.com", Name: "Alice"}},
	}
	tracker, _ := at(t, p, false)
	shifts, err := tracker.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"night"}})
	require.NoError(t, err)
	require.Equal(t, []bridge.Shift{
		{Person: bridge.Actor{ID: "gone"}, Via: "Night"},
		{Person: bridge.Actor{ID: "u1", Email: "alice@example.com", Name: "Alice"}, Via: "Night"},
		{Person: bridge.Actor{Email: "bob@example.com"}, Via: "Night"},
	}, shifts)
}

func TestP3_AnEditedNoteDoesNotCount(t *testing.T) {
	p := &product{
		alert:  exists(),
		made:   Request{OK: true, AlertID: "a1"},
		onCall: []User{{ID: "u1"}},
		users:  map[string]User{"u1": {ID: "u1", Email: "alice@example.com"}},
		notes: []Note{
			{Text: "approve: fine", Owner: "u1", At: time.Now()},
			{Text: "deny: changed", Owner: "u1", At: time.Now(), Edited: true},
			{Text: "approve: by the bridge", Owner: "bridge", At: time.Now()},
			{Text: "approve: by nobody", At: time.Now()},
		},
	}
	tracker, ref := at(t, p, false)
	found, err := tracker.Evidence(t.Context(), ref)
	require.NoError(t, err)
	require.Len(t, found, 3)
	for _, e := range found {
		require.Equal(t, e.Reason == "changed", e.Barred != "", "%+v", e)
		require.Equal(t, e.Reason == "by nobody", e.Actor.Automated, "%+v", e)
	}
}

// The answer that somebody is on call is good for as long as the documentation says, and no longer.
func TestP3_WhoseShiftHasEndedDecidesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &product{
			alert:  exists(),
			made:   Request{OK: true, AlertID: "a1"},
			onCall: []User{{ID: "u1"}},
			users:  map[string]User{"u1": {ID: "u1", Email: "alice@example.com"}},
			notes:  []Note{{Text: "approve", Owner: "u1", At: time.Now()}},
		}
		tracker, ref := at(t, p, false)
		barred := func() bool {
			found, err := tracker.Evidence(t.Context(), ref)
			require.NoError(t, err)
			require.Len(t, found, 1)
			return found[0].Barred != ""
		}
		require.False(t, barred())
		p.onCall = nil
		<-time.After(15*time.Second - 1)
		require.False(t, barred())
		<-time.After(1)
		require.True(t, barred())
	})
}

func TestAnotherAlertThanTheOneAskedForIsAnError(t *testing.T) {
	p := &product{alert: exists(), made: Request{OK: true, AlertID: "a1"}}
	tracker, ref := at(t, p, false)
	require.NoError(t, tracker.Update(t.Context(), ref, testkit.Notes()[:1]))
	p.alert.Alias = aliasPrefix + "other"
	_, err := tracker.Find(t.Context(), testkit.Marker())
	require.ErrorContains(t, err, "another alert")
	require.NotErrorIs(t, err, bridge.ErrGone)
}
