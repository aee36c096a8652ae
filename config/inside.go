package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// AddInside is Add for a mistake inside the text of a field, such as an expression: at a line and a column of it, which count from 1; a column
// of 0 stands for the whole line. Where the place in the file cannot be told it is that of the field, and the message begins with the place
// inside the text.
func (p *Problems) AddInside(path, text string, line, column int, mend, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	full := join(p.prefix, path)
	if p.to.isMalformed(full) {
		return
	}
	if at, ok := p.to.inside(full, text, line, column); ok {
		p.to.faultAt(at, full, mend, message)
		return
	}
	p.Add(path, mend, "%d:%d: %s", line, max(column, 1), message)
}

// inside returns where in the file a place inside the text of a field is.
func (r *report) inside(path, text string, line, column int) (position, bool) {
	field, known := r.positions[path]
	if !known || line < 1 {
		return position{}, false
	}
	source := &cursor{lines: r.lines, at: field}
	source.open()
	value, last := []rune(text), offset(text, line, column)
	for i := 0; i < len(value) && i <= last; i++ {
		if unicode.IsSpace(value[i]) {
			continue
		}
		if !source.find(value[i]) {
			return position{}, false
		}
		if i == last {
			return source.at, true
		}
		source.at.column++
	}
	// Between words, and behind the last one, the next place in the file does.
	return source.at, true
}

// offset is which character of the text a place in it is.
func offset(text string, line, column int) int {
	lines := strings.SplitAfter(text, "\n")
	before := 0
	for _, l := range lines[:min(line-1, len(lines)-1)] {
		before += len([]rune(l))
	}
	if column == 0 {
		own := []rune(lines[min(line, len(lines))-1])
		column = max(0, slices.IndexFunc(own, func(r rune) bool { return !unicode.IsSpace(r) })) + 1
	}
	return before + column - 1
}

// cursor is a place in the file while a text is followed through it.
type cursor struct {
	lines [][]rune
	at    position
}

// mostSkipped is how many characters of the file one of the text may leave out: a quote or what stands for a special character.
const mostSkipped = 2

// open goes to where a text begins, behind its quote, or below the sign of a block.
func (c *cursor) open() {
	switch r, _ := c.rune(); r {
	case '|', '>':
		c.at = position{c.at.line + 1, 1}
	case '"', '\'':
		c.at.column++
	}
}

// rune returns the character at the cursor; false at the end of the file. The end of a line counts as a space.
func (c *cursor) rune() (rune, bool) {
	if c.at.line < 1 || c.at.line > len(c.lines) {
		return 0, false
	}
	line := c.lines[c.at.line-1]
	if c.at.column > len(line) {
		return ' ', true
	}
	return line[c.at.column-1], true
}

// find goes to the next place where the character stands. Space is passed over, and little else: false when it is not there.
func (c *cursor) find(wanted rune) bool {
	for skipped := 0; skipped <= mostSkipped; {
		r, ok := c.rune()
		switch {
		case !ok:
			return false
		case r == wanted:
			return true
		case c.at.column > len(c.lines[c.at.line-1]):
			c.at = position{c.at.line + 1, 1}
			continue
		case !unicode.IsSpace(r):
			skipped++
		}
		c.at.column++
	}
	return false
}
