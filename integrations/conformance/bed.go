package conformance

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/stretchr/testify/require"
)

const (
	// patience is how long a case waits for what should happen at once, on the slowest machine.
	patience = time.Minute
	// pause is what a vendor asks for that wants to be left alone: so long that no test runs into its end, and no longer than a client may
	// obey. It is counted from another moment than the test's, late is how much later that may be.
	pause = 4 * time.Minute
	late  = time.Minute

	oldHook = "conformance-hook-old"
	newHook = "conformance-hook-new"
)

// bed is a stand-in, an integration that works with it, and the wire between them.
type bed struct {
	vendor   Vendor
	wire     *wire
	settings config.Settings
	it       bridge.Ticketer
	log      *logtest.Log
	// query names what somebody is on call for, where that is possible.
	query bridge.OnCallQuery
	// group names a group of people, where that is possible.
	group string
}

// lay makes a bed of its own for one case. The integration accepts webhooks proven with any of the secrets, oldHook and newHook when none
// are given.
func (s Suite) lay(t testing.TB, hooks ...string) *bed {
	t.Helper()
	if len(hooks) == 0 {
		hooks = []string{oldHook, newHook}
	}
	b := &bed{vendor: s.Vendor(t), log: &logtest.Log{}}
	b.wire = newWire(t, b.vendor.URL())
	place := Place{URL: b.wire.address()}
	for _, hook := range hooks {
		place.Secrets = append(place.Secrets, config.NewSecret(hook))
	}
	b.settings = s.Settings(place)
	problems := config.NewProblems("config.yaml")
	b.settings.Validate(problems)
	require.NoError(t, problems.Err(), "the settings under test")
	b.it = s.make(t, b)
	return b
}

// make makes one more integration for the same bed.
func (s Suite) make(t testing.TB, b *bed) bridge.Ticketer {
	t.Helper()
	it, err := s.New(b.settings, b.log.Logger())
	require.NoError(t, err)
	return it
}

// requestID is the n-th request's, a UUID as Teleport makes them.
func requestID(n int) string { return fmt.Sprintf("5f0c1d2e-0000-4000-8000-%012x", n) }

func marker(n int) bridge.Marker { return bridge.Marker{RequestID: requestID(n)} }

func draft(n int) bridge.Draft {
	now := time.Now().UTC().Truncate(time.Second)
	return bridge.Draft{
		WebURL: "https://tele.example.com/web/requests/" + requestID(n),
		Request: bridge.Request{
			ID:           requestID(n),
			Cluster:      "tele.example.com",
			User:         "requester@example.com",
			Roles:        []string{"prod-db", "prod-web"},
			Resources:    []bridge.Resource{{Cluster: "tele.example.com", Kind: "node", Name: "8a6f", Title: "db-1"}},
			Reason:       "Mend the outage",
			State:        bridge.StatePending,
			Created:      now,
			PendingUntil: now.Add(time.Hour),
			AccessUntil:  now.Add(9 * time.Hour),
			MaxDuration:  8 * time.Hour,
			Thresholds:   []bridge.Threshold{{Approve: 1, Deny: 1}},
		},
	}
}

// note is the n-th note; its text holds a word of its own that no escaping changes.
func note(n int) bridge.Note {
	return bridge.Note{ID: fmt.Sprintf("note-%d", n), Text: "A review came in. " + noteWord(n)}
}

func noteWord(n int) string { return fmt.Sprintf("reviewnumber%dx", n) }

func outcome(e bridge.Ending) bridge.Outcome {
	return bridge.Outcome{Ending: e, Note: bridge.Note{ID: "end", Text: "The request has ended. " + closingWord}}
}

const closingWord = "theclosingword"

// open creates the object of the n-th request and clears the wire.
func (b *bed) open(t testing.TB, n int) bridge.Ref {
	t.Helper()
	ref, err := b.it.Open(t.Context(), marker(n), draft(n))
	require.NoError(t, err)
	require.NotEmpty(t, ref.ID)
	b.wire.heals()
	return ref
}

// openMany creates the objects of the first n requests, ten at a time.
func (b *bed) openMany(t testing.TB, n int) []bridge.Ref {
	t.Helper()
	refs, errs := make([]bridge.Ref, n), make([]error, n)
	slots := make(chan struct{}, 10)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			refs[i], errs[i] = b.it.Open(t.Context(), marker(i), draft(i))
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	b.wire.heals()
	return refs
}

// decisions is the integration as a source of decisions, which the case needs.
func (b *bed) decisions(t testing.TB) bridge.DecisionSource {
	t.Helper()
	d, ok := b.it.(bridge.DecisionSource)
	require.True(t, ok, `implement bridge.DecisionSource, or name "evidence" as unsupported`)
	return d
}

// decider is the stand-in as a place where decisions are made.
func (b *bed) decider(t testing.TB) Decider {
	t.Helper()
	d, ok := b.vendor.(Decider)
	require.True(t, ok, "the stand-in must be a conformance.Decider")
	return d
}

// decide has a person decide at the object.
func (b *bed) decide(t testing.TB, ref bridge.Ref, v bridge.Verdict, reason string) bridge.Actor {
	t.Helper()
	who, err := b.decider(t).Decide(ref.ID, v, reason)
	require.NoError(t, err)
	require.True(t, who.Known(), "the stand-in must say who decided")
	return who
}
