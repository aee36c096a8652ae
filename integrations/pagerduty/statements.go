package pagerduty

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// maxStated bounds the reason taken from a note, in characters; Teleport takes 4 KiB.
	maxStated = 1000
	// editSlack is how far the two times of a note that was never edited may lie apart.
	editSlack = 5 * time.Second
)

// agent is who did something: a person, or a program. PagerDuty leaves it out where it was neither. The same form names other objects.
type agent = *pd.APIObject

// note is a note of an incident.
type note struct {
	ID        string    `json:"id"`
	Content   string    `json:"content"`
	User      agent     `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// logEntry is one entry of an incident's log. The library's own type ends the program at a channel it does not know.
type logEntry struct {
	Type      string    `json:"type"`
	Agent     agent     `json:"agent"`
	Incident  agent     `json:"incident"`
	Note      string    `json:"note"`
	CreatedAt time.Time `json:"created_at"`
}

// invocation is one use of a custom incident action.
type invocation struct {
	ActionID string `json:"action_id"`
	Action   struct {
		Name string `json:"name"`
	} `json:"action_snapshot"`
	Timing []struct {
		At time.Time `json:"creation_time"`
	} `json:"timing"`
	Metadata struct {
		Agent    agent `json:"agent"`
		Incident agent `json:"incident"`
	} `json:"metadata"`
}

// statement is something said at an incident that may decide.
type statement struct {
	status  string
	verdict bridge.Verdict
	by      agent
	at      time.Time
	reason  string
	// edited is true for a note that was changed after it was written; who changed it is not told.
	edited bool
}

// statements reads what was said at an incident that may decide, earliest first.
func (p *PagerDuty) statements(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	d := p.set.Decisions
	var out []statement
	if len(p.words) > 0 {
		notes, err := p.notes(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, p.inNotes(notes)...)
	}
	if d.Actions.Approve != "" || d.Actions.Deny != "" {
		used, err := p.invocations(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, used...)
	}
	if decides(d.Acknowledge) || decides(d.Resolve) {
		logged, err := p.inLog(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, logged...)
	}
	slices.SortStableFunc(out, func(a, b statement) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.status, b.status), cmp.Compare(a.reason, b.reason))
	})
	return out, nil
}

func (p *PagerDuty) inNotes(notes []note) []statement {
	var out []statement
	for _, n := range notes {
		w, reason, ok := match(p.words, n.Content)
		if !ok {
			continue
		}
		out = append(out, statement{
			status: "note: " + w.text, verdict: w.verdict, by: n.User, at: n.CreatedAt, reason: reason,
			edited: n.UpdatedAt.Sub(n.CreatedAt) > editSlack,
		})
	}
	return out
}

// invocations reads the uses of the actions that decide. They are not in the incident's log.
func (p *PagerDuty) invocations(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	if !objectID.MatchString(ref.ID) {
		return nil, bridge.Terminal(fmt.Errorf("pagerduty: %q is not the id of an incident", ref.ID))
	}
	var answer struct {
		Invocations []invocation `json:"invocations"`
	}
	query := url.Values{"incident_id": {ref.ID}}
	if err := p.call(ctx, http.MethodGet, "/automation_actions/invocations", query, nil, &answer); err != nil {
		return nil, p.gone(ctx, ref, err)
	}
	if answer.Invocations == nil {
		return nil, errOther
	}
	var out []statement
	for _, i := range answer.Invocations {
		verdict := p.set.Decisions.Actions.verdict(i)
		if verdict == bridge.Undecided || i.Metadata.Incident == nil || i.Metadata.Incident.ID != ref.ID {
			continue
		}
		out = append(out, statement{status: "action: " + or(i.Action.Name, i.ActionID), verdict: verdict, by: i.Metadata.Agent, at: i.begun()})
	}
	return out, nil
}

// begun is when the action was used.
func (i invocation) begun() time.Time {
	var first time.Time
	for _, t := range i.Timing {
		if first.IsZero() || t.At.Before(first) {
			first = t.At
		}
	}
	return first
}

func (a Actions) verdict(i invocation) bridge.Verdict {
	is := func(name string) bool {
		return name != "" && (strings.EqualFold(name, strings.TrimSpace(i.Action.Name)) || name == i.ActionID)
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

// inLog reads who acknowledged or resolved the incident, where that decides.
func (p *PagerDuty) inLog(ctx context.Context, ref bridge.Ref) ([]statement, error) {
	path, err := incidentPath(ref, "log_entries")
	if err != nil {
		return nil, err
	}
	var out []statement
	for e, err := range list[logEntry](ctx, p, path, "log_entries", url.Values{}) {
		if err != nil {
			return nil, p.gone(ctx, ref, err)
		}
		verdict := p.statusVerdict(e)
		if verdict == bridge.Undecided {
			continue
		}
		status := acknowledged
		if e.Type == "resolve_log_entry" {
			status = resolved
		}
		out = append(out, statement{
			status: status, verdict: verdict, by: e.Agent, at: e.CreatedAt, reason: cut(strings.TrimSpace(clean(e.Note)), maxStated),
		})
	}
	return out, nil
}

// statusVerdict is what a change of status means.
func (p *PagerDuty) statusVerdict(e logEntry) bridge.Verdict {
	switch e.Type {
	case "acknowledge_log_entry", "acknowledgement_log_entry": // PagerDuty's description has both
		return verdictOf(p.set.Decisions.Acknowledge)
	case "resolve_log_entry":
		return verdictOf(p.set.Decisions.Resolve)
	default:
		return bridge.Undecided
	}
}

func verdictOf(meaning string) bridge.Verdict {
	switch meaning {
	case meansApprove:
		return bridge.Approve
	case meansDeny:
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}

// word is a word at the beginning of a note that decides.
type word struct {
	text    string
	verdict bridge.Verdict
}

// newWords are the configured words, longer ones first, so that "approve" does not take a note that begins with "approve not".
func newWords(n NoteWords) []word {
	var out []word
	for _, text := range n.Approve {
		out = append(out, word{text, bridge.Approve})
	}
	for _, text := range n.Deny {
		out = append(out, word{text, bridge.Deny})
	}
	slices.SortStableFunc(out, func(a, b word) int {
		return cmp.Compare(utf8.RuneCountInString(b.text), utf8.RuneCountInString(a.text))
	})
	return out
}

// match returns the word that a note begins with and what follows it: nothing, or a reason after a colon or a space.
func match(words []word, content string) (word, string, bool) {
	text := []rune(strings.TrimSpace(clean(content)))
	for _, w := range words {
		n := utf8.RuneCountInString(w.text)
		if len(text) < n || !strings.EqualFold(string(text[:n]), w.text) {
			continue
		}
		if len(text) > n && text[n] != ':' && !unicode.IsSpace(text[n]) {
			continue
		}
		reason := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(text[n:])), ":"))
		return w, cut(reason, maxStated), true
	}
	return word{}, "", false
}
