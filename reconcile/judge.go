package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

// freshEnough is how old evidence may be when a decision is submitted. Older evidence is read again first, because the object may have
// been moved since.
const freshEnough = 15 * time.Second

// unknownPause is kept before judging again by facts that were not known, such as the members of a group.
const unknownPause = time.Minute

// judge turns evidence into decisions, one request at a time.
type judge struct {
	words    wording
	requests Requests
	links    Links
	policy   Policy
	reviewer Reviewer
	journal  bridge.Journal
	metrics  Metrics
	queue    *queue
	// look asks the mirror of a target to read its object again; tell asks it to bring the object's notes up to date; ask asks the roster
	// of an integration who is on call.
	look, tell, ask func(target, requestID string)
	// labels reads the labels of resources; nil when no expression uses any.
	labels func(context.Context, []bridge.Resource) []bridge.Resource
	log    *slog.Logger

	mu    sync.Mutex
	files map[string]*file
	// duties holds who is on call, by request and integration.
	duties map[string]map[string]bridge.Duty
	// unanswered holds decisions, by request, that were submitted and that Teleport may have taken.
	unanswered map[string]submission
}

// file is what the judge holds on one request.
type file struct {
	evidence map[string][]bridge.Evidence
	// notes are told at the object of the target they are kept under, by note id.
	notes map[string][]bridge.Note
	// reported holds the ids of refusals that were audited.
	reported map[string]bool
	// decider is the target whose object's decision was, or is just being, put into effect.
	decider string
	// submitted is true once this instance has submitted the decision, unless Teleport did not take it.
	submitted bool
	// taken is the decision that Teleport took as a review, while the request waits for others.
	taken *bridge.Decision
	// detail is what was last logged to keep the rules from deciding.
	detail string
}

// observe replaces what is known from one target and asks for a judgement.
func (j *judge) observe(id, target string, evidence []bridge.Evidence) {
	j.mu.Lock()
	j.open(id).evidence[target] = evidence
	j.mu.Unlock()
	// Nothing being said any more may matter as much as something being said.
	j.queue.add(id)
}

// open returns the file of a request, a new one if need be. The lock must be held.
func (j *judge) open(id string) *file {
	if j.files[id] == nil {
		j.files[id] = &file{evidence: map[string][]bridge.Evidence{}, notes: map[string][]bridge.Note{}, reported: map[string]bool{}}
	}
	return j.files[id]
}

// changed asks for a judgement when there is anything to judge.
func (j *judge) changed(id string) {
	if len(j.evidence(id)) > 0 || len(j.onCall(id)) > 0 || j.wonders(id) {
		j.queue.add(id)
	}
}

// undecided lists the requests of which something was read.
func (j *judge) undecided() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	ids := maps.Clone(j.duties)
	for id := range j.files {
		if ids == nil {
			ids = map[string]map[string]bridge.Duty{}
		}
		ids[id] = nil
	}
	return slices.Sorted(maps.Keys(ids))
}

func (j *judge) evidence(id string) []bridge.Evidence {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []bridge.Evidence
	if f := j.files[id]; f != nil {
		for _, evidence := range f.evidence {
			all = append(all, evidence...)
		}
	}
	return all
}

// shows reports whether the request got this ending by a decision at the object, which therefore stands where the ending would put it. An
// object that merely looks decided, by somebody whose decision did not count, still needs its ending.
func (j *judge) shows(id, target string, ending bridge.Ending) bool {
	want := map[bridge.Ending]bridge.Verdict{bridge.EndApproved: bridge.Approve, bridge.EndDenied: bridge.Deny}[ending]
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.files[id]
	if f == nil || f.decider != target || want == bridge.Undecided {
		return false
	}
	for _, ev := range f.evidence[target] {
		if ev.Verdict == want && ev.Settled {
			return true
		}
	}
	return false
}

// notesFor lists what the judge has to say at the object of a target.
func (j *judge) notesFor(id, target string) []bridge.Note {
	j.mu.Lock()
	defer j.mu.Unlock()
	if f := j.files[id]; f != nil {
		return append([]bridge.Note(nil), f.notes[target]...)
	}
	return nil
}

// forget drops what was held on one target of a request.
func (j *judge) forget(id, target string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.files[id]
	if f == nil {
		return
	}
	delete(f.evidence, target)
	delete(f.notes, target)
	if len(f.evidence) == 0 {
		delete(j.files, id)
	}
}

// reconcile judges one request and submits the decision, if there is one.
func (j *judge) reconcile(ctx context.Context, id string) (time.Duration, error) {
	j.answer(id)
	req, known := j.requests.Get(id)
	if !known || !req.Pending(time.Now()) {
		return 0, nil
	}
	req = j.labelled(ctx, req)
	d := j.decide(req, j.valid(id))
	j.report(req, d)
	if d.Verdict == bridge.Undecided || j.reviewed(req, d) || j.took(id, d) {
		j.contradict(req, d)
		j.drift(req, d)
		return j.pauseFor(d), nil
	}
	if j.again(id, d) {
		// The reading asks for the next judgement. Until then nothing is settled, and an earlier failure stays visible.
		return j.queue.jitter(terminalMost), nil
	}
	fresh, err := j.requests.Fresh(ctx, id)
	if errors.Is(err, bridge.ErrGone) {
		j.tell(d.Evidence.Target, id)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the request before deciding: %w", err)
	}
	// Objects may have been read again while Teleport took its time.
	fresh = j.labelled(ctx, fresh)
	again := j.decide(fresh, j.valid(id))
	if !fresh.Pending(time.Now()) || again.Verdict != d.Verdict || j.reviewed(fresh, again) {
		return 0, nil
	}
	if basis(again) != basis(d) {
		// It rests on something else now, whose age is not known to be right.
		return time.Nanosecond, nil
	}
	return 0, j.submit(ctx, fresh, again)
}

// pauseFor is when to judge again by itself: only what is not known now may become known without anybody telling.
func (j *judge) pauseFor(d bridge.Decision) time.Duration {
	if d.Verdict == bridge.Undecided && d.Unknown {
		return j.queue.jitter(unknownPause)
	}
	return 0
}

// labelled returns the request with the labels of its resources, as far as the policy needs them and they can be read.
func (j *judge) labelled(ctx context.Context, req bridge.Request) bridge.Request {
	if j.labels != nil && len(req.Resources) > 0 {
		ctx, cancel := context.WithTimeout(ctx, titlesLimit)
		defer cancel()
		req.Resources = j.labels(ctx, req.Resources)
	}
	return req
}

// valid lists what was read at the objects that are linked.
func (j *judge) valid(id string) []bridge.Evidence {
	return slices.DeleteFunc(j.evidence(id), func(ev bridge.Evidence) bool { return !j.linked(id, ev) })
}

// reviewed reports whether the bridge has submitted its review already. Teleport takes one of each user.
func (j *judge) reviewed(req bridge.Request, d bridge.Decision) bool {
	_, done := req.ReviewBy(j.reviewer.Self())
	return done && d.Mode == bridge.ModeReview
}

// contradict tells the people at the object when their decision comes too late: Teleport holds the bridge's opposite review already, and takes
// no second one.
func (j *judge) contradict(req bridge.Request, d bridge.Decision) {
	review, done := req.ReviewBy(j.reviewer.Self())
	if !done || d.Verdict == bridge.Undecided || review.State == stateOf(d.Verdict) {
		return
	}
	why := fmt.Sprintf("an earlier decision from here was submitted as a review (%s), and Teleport takes one review of each user. Review the request in Teleport.", review.State)
	if j.note(req.ID, d.Evidence.Target, j.words.failure(req, d, why)) {
		entry := decisionEntry(req, d)
		entry.Outcome, entry.Code, entry.Detail = bridge.OutcomeFailed, "already_reviewed", why
		j.record(entry)
		j.tell(d.Evidence.Target, req.ID)
	}
}

func stateOf(v bridge.Verdict) bridge.State {
	if v == bridge.Deny {
		return bridge.StateDenied
	}
	return bridge.StateApproved
}

// deciding notes that a decision of a target's object is just being put into effect; with no target, that it was one of who is on call.
func (j *judge) deciding(id, target string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.open(id)
	f.decider, f.submitted = target, true
}

// undecide takes deciding back.
func (j *judge) undecide(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if f := j.files[id]; f != nil {
		f.decider, f.submitted = "", false
	}
}

// submitted reports whether this instance has had the request decided.
func (j *judge) submitted(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.files[id]
	return f != nil && f.submitted
}

// hasNote reports whether one of the notes is the judge's own, which no other instance may know of.
func (j *judge) hasNote(id, target string, notes []bridge.Note) bool {
	for _, own := range j.notesFor(id, target) {
		if slices.ContainsFunc(notes, func(n bridge.Note) bool { return n.ID == own.ID }) {
			return true
		}
	}
	return false
}

// linked reports whether the object that was read is the one the link names.
func (j *judge) linked(id string, ev bridge.Evidence) bool {
	link := j.links.Link(id, ev.Target)
	if link.Phase == bridge.PhaseOpen && link.Ref.ID == ev.Object.ID {
		return true
	}
	j.log.Warn("evidence comes from an object that is not linked", "request_id", id, "integration", ev.Target, "external_id", ev.Object.ID)
	return false
}

func (j *judge) submit(ctx context.Context, req bridge.Request, d bridge.Decision) error {
	// The mirror may learn of the end before Submit returns. Being on call is shown by no object.
	target := d.Evidence.Target
	if d.Evidence.OnCall() {
		target = ""
	}
	j.deciding(req.ID, target)
	d.Text = j.words.texts.Render(func() string { return d.Route }, text.NewReason(req, d))
	updated, err := j.reviewer.Submit(ctx, req.ID, d)
	if err != nil || updated.State == bridge.StatePending {
		j.undecide(req.ID)
	}
	entry := decisionEntry(req, d)
	j.settled(req.ID)
	switch class, _ := bridge.ClassOf(err); {
	case errors.Is(err, bridge.ErrGone):
		j.tell(d.Evidence.Target, req.ID)
		return nil
	case err == nil && updated.State == bridge.StatePending:
		entry.Outcome = bridge.OutcomeRecorded
		j.remember(req.ID, d)
	case err == nil:
		entry.Outcome = bridge.OutcomeApplied
	case class != bridge.ClassTerminal:
		j.wonder(req, d)
		return fmt.Errorf("submitting the decision: %w", err)
	default:
		entry.Outcome, entry.Detail = bridge.OutcomeFailed, err.Error()
		if j.note(req.ID, d.Evidence.Target, j.words.failure(req, d, err.Error())) {
			j.record(entry)
			j.tell(d.Evidence.Target, req.ID)
		}
		return fmt.Errorf("submitting the decision: %w", err)
	}
	j.record(entry)
	j.log.Info("decision submitted", "request_id", req.ID, "integration", d.Evidence.Target, "external_id", d.Evidence.Object.ID,
		"verdict", string(d.Verdict), "outcome", entry.Outcome)
	j.requests.Merge(updated)
	j.tell(d.Evidence.Target, req.ID)
	return nil
}

// report audits each refusal once and has it told at the object.
func (j *judge) report(req bridge.Request, d bridge.Decision) {
	j.explain(req.ID, d.Detail)
	for _, r := range d.Refusals {
		note := j.words.refusal(req, r)
		if !j.note(req.ID, r.Evidence.Target, note) {
			continue
		}
		entry := entryFor(req, r.Evidence, d)
		entry.Verdict, entry.Outcome, entry.Code, entry.Detail = r.Evidence.Verdict, bridge.OutcomeRefused, r.Code, cmp.Or(r.Detail, r.Text)
		j.record(entry)
		j.tell(r.Evidence.Target, req.ID)
	}
}

// explain logs what keeps the rules from deciding, once for as long as it stays the same.
func (j *judge) explain(id, detail string) {
	j.mu.Lock()
	f := j.files[id]
	said := f == nil && detail == "" || f != nil && f.detail == detail
	if f != nil {
		f.detail = detail
	}
	j.mu.Unlock()
	if !said && detail != "" {
		j.log.Warn("nothing is decided", "request_id", id, "why", detail)
	}
}

// note keeps a note for the object of a target; false when it was kept before.
func (j *judge) note(id, target string, n bridge.Note) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	// Being on call may decide before anything was read at an object. Whoever keeps a note tells the mirror, which forgets it in the end.
	f := j.open(id)
	if f.reported[n.ID] {
		return false
	}
	f.reported[n.ID] = true
	f.notes[target] = append(f.notes[target], n)
	return true
}

func (j *judge) record(entry bridge.AuditEntry) {
	// Whoever has seen the line finds it counted.
	j.metrics.Decided(entry.Evidence.Target, entry.Verdict, entry.Outcome)
	j.journal.Record(entry)
}

func decisionEntry(req bridge.Request, d bridge.Decision) bridge.AuditEntry {
	entry := entryFor(req, d.Evidence, d)
	entry.Verdict, entry.Person, entry.Reason, entry.Rule, entry.Support = d.Verdict, d.Person, d.Reason, d.Rule, d.Support
	return entry
}

func entryFor(req bridge.Request, ev bridge.Evidence, d bridge.Decision) bridge.AuditEntry {
	return bridge.AuditEntry{
		Time: time.Now().UTC(), RequestID: req.ID, Requester: req.User, Roles: req.Roles,
		Evidence: ev, Route: d.Route, Mode: d.Mode,
	}
}
