package process

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// settling is how long it may take until everything has come to its end, with claims that run out, on the slowest machine.
const settling = 6 * time.Minute

// settles waits until every request is where the plans want it, and its issue too.
func (c *crowd) settles() {
	c.w.T.Helper()
	n := 0
	settled := func() bool {
		for ; n < len(c.plans); n++ {
			if c.missing(c.plans[n]) != "" {
				return false
			}
		}
		return true
	}
	if !await(settling, settled) {
		for _, p := range c.plans {
			if what := c.missing(p); what != "" {
				c.w.T.Errorf("request %s (%s, deed %d): %s; link %+v", p.id, p.issue, p.deed, what, c.w.Link(p.id))
			}
		}
		require.FailNow(c.w.T, "not everything has come to its end")
	}
}

// missing says what keeps a request from its planned end; empty when nothing does.
func (c *crowd) missing(p *plan) string {
	state, status := p.state()
	if now := c.w.State(p.id); now != state {
		return "the request is " + now + " and not " + state
	}
	if issue, _ := c.w.Jira.Issue(p.issue); issue.Status != status {
		return "the issue is " + issue.Status + " and not " + status
	}
	if phase := c.w.Link(p.id).Phase; phase != bridge.PhaseClosed {
		return "the link is " + string(phase)
	}
	return ""
}

// exact asserts that everything happened, once, and nothing else: one issue for each request, the decision that people took at it and in
// their name, and no comment twice (P1 to P4).
func (c *crowd) exact() {
	c.w.T.Helper()
	c.oneIssueEach()
	c.decisionsOfPeople()
	for _, issue := range c.w.Jira.Issues() {
		said := map[string]bool{}
		for _, comment := range issue.Comments {
			require.False(c.w.T, said[comment.Body], "%s has twice: %s", issue.Key, comment.Body)
			said[comment.Body] = true
		}
	}
}

func (c *crowd) oneIssueEach() {
	t := c.w.T
	t.Helper()
	byRequest := map[string][]jira.Issue{}
	for _, issue := range c.w.Jira.Issues() {
		id := requestOf(issue)
		byRequest[id] = append(byRequest[id], issue)
	}
	for _, p := range c.plans {
		require.Len(t, byRequest[p.id], 1, "issues of request %s", p.id)
		issue := byRequest[p.id][0]
		var marked string
		require.NoError(t, json.Unmarshal(issue.Properties["teleportAccessRequestId"], &marked))
		require.Equal(t, p.id, marked)
		require.Equal(t, issue.Key, c.w.Link(p.id).Ref.Key)
		_, status := p.state()
		require.Equal(t, status, issue.Status, issue.Key)
	}
	require.Len(t, byRequest, len(c.plans), "an issue belongs to no request")
}

func (c *crowd) decisionsOfPeople() {
	t := c.w.T
	t.Helper()
	reviews := map[string][]teleport.AuditEntry{}
	for _, e := range c.w.Teleport.Audit() {
		if e.User == harness.BridgeUser {
			require.Equal(t, teleport.AuditReview, e.Kind, "the bridge does nothing but review")
			reviews[e.Request] = append(reviews[e.Request], e)
		}
	}
	for _, p := range c.plans {
		state, _ := p.state()
		require.Equal(t, state, c.w.State(p.id))
		if p.verdict() == bridge.Undecided {
			require.Empty(t, reviews[p.id], "nobody has decided at the issue of %s", p.id)
			continue
		}
		require.Len(t, reviews[p.id], 1, "reviews of request %s", p.id)
		require.Equal(t, state, reviews[p.id][0].State.String())
		require.Contains(t, reviews[p.id][0].Reason, p.email())
	}
}

// audited asserts that the records of all instances are whole and tell of every decision with the person who took it, of nothing that was
// not decided, and of each refusal. It returns the decisions that no record has.
func (c *crowd) audited() (lost []*plan) {
	t := c.w.T
	t.Helper()
	applied, refused := map[string]int{}, map[string]int{}
	for _, i := range c.w.instances {
		whole, report := i.verify()
		require.True(t, whole, report)
		for _, e := range i.audited() {
			p := c.byID[e.RequestID]
			require.NotNil(t, p)
			switch e.Outcome {
			case bridge.OutcomeApplied:
				require.Equal(t, p.verdict(), e.Verdict, p.id)
				require.Equal(t, p.email(), e.Person, p.id)
				require.Equal(t, p.issue, e.Evidence.Object.Key)
				applied[p.id]++
			case bridge.OutcomeRefused:
				c.refusal(p, e)
				refused[p.id]++
			default:
				require.Fail(t, "an unexpected entry", "%+v", e)
			}
		}
	}
	repeated := 0
	for _, p := range c.plans {
		if p.verdict() != bridge.Undecided && applied[p.id] == 0 {
			lost = append(lost, p)
		}
		repeated += max(0, applied[p.id]-1)
		if p.deed == self {
			require.Positive(t, refused[p.id], "the requester's own approval at %s", p.issue)
		}
	}
	t.Logf("%d requests, %d decisions audited, %d of them more than once, %d not at all", len(c.plans), len(applied), repeated, len(lost))
	return lost
}

// refusal asserts that what was refused had to be: the requester's own approval, or what the bridge's own account did when it closed the
// issue, met by an instance that had not heard of the end yet.
func (c *crowd) refusal(p *plan, e bridge.AuditEntry) {
	t := c.w.T
	t.Helper()
	if e.Code == "automation" {
		require.Equal(t, jira.BotAccountID, e.Evidence.Actor.ID, "%+v", e)
		return
	}
	require.Equal(t, "requester", e.Code, "%+v", e)
	require.Equal(t, self, p.deed, "%+v", e)
}
