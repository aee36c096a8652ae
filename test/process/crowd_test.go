package process

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

const (
	// askEvery and actEvery are how often somebody asks, and somebody acts at an issue.
	askEvery = slowdown * 15 * time.Millisecond
	actEvery = slowdown * 10 * time.Millisecond
	// mostAsked bounds the requests of a test.
	mostAsked = 600 / slowdown
	// label begins the label by which an issue names its request.
	label = "teleport-request-"
)

// deed is what people do about a request.
type deed int

const (
	// approve and deny happen at the issue.
	approve deed = iota
	deny
	// review is an approval in Teleport itself, withdraw ends the request there.
	review
	withdraw
	// self is the requester's own approval at the issue, which must not count. In the end somebody denies it.
	self
	// late is an approval at the issue, but only in the end.
	late
)

// plan is a request, what is done about it and by whom.
type plan struct {
	id     string
	deed   deed
	person string
	// issue is the key of the issue, once it was seen.
	issue string
}

// state is what must become of the request in Teleport, status of the issue.
func (p *plan) state() (state, status string) {
	switch p.deed {
	case deny, self:
		return "DENIED", "Denied"
	case withdraw:
		return "GONE", "Expired"
	default:
		return "APPROVED", "Approved"
	}
}

// verdict is what the bridge has to decide, if anything.
func (p *plan) verdict() bridge.Verdict {
	switch p.deed {
	case approve, late:
		return bridge.Approve
	case deny, self:
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}

// email is how the bridge knows the person.
func (p *plan) email() string { return p.person + "@example.com" }

// crowd asks and decides as people do, at a pace of its own, and remembers what must come of it.
type crowd struct {
	w *world
	// asking and acting make the choices of those who ask and of those who act.
	asking, acting *rand.Rand
	done           sync.WaitGroup
	quit           chan struct{}

	mu    sync.Mutex
	plans []*plan
	byID  map[string]*plan
	// seen are the issues, by request, that nobody has acted at.
	seen []jira.Issue
	// asked is true when no more requests are made.
	asked bool
}

// gather makes a crowd that watches the board and does nothing yet.
func (w *world) gather() *crowd {
	c := &crowd{
		w: w, asking: rand.New(rand.NewPCG(w.rng.Uint64(), 0)), acting: rand.New(rand.NewPCG(w.rng.Uint64(), 0)),
		quit: make(chan struct{}), byID: map[string]*plan{},
	}
	w.Jira.OnIssue(func(issue jira.Issue) {
		if len(issue.History) == 0 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.seen = append(c.seen, issue)
		}
	})
	w.T.Cleanup(c.leave)
	return c
}

// leave ends what the crowd does.
func (c *crowd) leave() {
	c.mu.Lock()
	select {
	case <-c.quit:
	default:
		close(c.quit)
	}
	c.mu.Unlock()
	c.done.Wait()
}

// begin asks, in the background, until it is enough.
func (c *crowd) begin() {
	c.done.Go(func() { c.paced(askEvery, c.ask) })
}

// enough ends the asking.
func (c *crowd) enough() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = true
}

// act does what is planned at the issues that are there, in the background.
func (c *crowd) act() {
	c.done.Go(func() { c.paced(actEvery, c.actOnce) })
}

// paced does something again and again while it returns true.
func (c *crowd) paced(every time.Duration, do func() bool) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.quit:
			return
		case <-tick.C:
			if !do() {
				return
			}
		}
	}
}

// ask makes one request; false when there are enough.
func (c *crowd) ask() bool {
	c.mu.Lock()
	c.asked = c.asked || len(c.plans) == mostAsked
	enough := c.asked
	c.mu.Unlock()
	if enough {
		return false
	}
	p := &plan{deed: c.choose(), person: []string{"bob", "carol"}[c.asking.IntN(2)]}
	id, err := c.w.Teleport.CreateRequest(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, Reason: "incident 42"})
	if err != nil {
		c.w.T.Errorf("asking: %v", err)
		return false
	}
	p.id = id
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans, c.byID[id] = append(c.plans, p), p
	return true
}

func (c *crowd) choose() deed {
	switch n := c.asking.IntN(100); {
	case n < 50:
		return approve
	case n < 75:
		return deny
	case n < 83:
		return review
	case n < 89:
		return withdraw
	case n < 95:
		return self
	default:
		return late
	}
}

// actOnce does one deed; false when all are done.
func (c *crowd) actOnce() bool {
	p, more := c.take()
	if p == nil {
		return more
	}
	if err := c.do(p); err != nil {
		c.w.T.Errorf("request %s, %s: %v", p.id, p.issue, err)
	}
	return true
}

// take finds an issue to act at, any of those that nobody has acted at.
func (c *crowd) take() (p *plan, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) == 0 {
		return nil, !c.asked || slices.ContainsFunc(c.plans, func(p *plan) bool { return p.issue == "" })
	}
	n := c.acting.IntN(len(c.seen))
	issue := c.seen[n]
	if p = c.byID[requestOf(issue)]; p == nil {
		return nil, true // The request is only just being made.
	}
	c.seen = slices.Delete(c.seen, n, n+1)
	if p.issue != "" {
		return nil, true // A second issue of one request is found in the end.
	}
	p.issue = issue.Key
	return p, true
}

// requestOf is the request that an issue names.
func requestOf(issue jira.Issue) string {
	for _, l := range issue.Labels {
		if id, ok := strings.CutPrefix(l, label); ok {
			return id
		}
	}
	return ""
}

func (c *crowd) do(p *plan) error {
	switch p.deed {
	case approve:
		return c.w.Jira.Move(p.person, p.issue, "Approved")
	case deny:
		return c.w.Jira.Move(p.person, p.issue, "Denied")
	case review:
		return c.w.Teleport.Review(p.id, harness.Carol, true, "seen in Teleport")
	case withdraw:
		return c.w.Teleport.Delete(p.id)
	case self:
		return c.w.Jira.Move("alice", p.issue, "Approved")
	default:
		return nil
	}
}

// acted ends the asking and waits until everything planned was done at the issues.
func (c *crowd) acted() {
	c.enough()
	c.done.Wait()
}

// decideLate does what was left for the end, when the requesters' own approvals have been refused.
func (c *crowd) decideLate() {
	c.w.T.Helper()
	for _, p := range c.plans {
		switch p.deed {
		case late:
			c.move(p, "Approved")
		case self:
			c.w.Eventually("the refusal at "+p.issue, func() bool { return len(c.w.Issue(p.issue).Comments) > 0 })
			c.move(p, "Pending")
			c.move(p, "Denied")
		default:
		}
	}
}

func (c *crowd) move(p *plan, status string) {
	c.w.T.Helper()
	err := c.w.Jira.Move(p.person, p.issue, status)
	require.NoError(c.w.T, err, "%+v, request %s", c.w.Issue(p.issue), c.w.State(p.id))
}

// ids are the requests made so far.
func (c *crowd) ids() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]string, len(c.plans))
	for n, p := range c.plans {
		ids[n] = p.id
	}
	return ids
}
