package reconcile

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

const (
	self      = "bridge"
	requester = "alice@example.com"
)

// bob may decide, the requester may not.
var (
	bob   = bridge.Actor{ID: "acc-bob", Email: "bob@example.com", Name: "Bob"}
	alice = bridge.Actor{ID: "acc-alice", Email: requester, Name: "Alice"}
)

// world is what all instances share: Teleport's requests and plugin data, and the vendors.
type world struct {
	t *testing.T
	// threshold is how many approvals decide a request.
	threshold int
	// route changes the only route; groups are what is known of the groups it names.
	route  func(*policy.Route)
	groups policy.Groups

	mu        sync.Mutex
	requests  map[string]bridge.Request
	data      map[bridge.LinkKey]string
	official  map[string]bridge.Ref
	vendors   []*vendor
	instances []*instance
	audit     []bridge.AuditEntry
	submitted []bridge.Decision
	// ended holds the requests that a simulation has resolved before its time.
	ended map[string]bool
}

func newWorld(t *testing.T, vendors ...*vendor) *world {
	w := &world{
		t: t, threshold: 1, requests: map[string]bridge.Request{}, data: map[bridge.LinkKey]string{}, official: map[string]bridge.Ref{},
		vendors: vendors, ended: map[string]bool{},
	}
	t.Cleanup(func() {
		for _, i := range w.instances {
			i.shut()
		}
	})
	return w
}

// one is a world with one vendor and one instance.
func one(t *testing.T) (*world, *vendor, *instance) {
	v := newVendor("jira")
	w := newWorld(t, v)
	return w, v, w.start("a")
}

// moment is held by nobody for long: taking it orders what a test has set up before all that happens later.
var moment sync.Mutex

func inOrder() {
	moment.Lock()
	defer moment.Unlock()
}

// pass lets time go by until everything that was due has been done.
func pass(d time.Duration) {
	inOrder()
	<-time.After(d)
	synctest.Wait()
}

func (w *world) policy() Policy {
	r := policy.Route{Name: "all", Mode: bridge.ModeReview}
	for _, v := range w.vendors {
		r.Targets = append(r.Targets, bridge.Target{Integration: v.name})
	}
	if w.route != nil {
		w.route(&r)
	}
	p, err := policy.New([]policy.Route{r})
	require.NoError(w.t, err)
	return p.Asking(w.groups)
}

// ask makes a request as the requester would, pending for an hour.
func (w *world) ask(id string) {
	now := time.Now()
	w.put(bridge.Request{
		ID: id, User: requester, Roles: []string{"prod"}, State: bridge.StatePending, Created: now, PendingUntil: now.Add(time.Hour),
		Thresholds: []bridge.Threshold{{Approve: uint32(w.threshold), Deny: 1}},
	})
}

func (w *world) put(req bridge.Request) {
	w.mu.Lock()
	w.requests[req.ID] = req
	w.mu.Unlock()
	w.announce(req.ID)
}

// change alters a request in Teleport.
func (w *world) change(id string, f func(*bridge.Request)) {
	req, ok := w.request(id)
	require.True(w.t, ok)
	req.Reviews = slices.Clone(req.Reviews)
	f(&req)
	w.put(req)
}

// review is somebody's own review in Teleport, which decides nothing yet.
func (w *world) review(id, author string, state bridge.State, reason string) {
	w.change(id, func(r *bridge.Request) {
		r.Reviews = append(r.Reviews, bridge.Review{Author: author, State: state, Reason: reason, At: time.Now()})
	})
}

// resolve decides a request in Teleport.
func (w *world) resolve(id string, state bridge.State, reason string) {
	w.change(id, func(r *bridge.Request) { r.State, r.ResolveReason = state, reason })
}

// remove deletes a request: withdrawn, expired, or its access is over. Its plugin data stays for a while.
func (w *world) remove(id string) {
	w.mu.Lock()
	delete(w.requests, id)
	w.mu.Unlock()
	w.announce(id)
}

// announce sends the event of a change to every instance that listens.
func (w *world) announce(id string) {
	w.mu.Lock()
	req, ok := w.requests[id]
	listening := slices.Clone(w.instances)
	w.mu.Unlock()
	for _, i := range listening {
		if i.listens() {
			i.requests.take(id, req, ok)
		}
	}
}

func (w *world) request(id string) (bridge.Request, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	req, ok := w.requests[id]
	return req, ok
}

func (w *world) all() map[string]bridge.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.requests)
}

// link reads a link as Teleport stores it.
func (w *world) link(id, target string) bridge.Link {
	w.mu.Lock()
	defer w.mu.Unlock()
	return decodeLink(w.data[bridge.LinkKey{RequestID: id, Target: target}])
}

// plant stores a link that somebody left behind.
func (w *world) plant(id, target string, l bridge.Link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data[bridge.LinkKey{RequestID: id, Target: target}] = encodeLink(l)
}

// swap is Teleport's own compare-and-swap. A first record is not taken for a request that does not exist.
func (w *world) swap(key bridge.LinkKey, before, after string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := slices.ContainsFunc(slices.Collect(maps.Keys(w.data)), func(k bridge.LinkKey) bool { return k.RequestID == key.RequestID })
	if _, exists := w.requests[key.RequestID]; !exists && !known {
		return bridge.ErrGone
	}
	if w.data[key] != before {
		return bridge.ErrConflict
	}
	w.data[key] = after
	if after == "" {
		delete(w.data, key)
	}
	return nil
}

// loseData removes the plugin data of a request, as Teleport does an hour after the end of the access.
func (w *world) loseData(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.data, func(k bridge.LinkKey, _ string) bool { return k.RequestID == id })
}

// Record makes the world the journal of every instance.
func (w *world) Record(e bridge.AuditEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.audit = append(w.audit, e)
}

// audited lists outcome and code of every audit line.
func (w *world) audited() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, e := range w.audit {
		line := e.Outcome
		if e.Code != "" {
			line += " " + e.Code
		}
		lines = append(lines, line)
	}
	return lines
}

func (w *world) decisions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.submitted)
}

func encodeLink(l bridge.Link) string {
	if l.Phase == bridge.PhaseNone {
		return ""
	}
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func decodeLink(text string) (l bridge.Link) {
	if text == "" {
		return l
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		panic(err)
	}
	return l
}
