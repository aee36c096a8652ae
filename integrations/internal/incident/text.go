package incident

import (
	"strings"
	"unicode"
)

// Clean drops control characters other than line ends and tabs, and makes the text valid UTF-8 with line ends of one character.
func Clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// OneLine is a clean text with its lines joined, and one space where there was white space.
func OneLine(text string) string { return strings.Join(strings.Fields(Clean(text)), " ") }

// Cut shortens text to at most n characters, never inside one; n is at least 1.
func Cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// Quoted puts each of some words in quotation marks.
func Quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = `"` + w + `"`
	}
	return out
}

// longestName is how much an error shows of an object's name, which comes from the vendor.
const longestName = 500

// Named is what an error calls an object: by its key, or else by its id.
func Named(key, id string) string { return Cut(Or(key, id), longestName) }

// Or is the text, or otherwise where the text is empty but for white space.
func Or(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	return text
}
