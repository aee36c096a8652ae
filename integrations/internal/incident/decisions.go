package incident

import (
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
)

// Who may decide at an object, the values of the setting decide_by.
const (
	// DecideOnCall lets only people decide who are on call for the object's service or team.
	DecideOnCall = "on_call"
	// DecideAnyone lets everybody decide whom the route allows.
	DecideAnyone = "anyone"
)

// What a change of status may mean.
const (
	MeansNothing = "none"
	MeansApprove = "approve"
	MeansDeny    = "deny"
)

// Decisions are the settings of what people do at an object to approve or deny. An integration embeds them inline and adds what ending
// the object means, under the vendor's own word for it.
type Decisions struct {
	Notes       NoteWords `yaml:"notes" jsonschema_description:"Words a note begins with."`
	Actions     Actions   `yaml:"actions" jsonschema_description:"Custom actions."`
	Acknowledge string    `yaml:"acknowledge" jsonschema:"enum=none,enum=approve,enum=deny" jsonschema_description:"What acknowledging means: none, approve or deny. Default none."`
}

// NoteWords are the words at the beginning of a note that decide. The note ends after the word, or goes on with a colon or a space
// and the reason. They are compared without regard to case.
type NoteWords struct {
	Approve []string `yaml:"approve" jsonschema_description:"Words that approve. Default [approve]; [] for none."`
	Deny    []string `yaml:"deny" jsonschema_description:"Words that deny. Default [deny]; [] for none."`
}

// Actions are the names of custom actions that decide.
type Actions struct {
	Approve string `yaml:"approve" jsonschema_description:"Name of the action that approves."`
	Deny    string `yaml:"deny" jsonschema_description:"Name of the action that denies."`
}

// DefaultDecisions are notes that begin with "approve" or "deny", and nothing else.
func DefaultDecisions() Decisions {
	return Decisions{Notes: NoteWords{Approve: []string{"approve"}, Deny: []string{"deny"}}, Acknowledge: MeansNothing}
}

// Ending is what ending an object means, and the key it is set by: resolve or close.
type Ending struct {
	Key, Means string
}

// Check reports every fault of the settings. p stands at them; object is the vendor's word, such as incident.
func (d Decisions) Check(p *config.Problems, object string, end Ending) {
	p.OneOf("acknowledge", d.Acknowledge, MeansNothing, MeansApprove, MeansDeny)
	p.OneOf(end.Key, end.Means, MeansNothing, MeansApprove, MeansDeny)
	d.Notes.check(p)
	if d.Actions.Approve != "" && strings.EqualFold(d.Actions.Approve, d.Actions.Deny) {
		p.Add("actions.deny", "use two actions", "is the same action as actions.approve")
	}
	if r := d.Rules(end.Means); !r.ByNote() && !r.ByAction() && !r.ByStatus() {
		p.Warn("", "add notes or actions", "nobody can decide at an %s", object)
	}
}

func (n NoteWords) check(p *config.Problems) {
	for path, words := range map[string][]string{"notes.approve": n.Approve, "notes.deny": n.Deny} {
		for i, word := range words {
			if strings.TrimSpace(word) == "" || word != strings.TrimSpace(word) {
				p.Add(path+"["+strconv.Itoa(i)+"]", "write the word without space around it", "%q is not a word", word)
			}
		}
	}
	for _, word := range n.Deny {
		if slices.ContainsFunc(n.Approve, func(s string) bool { return strings.EqualFold(s, word) }) {
			p.Add("notes.deny", "give each meaning its own words", "%q is also in notes.approve", word)
		}
	}
}

// VerdictOf is the verdict that a meaning stands for; Undecided for MeansNothing and everything else.
func VerdictOf(meaning string) bridge.Verdict {
	switch meaning {
	case MeansApprove:
		return bridge.Approve
	case MeansDeny:
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}
