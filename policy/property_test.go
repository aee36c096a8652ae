package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// The actors, those who may decide alice's request first. "erin" has her own account, but somebody gave it
// one of alice's addresses.
var actors = []struct {
	actor bridge.Actor
	may   bool
}{
	{bridge.Actor{ID: "b", Email: "bob@example.com"}, true},
	{bridge.Actor{ID: "z", Email: "zoe@example.com"}, true},
	{bridge.Actor{ID: "acc-carol"}, true},
	{bridge.Actor{ID: "a", Email: "alice@example.com"}, false},
	{bridge.Actor{ID: "a2", Email: " A.SMITH@example.com"}, false},
	{bridge.Actor{ID: "a3", Email: "ALICE"}, false},
	{bridge.Actor{ID: "acc-alice", Name: "Bob"}, false},
	{bridge.Actor{ID: "a4", Email: "Alice+jira@example.com"}, false},
	{bridge.Actor{ID: "a5", Email: "bob\u200b@example.com"}, false},
	{bridge.Actor{ID: "acc-erin", Email: "alice@example.com"}, false},
	{bridge.Actor{ID: "hidden", Name: "bob@example.com"}, false},
	{bridge.Actor{Name: "bob@example.com"}, false},
	{bridge.Actor{ID: "b", Email: "bob@example.com", Automated: true}, false},
}

type fact struct {
	ev bridge.Evidence
	// counts is what the rules say of this piece alone.
	counts bool
}

// facts are drawn so that about half of them are sound, for much less would come to a decision otherwise.
func facts() *rapid.Generator[fact] {
	return rapid.Custom(func(t *rapid.T) fact {
		who, targets, markers, earliest := rapid.SampledFrom(actors[:3]).Draw(t, "actor"), []string{"jira", "pager"}, []string{requestID}, -1
		if rapid.Bool().Draw(t, "anything") {
			who = rapid.SampledFrom(actors).Draw(t, "any actor")
			targets, markers, earliest = append(targets, "stray"), []string{requestID, requestID, "another", ""}, -5
		}
		ev := bridge.Evidence{
			Target:  rapid.SampledFrom(targets).Draw(t, "target"),
			Object:  bridge.Ref{ID: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "object")},
			Marker:  rapid.SampledFrom(markers).Draw(t, "marker"),
			Verdict: rapid.SampledFrom([]bridge.Verdict{bridge.Approve, bridge.Approve, bridge.Deny, bridge.Undecided}).Draw(t, "verdict"),
			Actor:   who.actor,
			At:      made.Add(time.Duration(rapid.IntRange(earliest, 5).Draw(t, "minute")) * time.Minute),
			Reason:  rapid.SampledFrom([]string{"", "yes", "no"}).Draw(t, "reason"),
			ReadAt:  made.Add(time.Duration(rapid.IntRange(6, 8).Draw(t, "read")) * time.Minute),
		}
		ev.Status = string(ev.Verdict)
		sound := ev.Marker == requestID && ev.Target != "stray" && !ev.At.Before(made.Add(-time.Minute))
		return fact{ev: ev, counts: who.may && sound && ev.Verdict != bridge.Undecided}
	})
}

// Whatever arrives in whatever order, however often: only accepted evidence decides, a denial beats an approval, and the order changes
// nothing.
func TestP3_DecisionDependsOnNothingButTheFacts(t *testing.T) {
	people := policy.NewPeople(staff, []policy.Entry{
		{Integration: "jira", ID: "acc-alice", User: "alice"},
		{Integration: "pager", ID: "acc-alice", User: "ALICE"},
		{ID: "acc-carol", User: "carol"},
		{ID: "acc-erin", User: "erin"},
	}, false)
	p := compile(t, people, route(func(r *policy.Route) { r.Targets = append(r.Targets, bridge.Target{Integration: "pager"}) }))
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(facts(), 0, 8).Draw(t, "facts")
		var all []bridge.Evidence
		want := bridge.Undecided
		for _, f := range drawn {
			all = append(all, f.ev)
			if f.counts && want != bridge.Deny {
				want = f.ev.Verdict
			}
		}
		first := p.Judge(request(), all, nil)
		require.Equal(t, want, first.Verdict)
		if want != bridge.Undecided {
			i := slices.IndexFunc(drawn, func(f fact) bool { return f.ev == first.Evidence })
			require.GreaterOrEqual(t, i, 0)
			require.True(t, drawn[i].counts, "decided by %+v", first.Evidence)
			require.NotContains(t, []string{"", "alice", "ALICE"}, first.Person)
		}

		repeated := rapid.Permutation(append(slices.Clone(all), all...)).Draw(t, "again")
		second := p.Judge(request(), repeated, nil)
		require.Equal(t, first.Evidence, second.Evidence)
		require.Equal(t, [4]string{string(first.Verdict), first.Person, first.Reason, first.Rule},
			[4]string{string(second.Verdict), second.Person, second.Reason, second.Rule})
		require.Len(t, second.Refusals, 2*len(first.Refusals))
	})
}
