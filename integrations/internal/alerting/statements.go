package alerting

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// sameMoment is how far the times of what was done at once may lie apart.
const sameMoment = 2 * time.Second

// statement is something said at an alert that may decide.
type statement struct {
	status  string
	verdict bridge.Verdict
	owner   string
	at      time.Time
	reason  string
	edited  bool
	// note is the whole note that the statement is, if it is one.
	note string
	// automated is true where the log says that a program did it, whatever it called itself.
	automated bool
}

// statements reads what was said at an alert that may decide, earliest first. The log tells of actions and changes of status, and by which
// way a note came in.
func (t *Tracker) statements(ctx context.Context, h Handle) ([]statement, error) {
	var notes []Note
	var err error
	if t.rules.ByNote() {
		if notes, err = t.api.Notes(ctx, h); err != nil {
			return nil, t.gone(ctx, h.Alias, err)
		}
	}
	out := t.inNotes(notes)
	if len(out) == 0 && !t.rules.ByAction() && !t.rules.ByStatus() {
		return nil, nil
	}
	log, err := t.api.Logs(ctx, h)
	if err != nil {
		return nil, t.gone(ctx, h.Alias, err)
	}
	for i := range out {
		out[i].automated = writtenByProgram(out[i], log)
	}
	out = append(out, t.inLog(log, notes)...)
	slices.SortStableFunc(out, func(a, b statement) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.status, b.status), cmp.Compare(a.reason, b.reason))
	})
	return out, nil
}

func (t *Tracker) inNotes(notes []Note) []statement {
	var out []statement
	for _, n := range notes {
		if w, reason, ok := t.rules.Words.Match(n.Text); ok {
			out = append(out, statement{
				status: w.Status(), verdict: w.Verdict, owner: n.Owner, at: n.At, reason: reason, edited: n.Edited, note: n.Text,
			})
		}
	}
	return out
}

// writtenByProgram reports whether the log says that a note came in by the API or an integration: those name its owner as they like.
func writtenByProgram(said statement, log []Entry) bool {
	text := incident.OneLine(said.note)
	return slices.ContainsFunc(log, func(e Entry) bool {
		before, after, found := strings.Cut(incident.OneLine(e.Text), text)
		return found && e.Owner == said.owner && byProgram(before+after)
	})
}

func (t *Tracker) inLog(log []Entry, notes []Note) []statement {
	var out []statement
	for _, e := range log {
		status, verdict := t.meaning(incident.OneLine(e.Text))
		if verdict != bridge.Undecided {
			out = append(out, statement{
				status: status, verdict: verdict, owner: e.Owner, at: e.At, reason: reasonBeside(e, notes), automated: byProgram(e.Text),
			})
		}
	}
	return out
}

// reasonBeside is the note that was given with an action or a change of status: by the same owner, at the same time, the nearest.
func reasonBeside(e Entry, notes []Note) string {
	reason, least := "", sameMoment
	for _, n := range notes {
		if apart := n.At.Sub(e.At).Abs(); n.Owner == e.Owner && apart <= least {
			reason, least = incident.Reason(n.Text), apart
		}
	}
	return reason
}

// What the log says is text for people, of which the products describe only that of acknowledging: "Alert acknowledged via web". So several
// forms are taken, each from the beginning of the entry: what follows may be anybody's words.
var (
	acknowledging = regexp.MustCompile(`(?i)^(the )?alert (was |is )?acknowledged\b|^acknowledged\b`)
	closing       = regexp.MustCompile(`(?i)^(the )?alert (was |is )?closed\b|^closed\b`)
	acting        = regexp.MustCompile(`(?i)^(?:` +
		`(?:executed|ran|performed|invoked|triggered) (?:the )?(?:custom )?(?:alert )?action:? (?P<a>\S.*)` +
		`|(?:executed|ran|performed|invoked|triggered) (?P<b>["'\[]?.+?["'\]]?) (?:custom )?action\b.*` +
		`|(?:the )?(?:custom )?(?:alert )?action:? (?P<c>.+?) (?:was |is |has been )?(?:executed|performed|invoked|triggered|run)\b.*)$`)
	programs = regexp.MustCompile(`(?i)\bvia \[?(?:(?:rest )?api|integration)\b`)
)

func byProgram(text string) bool { return programs.MatchString(text) }

// meaning is what an entry of the log says under the settings.
func (t *Tracker) meaning(text string) (status string, verdict bridge.Verdict) {
	switch {
	case acknowledging.MatchString(text):
		return "acknowledged", t.rules.Acknowledged
	case closing.MatchString(text):
		return "closed", t.rules.Ended
	}
	for _, part := range acting.FindStringSubmatch(text) { // the first is the whole entry, which is no name
		if name, verdict := t.action(part); verdict != bridge.Undecided {
			return incident.ActionStatus(name), verdict
		}
	}
	return "", bridge.Undecided
}

// action is the configured action that a part of an entry names: the whole of it, or what is in quotation marks or brackets at its beginning,
// or what stands before the way it was done.
func (t *Tracker) action(part string) (string, bridge.Verdict) {
	part = strings.TrimSpace(part)
	name := part
	if part != "" {
		if end := strings.IndexByte(`["'`, part[0]); end >= 0 {
			if i := strings.IndexByte(part[1:], `]"'`[end]); i >= 0 {
				name = part[1 : 1+i]
			}
		} else if before, _, found := strings.Cut(part, " via "); found {
			name = before
		}
	}
	name = strings.TrimRight(strings.TrimSpace(name), ".")
	return name, t.rules.Actions.Verdict(name, "")
}
