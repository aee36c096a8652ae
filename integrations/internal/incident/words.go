package incident

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
)

// MaxReason bounds the reason taken from what a person wrote, in characters; Teleport takes 4 KiB.
const MaxReason = 1000

// Word is a word at the beginning of a note that decides.
type Word struct {
	Text    string
	Verdict bridge.Verdict
}

// Status is the status of evidence that a note with this word is.
func (w Word) Status() string { return "note: " + w.Text }

// Words are the words that decide, longer ones first, so that "approve" does not take a note that begins with "approve not".
type Words []Word

// NewWords are the configured words.
func NewWords(n NoteWords) Words {
	var out Words
	for _, text := range n.Approve {
		out = append(out, Word{text, bridge.Approve})
	}
	for _, text := range n.Deny {
		out = append(out, Word{text, bridge.Deny})
	}
	slices.SortStableFunc(out, func(a, b Word) int {
		return cmp.Compare(utf8.RuneCountInString(b.Text), utf8.RuneCountInString(a.Text))
	})
	return out
}

// Match returns the word that a note begins with, and what follows it: nothing, or a reason after a colon or a space, cut to MaxReason.
func (words Words) Match(content string) (w Word, reason string, ok bool) {
	text := []rune(strings.TrimSpace(Clean(content)))
	for _, w := range words {
		n := utf8.RuneCountInString(w.Text)
		if len(text) < n || !strings.EqualFold(string(text[:n]), w.Text) {
			continue
		}
		if len(text) > n && text[n] != ':' && !unicode.IsSpace(text[n]) {
			continue
		}
		reason := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(text[n:])), ":"))
		return w, Cut(reason, MaxReason), true
	}
	return Word{}, "", false
}

// Reason is what a person wrote beside a decision, as evidence has it: without control characters and space around it, cut to MaxReason.
func Reason(text string) string { return Cut(strings.TrimSpace(Clean(text)), MaxReason) }
