package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// settleMost is how long everything may take to be as it should once nothing goes wrong any more: all links are read again every half an
	// hour, and a fault that only a person can mend rests for up to ten minutes.
	settleMost = 50 * time.Minute
	// aftermath is how long instances may go on finding out what another has done: as long as a lease or a claim lasts.
	aftermath = 3 * time.Minute
	// silence is how long nothing may be written afterwards.
	silence = 10 * time.Minute
)

// judge checks all promises, once everything had the time to settle.
func (w *world) judge() {
	wrong := w.rest()
	w.born()
	w.decided()
	for _, text := range wrong {
		w.broken(text.promise, "%s", text.what)
	}
	w.bounded()
	w.prompt()
}

// rest waits until nothing happens any more, once with requests that wait and once when all have been denied, and returns what does not
// come to be as it should.
func (w *world) rest() []finding {
	if wrong := w.settle("pending requests"); len(wrong) > 0 {
		return wrong
	}
	w.quiet()
	w.note("-- everything is denied")
	for _, r := range w.asked() {
		if w.pending(r) {
			if err := w.teleport.Review(r.id, address(admin), false, "the end"); err != nil {
				w.broken("P4", "the simulation cannot end %s: %v", w.name(r), err)
			}
		}
	}
	if wrong := w.settle("ended requests"); len(wrong) > 0 {
		return wrong
	}
	w.quiet()
	return nil
}

// asked are the requests that were made.
func (w *world) asked() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// name is a request as histories name it.
func (w *world) name(r *request) string { return fmt.Sprintf("r%d", r.number) }

// settle waits until everything is as it should be, and returns what is not when that takes too long.
func (w *world) settle(what string) []finding {
	limit := w.now() + settleMost
	for fine := 0; fine < 2; {
		<-time.After(time.Minute)
		wrong := w.unsettled()
		if len(wrong) == 0 {
			fine++
			continue
		}
		fine = 0
		if w.now() > limit {
			for i := range wrong {
				wrong[i].what = what + ": " + wrong[i].what
			}
			return wrong
		}
	}
	return nil
}

// finding is something that is not as it should be.
type finding struct{ promise, what string }

// unsettled lists what is not as it should be now.
func (w *world) unsettled() []finding {
	var wrong []finding
	add := func(promise, format string, args ...any) {
		wrong = append(wrong, finding{promise, fmt.Sprintf(format, args...)})
	}
	if len(w.living()) < w.Setup.Instances {
		add("P1", "not all instances run")
	}
	objects := map[string][]object{}
	for _, vendor := range w.Setup.Vendors {
		objects[vendor] = w.sites[vendor].objects()
	}
	for _, r := range w.asked() {
		for _, vendor := range w.Setup.Vendors {
			own := slices.DeleteFunc(slices.Clone(objects[vendor]), func(o object) bool { return o.request != r.id })
			w.placed(r, vendor, own, add)
		}
		w.standing(r, add)
	}
	for _, i := range w.living() {
		for _, f := range i.server.Status().Unsettled {
			add("liveness", "%s still fails: %s %s: %s", i.name, f.Queue, f.RequestID, f.Error)
		}
	}
	return wrong
}

type add func(promise, format string, args ...any)

// placed checks the objects of a request at one vendor.
func (w *world) placed(r *request, vendor string, objects []object, add add) {
	selected := slices.Contains(w.Setup.targets(r.role), vendor)
	link := w.link(r, vendor)
	state, exists := w.state(r)
	if n := w.deletions(r, vendor); link.Replaced > n {
		add("P2", "the object of %s at %s was made again %d times, and deleted %d times", w.name(r), vendor, link.Replaced, n)
	}
	switch {
	case !selected && len(objects) > 0:
		add("P1", "%s has an object at %s, where it does not belong", w.name(r), vendor)
	case !selected:
	case exists && state.GetState().IsPending():
		if len(objects) != 1 {
			add("P1", "pending %s has %d objects at %s, its link is %+v", w.name(r), len(objects), vendor, link)
		} else if link.Phase != bridge.PhaseOpen || link.Ref.ID != objects[0].id && link.Ref.ID != objects[0].alias {
			add("P1", "pending %s has the object %s at %s, but its link is %+v", w.name(r), objects[0].id, vendor, link)
		} else {
			w.told(r, vendor, state, objects[0], add)
		}
	default:
		if link.Phase != bridge.PhaseNone && link.Phase != bridge.PhaseClosed {
			add("P4", "ended %s has at %s the link %+v", w.name(r), vendor, link)
		}
		for _, o := range objects {
			w.closed(r, vendor, o, add)
		}
	}
}

// deletions counts how often people have deleted a request's object.
func (w *world) deletions(r *request, vendor string) (n int) {
	for _, d := range w.deeds {
		if d.request == r && d.vendor == vendor && d.what == deedDelete {
			n++
		}
	}
	return n
}

// link is what Teleport keeps of a request's object.
func (w *world) link(r *request, vendor string) bridge.Link {
	var link bridge.Link
	if raw := w.teleport.PluginData(r.id)["accessbridge"]["link/"+vendor]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &link); err != nil {
			w.broken("P1", "the link of %s cannot be read: %v", w.name(r), err)
		}
	}
	return link
}

// state is the request as Teleport has it.
func (w *world) state(r *request) (types.AccessRequest, bool) { return w.teleport.Request(r.id) }

// told checks that an object tells every review, once.
func (w *world) told(r *request, vendor string, state types.AccessRequest, o object, add add) {
	for _, review := range state.GetReviews() {
		texts := []string{review.Author, "this request in Teleport"}
		if review.Author == bridgeUser {
			texts = []string{"was submitted to Teleport as a review"}
		}
		// A note that is written after its writer has given up may stand beside that of the next try.
		if n := o.told(texts...); n == 0 || n > 1 && !w.has(stepFault, vendor, mishapLate) {
			add("P3", "the object of %s at %s tells the review of %s %d times", w.name(r), vendor, review.Author, n)
		}
	}
}

// has reports whether a mishap befalls a vendor in the history.
func (w *world) has(k kind, vendor string, what mishap) bool {
	return slices.ContainsFunc(w.Steps, func(s step) bool { return s.Kind == k && s.Where == vendor && s.Text == string(what) })
}

// closed checks that the object of an ended request has ended as the request has, unless somebody has touched it since.
func (w *world) closed(r *request, vendor string, o object, add add) {
	for _, d := range w.deeds {
		if d.vendor == vendor && d.id == o.id && !d.pending && d.what != deedComment {
			return
		}
	}
	if !o.ended {
		add("P4", "the object %s of ended %s at %s is %s", o.id, w.name(r), vendor, o.status)
		return
	}
	if vendor != jiraName {
		return
	}
	want, exists := w.wanted(r)
	if want == "Promoted" && (o.status == "Approved" || o.status == "Denied") {
		// Somebody had moved it to an end from which the workflow leads nowhere else.
		return
	}
	if o.status != want && (exists || o.status != "Expired") {
		add("P4", "the issue %s of %s is %s and not %s", o.id, w.name(r), o.status, want)
	}
}

// wanted is the status of the issue of an ended request. Where the request is gone, the bridge may not have seen how it ended.
func (w *world) wanted(r *request) (status string, exists bool) {
	_, exists = w.state(r)
	switch w.resolvedAs(r) {
	case types.RequestState_APPROVED:
		return "Approved", exists
	case types.RequestState_DENIED:
		return "Denied", exists
	case types.RequestState_PROMOTED:
		return "Promoted", exists
	default:
		return "Expired", exists
	}
}
