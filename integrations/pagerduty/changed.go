package pagerduty

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// sameMoment is how far the times of one event may lie apart: PagerDuty writes whole seconds.
const sameMoment = 2 * time.Second

// Changed lists the bridge's incidents that are open, and those resolved since a time; all for the zero time. A list of incidents does not
// tell of notes, so the log of the account is read beside it, no further back than is needed.
func (p *PagerDuty) Changed(ctx context.Context, since time.Time) iter.Seq2[bridge.Glance, error] {
	return func(yield func(bridge.Glance, error) bool) {
		said := p.newTimeline(ctx, since)
		defer said.stop()
		// New ones first, as the log is.
		open := url.Values{"statuses[]": {triggered, acknowledged}, "date_range": {"all"}, "sort_by": {"created_at:desc"}}
		if !p.glance(ctx, open, said, yield) {
			return
		}
		done := url.Values{"statuses[]": {resolved}, "date_range": {"all"}, "sort_by": {"resolved_at:desc"}}
		p.glance(ctx, done, said, yield)
	}
}

// glance yields one listing and reports whether to go on. PagerDuty shows the first ten thousand entries of a listing; what is beyond,
// the oldest, is left out.
func (p *PagerDuty) glance(ctx context.Context, query url.Values, said *timeline, yield func(bridge.Glance, error) bool) bool {
	for i, err := range list[incidentView](ctx, p, "/incidents", "incidents", query) {
		if errors.Is(err, errTooMany) {
			p.Log.WarnContext(ctx, "listing of incidents is incomplete", "error", err)
			return true
		}
		if err != nil {
			yield(bridge.Glance{}, err)
			return false
		}
		if i.ID == "" {
			yield(bridge.Glance{}, errOther)
			return false
		}
		if i.Status == resolved && !i.ResolvedAt.IsZero() && i.ResolvedAt.Before(said.since) {
			return true // the rest is older still
		}
		if i.marker() == "" {
			continue
		}
		decided, err := said.at(i)
		if err != nil {
			yield(bridge.Glance{}, err)
			return false
		}
		if !yield(bridge.Glance{Object: i.ref(), Decided: decided}, nil) {
			return false
		}
	}
	return true
}

// timeline is the log of the account since a time, read from its new end as far as somebody has asked.
type timeline struct {
	p     *PagerDuty
	since time.Time
	next  func() (logEntry, error, bool)
	stop  func()
	// touched are the incidents where something was said, begun the times of the first entries of incidents.
	touched map[string]bool
	begun   map[string]time.Time
	over    bool
	// last is the time of the entry read last; mixed is true once a later one has followed, and then only the end of the log is final.
	last  time.Time
	mixed bool
	// short is true when the log is longer than PagerDuty shows: then every incident may have been touched.
	short bool
}

func (p *PagerDuty) newTimeline(ctx context.Context, since time.Time) *timeline {
	query := url.Values{}
	if !since.IsZero() {
		query.Set("since", since.UTC().Format(time.RFC3339))
	}
	t := &timeline{p: p, since: since, touched: map[string]bool{}, begun: map[string]time.Time{}}
	t.next, t.stop = iter.Pull2(list[logEntry](ctx, p, "/log_entries", "log_entries", query))
	return t
}

// at reports whether something was said at an incident that may decide. Uses of actions are in no log, and whether they move updated_at is
// not documented: where actions decide, every incident may have had one.
func (t *timeline) at(i incidentView) (bool, error) {
	for !t.over && !t.reached(i) {
		if err := t.read(); err != nil {
			return false, err
		}
	}
	return t.touched[i.ID] || t.short || t.p.rules.ByAction(), nil
}

// reached reports whether the log was read back to the beginning of the incident. A reopened one has a later entry that looks like it.
func (t *timeline) reached(i incidentView) bool {
	first, ok := t.begun[i.ID]
	return ok && !t.mixed && !first.After(i.CreatedAt.Add(sameMoment))
}

func (t *timeline) read() error {
	e, err, ok := t.next()
	if ok && err == nil {
		t.mixed = t.mixed || !t.last.IsZero() && e.CreatedAt.After(t.last.Add(sameMoment))
		t.last = e.CreatedAt
	}
	switch {
	case !ok:
		t.over = true
	case errors.Is(err, errTooMany):
		t.over, t.short = true, true
	case err != nil:
		return err
	case e.Incident == nil:
	case e.Type == "trigger_log_entry":
		t.begun[e.Incident.ID] = e.CreatedAt
	case t.p.saysSomething(e):
		t.touched[e.Incident.ID] = true
	}
	return nil
}

// saysSomething reports whether an entry of the log may be a decision.
func (p *PagerDuty) saysSomething(e logEntry) bool {
	if e.Type == "annotate_log_entry" {
		return p.rules.ByNote()
	}
	return p.statusVerdict(e) != bridge.Undecided
}
