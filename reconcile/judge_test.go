package reconcile

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// hint is a webhook about the object of a request.
func (i *instance) hint(id string) {
	for _, v := range i.w.vendors {
		i.engine.Hint(v.name, bridge.Hint{RequestID: id, ObjectID: i.w.link(id, v.name).Ref.ID})
	}
}

func TestP3_DecisionAtTheObjectIsAppliedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		status  string
		verdict bridge.Verdict
		state   bridge.State
	}{
		"approve": {"Approved", bridge.Approve, bridge.StateApproved},
		"deny":    {"Denied", bridge.Deny, bridge.StateDenied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Minute)
				v.move("r1", c.status, c.verdict, bob)
				before := i.effects
				i.hint("r1")
				pass(time.Second)
				req, _ := w.request("r1")
				require.Equal(t, c.state, req.State)
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				require.Equal(t, 2, v.count(), "open and one reading; the object already stands where it should")
				require.Equal(t, 4, i.effects-before, "reading, request, review, link")

				for range 99 {
					i.hint("r1")
					pass(time.Second)
				}
				require.LessOrEqual(t, v.count(), 2+2, "one reading a minute, to see whether it was changed since")
				require.Zero(t, v.count("update", "close"))
				require.Equal(t, 1, w.decisions())
				require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
				entry := w.audit[0]
				require.Equal(t, "bob@example.com", entry.Person)
				require.Equal(t, c.verdict, entry.Verdict)
				require.Equal(t, "all", entry.Route)
				require.Equal(t, c.status, entry.Evidence.Status)
				require.Empty(t, i.engine.Failures())
			})
		})
	}
}

func TestP3_ObjectNobodyDecidedIsOnlyRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.move("r1", "In Review", bridge.Undecided, bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		require.Empty(t, w.audited())
		require.Equal(t, 2, v.count())
	})
}

func TestP3_RequestIsReadAgainBeforeDeciding(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*world)
		ending bridge.Ending
	}{
		"denied meanwhile": {func(w *world) { w.resolve("r1", bridge.StateDenied, "no") }, bridge.EndDenied},
		"gone meanwhile":   {func(w *world) { w.remove("r1") }, bridge.EndDeleted},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Second)
				i.setDeaf(true)
				c.end(w)
				v.approve("r1", bob)
				i.hint("r1")
				pass(time.Minute)
				require.Zero(t, w.decisions())
				require.Empty(t, w.audited())
				requireClosed(t, w, v, "r1", c.ending)
			})
		})
	}
}

func TestP3_RequestGoneWhileDeciding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		i.faults(func(effect string) error {
			if effect == "submit" {
				w.remove("r1")
			}
			return nil
		}, nil)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		require.Empty(t, w.audited())
		requireClosed(t, w, v, "r1", bridge.EndDeleted)
		require.Empty(t, i.engine.Failures())
	})
}

// Teleport cannot be asked for a while. By then the evidence is old, so the object is read again before anything is decided.
func TestP3_OldEvidenceIsReadAgain(t *testing.T) {
	for name, movedBack := range map[string]bool{"still approved": false, "moved back": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Second)
				i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
				v.approve("r1", bob)
				i.hint("r1")
				pass(time.Minute)
				require.Contains(t, i.engine.Failures()[0].Error, "unavailable")
				if movedBack {
					v.move("r1", "Open", bridge.Undecided, bob)
					pass(2 * time.Minute)
				}
				healed := time.Now()
				i.faults(nil, nil)
				pass(2 * time.Minute)
				if movedBack {
					require.Zero(t, w.decisions())
					return
				}
				require.Equal(t, 1, w.decisions())
				require.False(t, w.submitted[0].Evidence.ReadAt.Before(healed.Add(-freshEnough)))
			})
		})
	}
}

// Evidence of an object that another one has replaced counts for nothing, nor may it stand in the way of evidence that counts.
func TestP3_EvidenceOfAnUnlinkedObjectIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jira, pager := newVendor("jira"), newVendor("pager")
		w := newWorld(t, jira, pager)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		stray := bridge.Evidence{
			Target: "jira", Object: bridge.Ref{ID: "jira-77"}, Marker: "r1", Status: "Denied", Verdict: bridge.Deny, Actor: bob,
			At: time.Now(), ReadAt: time.Now(),
		}
		i.engine.judge.observe("r1", "jira", []bridge.Evidence{stray})
		pass(time.Second)
		require.Zero(t, w.decisions())
		pager.approve("r1", bob)
		i.engine.Hint("pager", bridge.Hint{RequestID: "r1"})
		pass(time.Second)
		require.Equal(t, 1, w.decisions())
		require.Equal(t, bridge.Approve, w.submitted[0].Verdict)
	})
}

func TestP3_W13_RequesterIsRefusedAndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", alice)
		for range 100 {
			i.hint("r1")
			pass(time.Second)
		}
		require.Zero(t, w.decisions())
		require.Equal(t, []string{"refused requester"}, w.audited())
		require.Equal(t, "all", w.audit[0].Route)
		notes := requireOpen(t, w, v, "r1").texts()
		require.Len(t, notes, 1)
		require.Contains(t, notes[0], "nobody can decide their own Access Request")
		require.Equal(t, 1, v.count("update"))

		// Another person's decision counts all the same.
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		require.Equal(t, 1, w.decisions())
		require.Equal(t, []string{"refused requester", "applied"}, w.audited())
	})
}

// The requester has moved the object, and somebody approved in Teleport. The object looks right, but it must still be told.
func TestP4_ObjectThatOnlyLooksDecidedIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", alice)
		i.hint("r1")
		pass(time.Second)
		w.resolve("r1", bridge.StateApproved, "fine")
		pass(time.Second)
		requireClosed(t, w, v, "r1", bridge.EndApproved)
	})
}

func TestThresholdNotMetIsRecordedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.threshold = 2
		b := w.start("b")
		w.ask("r1")
		pass(10 * time.Minute)
		b.setDeaf(true)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		require.Equal(t, []string{bridge.OutcomeRecorded}, w.audited())
		require.Equal(t, []string{
			"The decision was submitted to Teleport as a review (approved). Teleport has 1 of 2 approvals and waits for more reviewers.",
		}, requireOpen(t, w, v, "r1").texts())

		for range 10 {
			i.hint("r1")
			b.hint("r1")
			pass(2 * time.Minute)
		}
		require.Equal(t, 1, w.decisions(), "one review is enough, also for an instance that has not heard of it")
		require.Equal(t, []string{bridge.OutcomeRecorded}, w.audited())

		w.review("r1", "carol", bridge.StateApproved, "me too")
		w.resolve("r1", bridge.StateApproved, "me too")
		pass(time.Minute)
		o := requireClosed(t, w, v, "r1", bridge.EndApproved)
		require.Contains(t, o.notes[len(o.notes)-1].Text, "approved in Teleport by carol: me too", "the object did not decide it alone")
	})
}

func TestDenialAfterOurOwnApprovalIsToldAndAuditedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.threshold = 2
		w.ask("r1")
		pass(time.Minute)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		v.move("r1", "Denied", bridge.Deny, bob)
		for range 5 {
			i.hint("r1")
			pass(time.Minute)
		}
		req, _ := w.request("r1")
		require.Equal(t, bridge.StatePending, req.State, "Teleport takes one review of each user")
		require.Equal(t, []string{bridge.OutcomeRecorded, bridge.OutcomeFailed + " already_reviewed"}, w.audited())
		texts := requireOpen(t, w, v, "r1").texts()
		require.Contains(t, texts[len(texts)-1], "Review the request in Teleport")
	})
}

func TestRefusalByTeleportIsToldAndAuditedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		i.faults(always("submit", bridge.Terminal(errors.New("not permitted"))), nil)
		v.approve("r1", bob)
		for range 20 {
			i.hint("r1")
			pass(5 * time.Second)
		}
		require.Equal(t, []string{bridge.OutcomeFailed}, w.audited())
		require.Equal(t, "not permitted", w.audit[0].Detail)
		require.Equal(t, []string{"The decision of bob@example.com could not be put into effect in Teleport: not permitted"}, requireOpen(t, w, v, "r1").texts())
		require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)

		i.faults(nil, nil)
		pass(15 * time.Minute)
		require.Equal(t, []string{bridge.OutcomeFailed, bridge.OutcomeApplied}, w.audited(), "it is tried again, because the permission may be granted")
		require.Empty(t, i.engine.Failures())
	})
}

func TestP3_SubmitIsRetriedUntilItsOutcomeIsKnown(t *testing.T) {
	for name, lostAfter := range map[string]bool{"no effect": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Second)
				if lostAfter {
					i.faults(nil, onFirst("submit", errLost))
				} else {
					i.faults(onFirst("submit", errLost), nil)
				}
				v.approve("r1", bob)
				i.hint("r1")
				pass(2 * time.Minute)
				require.Equal(t, 1, w.decisions())
				req, _ := w.request("r1")
				require.Equal(t, bridge.StateApproved, req.State)
				require.Len(t, req.Reviews, 1)
				require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
				require.Equal(t, "bob@example.com", w.audit[0].Person)
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				require.Empty(t, i.engine.Failures())
			})
		})
	}
}

// The answer to a submission is lost, and the request ends or goes on without it.
func TestP3_UnansweredSubmissionIsAuditedAsWhatItWas(t *testing.T) {
	for name, c := range map[string]struct {
		threshold int
		after     bool
		then      func(w *world)
		audited   []string
	}{
		"taken, and others are asked for": {2, true, func(*world) {}, []string{bridge.OutcomeRecorded}},
		"not taken, and denied by others": {1, false, func(w *world) { w.resolve("r1", bridge.StateDenied, "no") }, []string{bridge.OutcomeFailed}},
		"not taken, and withdrawn":        {1, false, func(w *world) { w.remove("r1") }, []string{bridge.OutcomeFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.threshold = c.threshold
				w.ask("r1")
				pass(time.Second)
				if c.after {
					i.faults(nil, onFirst("submit", errLost))
				} else {
					i.faults(onFirst("submit", errLost), nil)
				}
				v.approve("r1", bob)
				i.hint("r1")
				synctest.Wait()
				c.then(w)
				pass(2 * time.Minute)
				require.Equal(t, c.audited, w.audited())
				require.Equal(t, "r1", w.audit[0].RequestID)
				require.Equal(t, "bob@example.com", w.audit[0].Person)
			})
		})
	}
}

// Nothing is said any more when the request ends.
func TestP3_UnansweredSubmissionOfWhatIsSaidNoMoreIsAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, i := one(t)
		w.ask("r1")
		pass(time.Second)
		req, _ := w.request("r1")
		i.engine.judge.wonder(req, bridge.Decision{Verdict: bridge.Approve, Mode: bridge.ModeReview, Evidence: bridge.Evidence{Target: "jira"}})
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Minute)
		require.Equal(t, []string{bridge.OutcomeFailed}, w.audited())
		require.Empty(t, i.engine.judge.unanswered)
	})
}

func TestDenialAtOneObjectBeatsAnApprovalAtAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jira, pager := newVendor("jira"), newVendor("pager")
		w := newWorld(t, jira, pager)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		i.faults(onFirst("fresh", errors.New("Teleport is unavailable")), nil)
		jira.approve("r1", bob)
		i.engine.Hint("jira", bridge.Hint{RequestID: "r1"})
		synctest.Wait()
		pager.move("r1", "Denied", bridge.Deny, bob)
		i.engine.Hint("pager", bridge.Hint{RequestID: "r1"})
		pass(time.Minute)
		req, _ := w.request("r1")
		require.Equal(t, bridge.StateDenied, req.State)
		requireClosed(t, w, jira, "r1", bridge.EndDenied)
		require.Zero(t, pager.count("close"), "it decided, so it stands where it should")
		require.Equal(t, bridge.PhaseClosed, w.link("r1", "pager").Phase)
	})
}
