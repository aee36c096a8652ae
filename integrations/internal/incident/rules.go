package incident

import (
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Rules are Decisions as an integration works with them.
type Rules struct {
	// Notes are the words of notes that decide, as they are configured, and Words the same for matching.
	Notes NoteWords
	Words Words
	// Actions are the custom actions that decide.
	Actions Actions
	// Acknowledged and Ended are what acknowledging and ending the object say; Undecided when nothing.
	Acknowledged, Ended bridge.Verdict
}

// Rules are the rules of these settings, with what ending the object means.
func (d Decisions) Rules(endMeans string) Rules {
	return Rules{
		Notes: d.Notes, Words: NewWords(d.Notes), Actions: d.Actions,
		Acknowledged: VerdictOf(d.Acknowledge), Ended: VerdictOf(endMeans),
	}
}

// ByNote reports whether notes decide.
func (r Rules) ByNote() bool { return len(r.Words) > 0 }

// ByAction reports whether custom actions decide.
func (r Rules) ByAction() bool { return r.Actions.Approve != "" || r.Actions.Deny != "" }

// ByStatus reports whether acknowledging or ending decides.
func (r Rules) ByStatus() bool {
	return r.Acknowledged != bridge.Undecided || r.Ended != bridge.Undecided
}

// Verdict is what the use of an action says, known by its name without regard to case, or by its id, which may be empty. An action that
// is both says nothing.
func (a Actions) Verdict(name, id string) bridge.Verdict {
	is := func(set string) bool {
		return set != "" && (strings.EqualFold(set, strings.TrimSpace(name)) || set == id)
	}
	approve, deny := is(a.Approve), is(a.Deny)
	switch {
	case approve && !deny:
		return bridge.Approve
	case deny && !approve:
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}

// ActionStatus is the status of evidence that an action is.
func ActionStatus(name string) string { return "action: " + name }
