package simulation

import (
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// request is an Access Request of a history.
type request struct {
	// number is that of the step that made it.
	number        int
	id, who, role string
	made          time.Duration
	// until is when it runs out.
	until time.Duration
	// withdrawn is when somebody removed it.
	withdrawn time.Duration
	// touched is when anything else first happened to it that may have ended it.
	touched time.Duration
}

// done is a deed that was done.
type done struct {
	at                time.Duration
	request           *request
	vendor, id, who   string
	what              deed
	wasEnded, pending bool
}

// shift is a turn on call. Whoever comes later takes the place of who was there.
type shift struct {
	vendor, who string
	from, until time.Duration
}

// play does one step. What cannot be done any more is left out, as people would.
func (w *world) play(s step) {
	w.note("-- %s", s)
	switch s.Kind {
	case stepAsk:
		w.ask(s)
	case stepReview, stepWithdraw, stepPromote:
		if r := w.request(s.Request); r != nil {
			w.inTeleport(s, r)
		}
	case stepAct:
		if r := w.request(s.Request); r != nil {
			w.act(s, r)
		}
	case stepForge:
		w.forge(s)
	case stepDuty:
		if err := w.sites[s.Where].duty(s.Who, time.Now().Add(s.For)); err != nil {
			w.note("   %v", err)
		}
		w.mu.Lock()
		w.shifts = append(w.shifts, shift{s.Where, s.Who, w.now(), w.now() + s.For})
		w.mu.Unlock()
	case stepFault:
		f := fault{id: s.ID, where: s.Where, what: mishap(s.Text), share: s.N, until: time.Now().Add(s.For), writes: s.Count > 0}
		w.faults.add(f)
	case stepHooks:
		w.hooks.add(fault{id: s.ID, where: s.Where, what: mishap(s.Text), share: s.N, until: time.Now().Add(s.For)})
	case stepClock:
		w.setClock(s.Where, s.For)
	default:
		w.trouble(s)
	}
}

func (w *world) ask(s step) {
	id, err := w.teleport.CreateRequest(teleport.NewRequest{
		User: address(s.Who), Roles: []string{s.Text}, Reason: "because", ThresholdApprove: uint32(s.N), PendingTTL: s.For,
	})
	if err != nil {
		w.note("   %v", err)
		return
	}
	w.chance.call(id, fmt.Sprintf("r%d", s.Request))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, &request{number: s.Request, id: id, who: s.Who, role: s.Text, made: w.now(), until: w.now() + s.For})
}

// request is the one that a step made; nil when there is none.
func (w *world) request(number int) *request {
	for _, r := range w.asked() {
		if r.number == number {
			return r
		}
	}
	return nil
}

func (w *world) inTeleport(s step, r *request) {
	var err error
	switch s.Kind {
	case stepReview:
		err = w.teleport.Review(r.id, address(s.Who), s.Text == "approve", "reviewed by "+s.Who)
	case stepPromote:
		err = w.teleport.Promote(r.id, "the list")
	default:
		if err = w.teleport.Delete(r.id); err == nil {
			r.withdrawn = w.now()
		}
	}
	if err != nil {
		w.note("   %v", err)
	} else if r.touched == 0 {
		r.touched = w.now()
	}
}

// act does something at the newest object of a request.
func (w *world) act(s step, r *request) {
	site := w.sites[s.Where]
	if site == nil {
		return
	}
	var found *object
	for _, o := range site.objects() {
		if o.request == r.id {
			found = &o
		}
	}
	if found == nil {
		w.note("   there is no object yet")
		return
	}
	d := done{at: w.now(), request: r, vendor: s.Where, id: found.id, who: s.Who, what: deed(s.Text), wasEnded: found.ended, pending: w.pending(r)}
	if err := site.act(s.Who, found.id, d.what); err != nil {
		w.note("   %v", err)
		return
	}
	if r.touched == 0 {
		r.touched = d.at
	}
	if d.what == deedDelete {
		w.register.delete(s.Where, found.id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deeds = append(w.deeds, d)
}

// pending reports whether a request waits in Teleport.
func (w *world) pending(r *request) bool {
	req, ok := w.teleport.Request(r.id)
	return ok && req.GetState().IsPending()
}
