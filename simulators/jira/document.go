package jira

import (
	"encoding/json"
	"strings"
)

// node is the part of the Atlassian Document Format that is needed to read and to write plain text
// (developer.atlassian.com/cloud/jira/platform/apis/document/structure).
type node struct {
	Type    string `json:"type"`
	Version int    `json:"version,omitempty"`
	Text    string `json:"text,omitempty"`
	Content []node `json:"content,omitempty"`
	Attrs   *attrs `json:"attrs,omitempty"`
}

type attrs struct {
	Text string `json:"text,omitempty"` // of mentions, emoji and statuses
	URL  string `json:"url,omitempty"`  // of cards
}

// richText is a description or a comment as sent: document is set when it came as an Atlassian document.
type richText struct {
	text     string
	document json.RawMessage
}

// parseRichText reads a rich text field: a document by API version 3, a string by version 2. JSON null is no text.
func parseRichText(raw json.RawMessage, v3 bool) (richText, string) {
	if len(raw) == 0 || string(raw) == "null" {
		return richText{}, ""
	}
	if !v3 {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return richText{}, "Operation value must be a string"
		}
		return checkLength(richText{text: text})
	}
	var doc node
	if err := json.Unmarshal(raw, &doc); err != nil || doc.Type != "doc" || doc.Version != 1 {
		return richText{}, "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
	}
	return checkLength(richText{text: doc.plain(), document: raw})
}

func checkLength(rt richText) (richText, string) {
	if len([]rune(rt.text)) > 32767 {
		return richText{}, "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
	}
	return rt, ""
}

// plain is the text of a document: blocks on lines of their own.
func (n node) plain() string {
	var b strings.Builder
	n.write(&b)
	return strings.TrimRight(b.String(), "\n")
}

func (n node) write(b *strings.Builder) {
	switch n.Type {
	case "text":
		b.WriteString(n.Text)
	case "hardBreak":
		b.WriteByte('\n')
	case "listItem":
		b.WriteString("* ")
	}
	if n.Attrs != nil {
		b.WriteString(n.Attrs.Text + n.Attrs.URL)
	}
	for _, child := range n.Content {
		child.write(b)
	}
	switch n.Type {
	case "paragraph", "heading", "codeBlock", "rule":
		b.WriteByte('\n')
	}
}

// toDocument is the Atlassian document that version 3 answers for plain text: one paragraph per line.
func toDocument(text string) node {
	doc := node{Type: "doc", Version: 1}
	for line := range strings.SplitSeq(text, "\n") {
		p := node{Type: "paragraph"}
		if line != "" {
			p.Content = []node{{Type: "text", Text: line}}
		}
		doc.Content = append(doc.Content, p)
	}
	return doc
}

// rich is a rich text field in the form of the API version; nil when there is no text.
func rich(text string, document json.RawMessage, v3 bool) any {
	switch {
	case !v3 && text == "":
		return nil
	case !v3:
		return text
	case document != nil:
		return document
	case text == "":
		return nil
	default:
		return toDocument(text)
	}
}
