package reconcile

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// object is what people see at the vendor.
type object struct {
	ref     bridge.Ref
	marker  string
	deleted bool
	// visible is when a search shows the object.
	visible, changed time.Time
	notes            []bridge.Note
	ending           bridge.Ending
	status           string
	verdict          bridge.Verdict
	actor            bridge.Actor
	at               time.Time
	// barred is why a rule of the vendor keeps the actor from deciding.
	barred string
}

// fault is what goes wrong with one call to the vendor.
type fault struct {
	// before keeps the call from having an effect, after loses the answer.
	before, after error
	// late is how long after the call was sent the vendor carries it out; the caller is left waiting.
	late time.Duration
}

// vendor is a tracker outside. Open is not idempotent.
type vendor struct {
	name   string
	traits bridge.Traits
	// lag says how long a new object stays invisible to searches.
	lag func() time.Duration
	// fault is asked before each call; it may block until ctx ends.
	fault func(ctx context.Context, op, requestID string) fault
	// busy is when the account may be used again.
	busy time.Time
	// rota is who is on call when; nil for a vendor that does not know.
	rota []turn
	// incidents is true for a vendor whose objects go on after somebody has decided.
	incidents bool

	mu       sync.Mutex
	objects  []*object
	calls    map[string]int
	drafts   map[string]bridge.Draft
	inFlight map[string]int
	// doubles counts objects that were created beside a living one, overlaps calls for one request at the same time.
	doubles, overlaps int
}

func newVendor(name string) *vendor {
	v := &vendor{
		name: name, traits: bridge.Traits{ApplyWithin: 30 * time.Second, SearchLag: time.Minute},
		fault: func(context.Context, string, string) fault { return fault{} },
		calls: map[string]int{}, drafts: map[string]bridge.Draft{}, inFlight: map[string]int{},
	}
	v.lag = func() time.Duration { return v.traits.SearchLag }
	return v
}

// living lists the objects of a request that nobody has deleted.
func (v *vendor) living(id string) []object {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []object
	for _, o := range v.objects {
		if o.marker == id && !o.deleted {
			found = append(found, *o)
		}
	}
	return found
}

// count returns how often the vendor was called; all kinds of calls without a name.
func (v *vendor) count(ops ...string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for op, c := range v.calls {
		if len(ops) == 0 || slices.Contains(ops, op) {
			n += c
		}
	}
	return n
}

// create adds an object.
func (v *vendor) create(id string) bridge.Ref {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, o := range v.objects {
		if o.marker != id || o.deleted {
			continue
		}
		if v.traits.Keyed && o.ending == "" {
			return o.ref
		}
		v.doubles++
		break
	}
	n := len(v.objects) + 1
	ref := bridge.Ref{ID: fmt.Sprintf("%s-%d", v.name, n), Key: fmt.Sprintf("OPS-%d", n)}
	now := time.Now()
	v.objects = append(v.objects, &object{ref: ref, marker: id, visible: now.Add(v.lag()), changed: now, status: "Open"})
	return ref
}

// move is a person acting on the board.
func (v *vendor) move(id, status string, verdict bridge.Verdict, who bridge.Actor) {
	v.edit(id, func(o *object) { o.status, o.verdict, o.actor, o.at = status, verdict, who, time.Now() })
}

func (v *vendor) approve(id string, who bridge.Actor) { v.move(id, "Approved", bridge.Approve, who) }

func (v *vendor) delete(id string) { v.edit(id, func(o *object) { o.deleted = true }) }

func (v *vendor) edit(id string, f func(*object)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, o := range v.objects {
		if o.marker == id && !o.deleted {
			f(o)
			o.changed = time.Now()
		}
	}
}

// at does something to one object.
func (v *vendor) at(ref bridge.Ref, f func(*object)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.objects, func(o *object) bool { return o.ref.ID == ref.ID && !o.deleted })
	if i < 0 {
		return fmt.Errorf("object %s: %w", ref.ID, bridge.ErrGone)
	}
	f(v.objects[i])
	return nil
}

// show adds a note unless the object shows it already.
func (o *object) show(n bridge.Note) {
	if !slices.ContainsFunc(o.notes, func(m bridge.Note) bool { return m.ID == n.ID }) {
		o.notes = append(o.notes, n)
		o.changed = time.Now()
	}
}

func (o object) texts() []string {
	var texts []string
	for _, n := range o.notes {
		texts = append(texts, n.Text)
	}
	return texts
}

// port is one instance's client of a vendor.
type port struct {
	*vendor
	i *instance
}

var (
	_ bridge.Ticketer           = (*port)(nil)
	_ bridge.BulkDecisionSource = (*port)(nil)
	_ bridge.Throttled          = (*port)(nil)
	_ bridge.Adopter            = (*port)(nil)
)

func (p *port) Name() string                           { return p.name }
func (p *port) Check(context.Context) []bridge.Finding { return nil }
func (p *port) Traits() bridge.Traits                  { return p.traits }

func (p *port) BusyUntil() time.Time {
	inOrder()
	return p.busy
}

func (p *port) OfficialPlugin() string { return "jira" }

// call counts the call, asks for its fault, and carries it out.
func (p *port) call(ctx context.Context, op, id string, do func() error) error {
	p.mu.Lock()
	if p.inFlight[p.i.name+id]++; p.inFlight[p.i.name+id] > 1 && id != "" {
		p.overlaps++
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.inFlight[p.i.name+id]--
		p.mu.Unlock()
	}()
	return p.i.effect(p.name+" "+op, func() error {
		p.mu.Lock()
		p.calls[op]++
		p.mu.Unlock()
		f := p.fault(ctx, op, id)
		if f.before != nil {
			return f.before
		}
		if f.late > 0 {
			go func() {
				select {
				case <-time.After(f.late):
					_ = do()
				case <-p.i.w.t.Context().Done():
				}
			}()
			<-ctx.Done()
			return ctx.Err()
		}
		return errors.Join(do(), f.after)
	})
}

func (p *port) Find(ctx context.Context, m bridge.Marker) (found *bridge.Ref, err error) {
	err = p.call(ctx, "find", m.RequestID, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, o := range p.objects {
			if o.marker == m.RequestID && !o.deleted && !time.Now().Before(o.visible) {
				found = &o.ref
				return nil
			}
		}
		return nil
	})
	return found, err
}

func (p *port) Open(ctx context.Context, m bridge.Marker, d bridge.Draft) (bridge.Ref, error) {
	var made bridge.Ref
	err := p.call(ctx, "open", m.RequestID, func() error {
		ref := p.create(m.RequestID)
		p.mu.Lock()
		defer p.mu.Unlock()
		made, p.drafts[m.RequestID] = ref, d
		return nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return made, err
}

func (p *port) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	return p.call(ctx, "update", p.requestOf(ref), func() error {
		return p.at(ref, func(o *object) {
			for _, n := range notes {
				o.show(n)
			}
		})
	})
}

func (p *port) Close(ctx context.Context, ref bridge.Ref, out bridge.Outcome) error {
	return p.call(ctx, "close", p.requestOf(ref), func() error {
		return p.at(ref, func(o *object) {
			o.ending = out.Ending
			o.show(out.Note)
		})
	})
}

func (p *port) Evidence(ctx context.Context, ref bridge.Ref) (all []bridge.Evidence, err error) {
	err = p.call(ctx, "evidence", p.requestOf(ref), func() error {
		return p.at(ref, func(o *object) {
			all = []bridge.Evidence{{
				Target: p.name, Object: o.ref, Marker: o.marker, Status: o.status, Verdict: o.verdict, Actor: o.actor, At: o.at,
				Settled: o.verdict != bridge.Undecided && !p.incidents, Reason: "because", Barred: o.barred, ReadAt: time.Now(),
			}}
		})
	})
	return all, err
}

func (p *port) Changed(ctx context.Context, since time.Time) iter.Seq2[bridge.Glance, error] {
	return func(yield func(bridge.Glance, error) bool) {
		var page []bridge.Glance
		err := p.call(ctx, "list", "", func() error {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, o := range p.objects {
				if !o.deleted && !o.changed.Before(since) && !time.Now().Before(o.visible) {
					page = append(page, bridge.Glance{Object: o.ref, Decided: o.verdict != bridge.Undecided})
				}
			}
			return nil
		})
		for _, g := range page {
			if !yield(g, nil) {
				return
			}
		}
		if err != nil {
			yield(bridge.Glance{}, err)
		}
	}
}

func (p *port) requestOf(ref bridge.Ref) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.objects, func(o *object) bool { return o.ref.ID == ref.ID })
	if i < 0 {
		return ""
	}
	return p.objects[i].marker
}
