package main

import (
	"context"
	"testing"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

func contextWithCause(t *testing.T) (context.Context, context.CancelCauseFunc) {
	t.Helper()
	return context.WithCancelCause(t.Context())
}

// decided is a request in a state, with reviews that give these reasons.
func decided(t *testing.T, state types.RequestState, reasons ...string) types.AccessRequest {
	t.Helper()
	r, err := types.NewAccessRequest("01a204d2-dec0-7b89-a320-446b32dea09f", requester, roleBridge)
	require.NoError(t, err)
	require.NoError(t, r.SetState(state))
	var reviews []types.AccessReview
	for _, reason := range reasons {
		reviews = append(reviews, types.AccessReview{Reason: reason})
	}
	r.SetReviews(reviews)
	return r
}

func TestFates(t *testing.T) {
	const (
		pending  = types.RequestState_PENDING
		approved = types.RequestState_APPROVED
		denied   = types.RequestState_DENIED
	)
	byBob, byCarol := "approved by "+approver, "The request was approved in Teleport by "+reviewer
	open, over := ticket{}, ticket{ending: "approved"}
	told := ticket{ending: ended, notes: []string{byCarol}}
	for name, c := range map[string]struct {
		fate    fate
		request types.AccessRequest
		tickets []ticket
		want    harm
	}{
		"waits":                         {waiting(), decided(t, pending), []ticket{open}, harm{}},
		"is gone":                       {waiting(), nil, []ticket{open}, harm{lost: 1}},
		"has no ticket":                 {waiting(), decided(t, pending), nil, harm{lost: 1}},
		"has two tickets":               {waiting(), decided(t, pending), []ticket{open, open}, harm{doubled: 1}},
		"is decided by nobody":          {waiting(), decided(t, approved), []ticket{open}, harm{wrong: 1}},
		"its ticket is closed too soon": {waiting(), decided(t, pending), []ticket{over}, harm{wrong: 1}},
		"its alert is closed too soon":  {waiting(), decided(t, pending), []ticket{told}, harm{wrong: 1}},

		"decided at the ticket":      {moved(), decided(t, approved, byBob), []ticket{over}, harm{}},
		"decision not taken over":    {moved(), decided(t, pending), []ticket{over}, harm{lost: 1}},
		"decision of nobody":         {moved(), decided(t, approved, "approved"), []ticket{over}, harm{lost: 1}},
		"decision taken twice":       {moved(), decided(t, approved, byBob, byBob), []ticket{over}, harm{doubled: 1}},
		"decision turned round":      {moved(), decided(t, denied, byBob), []ticket{over}, harm{wrong: 1}},
		"told twice":                 {moved(), decided(t, approved, byBob), []ticket{{ending: "approved", notes: []string{"a", "b", "a"}}}, harm{doubled: 1}},
		"ended in the other state":   {moved(), decided(t, approved, byBob), []ticket{{ending: "expired"}}, harm{wrong: 1}},
		"everything at once is once": {moved(), decided(t, denied, "x", "y"), []ticket{open, {ending: "denied"}}, harm{lost: 1, doubled: 1, wrong: 1}},

		"decided in Teleport":  {reviewed(approved), decided(t, approved, "seen"), []ticket{told}, harm{}},
		"not closed":           {reviewed(approved), decided(t, approved, "seen"), []ticket{open}, harm{lost: 1}},
		"closed in silence":    {reviewed(approved), decided(t, approved, "seen"), []ticket{over}, harm{lost: 1}},
		"told something else":  {reviewed(denied), decided(t, denied, "seen"), []ticket{told}, harm{lost: 1}},
		"issue in wrong state": {reviewed(approved), decided(t, approved, "seen"), []ticket{{ending: "denied", notes: told.notes}}, harm{wrong: 1}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.fate.harm(c.request, c.tickets)) })
	}
}

func TestHarmAddsUp(t *testing.T) {
	h := harm{lost: 1, doubled: 2, wrong: 3}.plus(harm{lost: 10, doubled: 20, wrong: 30})
	require.Equal(t, 66, h.total())
	require.Equal(t, "lost 11, doubled 22, wrong 33", h.String())
}

func TestHarmByOwner(t *testing.T) {
	told := []ticket{{ending: "approved", notes: []string{"nobody can decide their own Access Request"}}}
	require.Zero(t, harmByOwner(true, told))
	require.Equal(t, harm{wrong: 1}, harmByOwner(false, told))
	require.Equal(t, harm{lost: 1}, harmByOwner(true, []ticket{{}}), "the person is told why")
	require.Equal(t, harm{lost: 1}, harmByOwner(true, nil))
	require.Equal(t, harm{doubled: 1}, harmByOwner(true, []ticket{{notes: []string{"no", "no"}}}))
	require.Equal(t, harm{doubled: 1}, harmByOwner(true, append(told, ticket{})))
}

func TestSumSamples(t *testing.T) {
	const text = "# HELP accessbridge_calls_total Calls.\naccessbridge_calls_total{code=\"0\",method=\"POST\"} 2\n" +
		"accessbridge_calls_total{code=\"0\",method=\"GET\"} 3\naccessbridge_calls_total{code=\"503\",method=\"POST\"} 5\n" +
		"accessbridge_calls_total_created 9\naccessbridge_connected 1\n"
	for want, pairs := range map[float64][]string{2: {`code="0"`, `method="POST"`}, 7: {`method="POST"`}, 10: nil, 0: {`code="1"`}} {
		sum, err := sumSamples(text, "accessbridge_calls_total", pairs)
		require.NoError(t, err)
		require.InDelta(t, want, sum, 0, "%v", pairs)
	}
	sum, err := sumSamples(text, "accessbridge_connected", nil)
	require.NoError(t, err)
	require.InDelta(t, 1, sum, 0)
	_, err = sumSamples("accessbridge_connected yes\n", "accessbridge_connected", nil)
	require.Error(t, err)
}

func TestForgedDeliveriesAreWhatJiraSendsButForTheirSignature(t *testing.T) {
	body, err := approval(jirasim.Issue{ID: "10001", Key: "ACC-1"})
	require.NoError(t, err)
	require.Contains(t, string(body), `"key":"ACC-1"`)
	seen := map[string]bool{}
	for kind, signature := range signatures(body) {
		require.NotEqual(t, jirasim.Sign(webhookSecret, body), signature, kind)
		require.False(t, seen[signature], kind)
		seen[signature] = true
	}
	require.Len(t, seen, 7)
}
