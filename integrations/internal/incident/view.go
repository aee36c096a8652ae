package incident

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Form is how a vendor calls things, and how much text it takes.
type Form struct {
	// Object is what a request becomes: incident or alert. End is what people do at its end: resolve or close.
	Object, End string
	// Team is what people are on call for: service or team.
	Team string
	// MaxTitle and MaxText bound a title, and a body or note, in characters.
	MaxTitle, MaxText int
}

// Title says who asks for what, on one line, in the built-in words.
func (f Form) Title(r bridge.Request) string {
	title, _, _ := f.Write(Texts{}, bridge.Draft{Request: r}, "")
	return title
}

// Body is the full view of a request as plain text, with how to decide at its end, in the built-in words.
func (f Form) Body(d bridge.Draft, howToDecide string) string {
	_, body, _ := f.Write(Texts{}, d, howToDecide)
	return body
}

// HowToDecide tells people what to do at the object. decideBy is DecideOnCall or DecideAnyone.
func (f Form) HowToDecide(r Rules, decideBy string) string {
	var ways []string
	if words := Quoted(slices.Concat(r.Notes.Approve, r.Notes.Deny)); len(words) > 0 {
		ways = append(ways, "add a note that begins with "+strings.Join(words, " or ")+", then a colon and the reason")
	}
	var names []string
	for _, name := range []string{r.Actions.Approve, r.Actions.Deny} {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		ways = append(ways, "run the action "+strings.Join(Quoted(names), " or "))
	}
	for _, status := range []struct {
		verb string
		says bridge.Verdict
	}{{"acknowledge", r.Acknowledged}, {f.End, r.Ended}} {
		if status.says != bridge.Undecided {
			ways = append(ways, status.verb+" the "+f.Object+" to "+string(status.says))
		}
	}
	if len(ways) == 0 {
		return "Decide this request in Teleport."
	}
	text := "To decide, " + strings.Join(ways, ", or ") + "."
	if decideBy == DecideOnCall {
		text += " Only people who are on call for this " + f.Team + " may decide."
	}
	return text
}

// Barred says why somebody who is not on call may not decide; name is that of the service or team.
func (f Form) Barred(name string, who bridge.Actor) string {
	return fmt.Sprintf("only people who are on call for the %s %q may decide here, and %s is not. Somebody on call has to.", f.Team, name, who)
}

// NoteText is a note as it is written at the object; empty for one that says nothing.
func (f Form) NoteText(n bridge.Note) string { return strings.TrimSpace(Cut(Clean(n.Text), f.MaxText)) }
