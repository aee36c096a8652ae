package simulation

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// quiet checks that nothing more is written, and that reading has its bounds.
func (w *world) quiet() {
	<-time.After(w.aftermathOfAll())
	most := w.mostWrites(w.now(), w.now()+silence)
	w.mu.Lock()
	before := len(w.calls)
	w.mu.Unlock()
	<-time.After(silence)
	w.mu.Lock()
	defer w.mu.Unlock()
	reads, writes := map[string]int{}, 0
	for _, c := range w.calls[before:] {
		if c.writes() {
			writes++
		} else {
			reads[c.instance+" to "+c.where]++
		}
		if writes > most {
			w.wrong = append(w.wrong, fmt.Sprintf("livelock: at %s %s still writes to %s: %s", c.at, c.instance, c.where, c.method))
			return
		}
	}
	for who, n := range reads {
		if most := w.mostReads(); n > most {
			w.wrong = append(w.wrong, fmt.Sprintf("livelock: %d calls of %s in %s, when nothing happens", n, who, silence))
		}
	}
}

// aftermathOfAll is how long to wait until the ends of requests that run out meanwhile have had their aftermath as well.
func (w *world) aftermathOfAll() time.Duration {
	now := w.now()
	last := now
	requests := w.asked()
	slices.SortFunc(requests, func(a, b *request) int { return cmp.Compare(a.until, b.until) })
	for _, r := range requests {
		if r.until > last && r.until < last+aftermath+silence {
			last = r.until
		}
	}
	return last + aftermath - now
}

// mostWrites is how many writes are fair between two times: none, unless a shift has changed. What people said is then judged anew, and they are told.
func (w *world) mostWrites(from, to time.Duration) int {
	for _, s := range w.shifts {
		for _, at := range []time.Duration{s.from, s.until} {
			if from-3*resyncEvery < at && at < to {
				return 6 * len(w.requests) * w.Setup.Instances
			}
		}
	}
	return 0
}

// mostReads is how many readings of one instance at one place are fair while nothing happens.
func (w *world) mostReads() int {
	minutes := int(silence / time.Minute)
	return 10*minutes + 8*minutes*len(w.requests)
}

// born checks that no object was made beside another of the same request, nor without a marker.
func (w *world) born() {
	for _, b := range w.register.all() {
		switch {
		case b.request == "":
			w.broken("P2", "at %s the object %s was made at %s without a marker", b.at, b.id, b.vendor)
		case len(b.besides) > 0:
			w.broken("P2", "at %s the object %s of %s was made at %s, which had %v already", b.at, b.id, b.request, b.vendor, b.besides)
		}
	}
}

// bounded checks that vendors were not asked without end while things went wrong.
func (w *world) bounded() {
	w.mu.Lock()
	list := slices.Clone(w.calls)
	w.mu.Unlock()
	calls := map[string]int{}
	for _, c := range list {
		calls[c.where]++
	}
	minutes := int(w.now() / time.Minute)
	for where, n := range calls {
		if most := w.Setup.Instances * (200 + minutes*(10+8*len(w.requests))); n > most {
			w.broken("bounds", "%d calls to %s, %d are fair", n, where, most)
		}
	}
}

// The bounds of P6.
const (
	// promptly is how long the object of a new request may take where nothing is wrong.
	promptly = 20 * time.Second
	// recovers is how long a trouble may have consequences for requests that are made after it.
	recovers = 2 * time.Minute
)

// prompt checks that requests got their objects soon wherever nothing was wrong with the vendor, with Teleport and with the instances, whatever
// was wrong with other vendors.
func (w *world) prompt() {
	births := w.register.all()
	for _, r := range w.asked() {
		limit := r.made + promptly + w.Setup.Quiet + w.Setup.LaterBy
		for _, vendor := range w.Setup.targets(r.role) {
			if limit > w.ends(r) || w.troubles(vendor, r.made-recovers, limit) {
				continue
			}
			if !slices.ContainsFunc(births, func(b birth) bool { return b.vendor == vendor && b.request == r.id && b.at <= limit }) {
				w.broken("P6", "%s had no object at %s within %s, where nothing was wrong", w.name(r), vendor, limit-r.made)
			}
		}
	}
}

// ends is the first time at which the request may have ended.
func (w *world) ends(r *request) time.Duration {
	end := r.until
	for _, at := range []time.Duration{r.withdrawn, r.touched, w.reviewedAt(r)} {
		if at > 0 {
			end = min(end, at)
		}
	}
	return end
}

// troubles reports whether something was wrong with a vendor, with Teleport or with an instance between two times.
func (w *world) troubles(vendor string, from, to time.Duration) bool {
	return slices.ContainsFunc(w.Steps, func(s step) bool {
		until := s.At
		switch s.Kind {
		case stepFault:
			if s.Where != vendor && s.Where != teleportName {
				return false
			}
			until += s.For
		case stepCrash:
			// It may take its time.
			until = chaos
		case stepStop, stepTeleport:
			until += s.For
		case stepClock:
			// Requests are held back by Teleport's clock.
			if s.Where != teleportName || w.Setup.Quiet == 0 {
				return false
			}
			until = chaos
		default:
			return false
		}
		return s.At < to && until > from
	})
}
