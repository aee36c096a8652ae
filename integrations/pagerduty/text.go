package pagerduty

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// maxTitle and maxText bound a title, and a body or note, in characters. PagerDuty's description names no limit; its web application
	// takes these.
	maxTitle = 1024
	maxText  = 25_000
	// maxListed is how many roles or resources a body lists, maxReason how much of a reason it shows.
	maxListed = 50
	maxReason = 8_000
)

// title says who asks for what, on one line.
func title(r bridge.Request) string {
	what := strings.Join(bridge.Shorten(10, r.Roles), ", ")
	if n := len(r.Resources); n > 0 {
		what = fmt.Sprintf("%s (%s)", bridge.Count(n, "resource"), strings.Join(bridge.Shorten(3, resourceNames(r.Resources)), ", "))
	}
	return cut(oneLine(fmt.Sprintf("Access request: %s asks for %s", r.User, or(what, "access"))), maxTitle)
}

// body is the full view of a request as plain text.
func (p *PagerDuty) body(d bridge.Draft) string {
	r := d.Request
	var b strings.Builder
	line := func(label, value string) {
		if value = oneLine(value); value != "" {
			b.WriteString(label + ": " + value + "\n")
		}
	}
	line("Requester", r.User)
	line("Cluster", r.Cluster)
	line("Roles", strings.Join(bridge.Shorten(maxListed, r.Roles), ", "))
	line("Resources", strings.Join(bridge.Shorten(maxListed, resourceNames(r.Resources)), ", "))
	if r.MaxDuration > 0 {
		line("Duration", bridge.FormatDuration(r.MaxDuration))
	}
	line("Access from", bridge.FormatTime(r.AccessFrom))
	line("Access until", bridge.FormatTime(r.AccessUntil))
	line("To be decided before", bridge.FormatTime(r.PendingUntil))
	line("Needed", bridge.FormatThresholds(r.Thresholds))
	line("Suggested reviewers", strings.Join(bridge.Shorten(maxListed, r.SuggestedReviewers), ", "))
	line("Request", r.ID)
	line("Open in Teleport", d.WebURL)
	if reason := strings.TrimSpace(clean(r.Reason)); reason != "" {
		b.WriteString("\nReason:\n" + cut(reason, maxReason) + "\n")
	}
	if how := p.howToDecide(); how != "" {
		b.WriteString("\n" + how + "\n")
	}
	return cut(b.String(), maxText)
}

// howToDecide tells people what to do at the incident.
func (p *PagerDuty) howToDecide() string {
	d := p.set.Decisions
	var ways []string
	if words := quoted(slices.Concat(d.Notes.Approve, d.Notes.Deny)); len(words) > 0 {
		ways = append(ways, "add a note that begins with "+strings.Join(words, " or ")+", then a colon and the reason")
	}
	var names []string
	for _, name := range []string{d.Actions.Approve, d.Actions.Deny} {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		ways = append(ways, "run the action "+strings.Join(quoted(names), " or "))
	}
	for _, status := range []struct{ verb, means string }{{"acknowledge", d.Acknowledge}, {"resolve", d.Resolve}} {
		if decides(status.means) {
			ways = append(ways, status.verb+" the incident to "+status.means)
		}
	}
	if len(ways) == 0 {
		return "Decide this request in Teleport."
	}
	text := "To decide, " + strings.Join(ways, ", or ") + "."
	if p.set.DecideBy == DecideOnCall {
		text += " Only people who are on call for this service may decide."
	}
	return text
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = `"` + w + `"`
	}
	return out
}

// clean drops control characters other than line ends and tabs.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// oneLine joins the lines of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// cut shortens text to at most n characters, never inside one.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// resourceNames names resources as people know them, with the kind: "node db-1".
func resourceNames(list []bridge.Resource) []string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Label()
	}
	return names
}

func or(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	return text
}
