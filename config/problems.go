package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in the file.
type Problem struct {
	File         string
	Line, Column int
	// Path is the field, such as integrations[0].config.url; empty for the file as a whole.
	Path string
	// Message says what is wrong.
	Message string
	// Mend says what to do about it; empty where the message says it already.
	Mend string
}

// String returns the problem on one line: config.yaml:12:5: integrations[0].config.url: what is wrong (how to mend it).
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Mend != "" {
		b.WriteString(" (" + p.Mend + ")")
	}
	return b.String()
}

// Error is every mistake in a file, sorted by position.
type Error []Problem

// Error returns one line for each problem.
func (e Error) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Problems collects the mistakes below one place of the file. Validate methods report to it with paths relative to that place.
type Problems struct {
	to     *report
	prefix string
}

// report is what all scopes of one file share.
type report struct {
	file      string
	offline   bool
	positions map[string]position
	// lines are those of the file. They hold secrets and are never shown.
	lines    [][]rune
	faults   []Problem
	warnings []Problem
	// malformed holds the paths at which decoding failed: what lies there was never seen, so nothing more is said about it.
	malformed map[string]bool
}

type position struct{ line, column int }

// NewProblems returns an empty collection that belongs to no file, for testing a Validate method by itself.
func NewProblems(name string, options ...Option) *Problems {
	o := collect(options)
	return &Problems{to: &report{file: name, offline: o.offline, malformed: map[string]bool{}}}
}

// At returns the scope of a field below this one, such as "webhook" or "table[2]".
func (p *Problems) At(path string) *Problems {
	return &Problems{to: p.to, prefix: join(p.prefix, path)}
}

// Add reports a mistake at a field: what is wrong as format and arguments, and how to mend it, which may be empty where the
// message says it. The path is relative, such as "webhook.secrets"; empty for the place itself. Never put a secret into either.
func (p *Problems) Add(path, mend, format string, args ...any) {
	full := join(p.prefix, path)
	if p.to.isMalformed(full) {
		return
	}
	p.to.faults = append(p.to.faults, p.to.problem(full, mend, fmt.Sprintf(format, args...)))
}

// Warn reports something that does not keep the bridge from starting.
func (p *Problems) Warn(path, mend, format string, args ...any) {
	full := join(p.prefix, path)
	p.to.warnings = append(p.to.warnings, p.to.problem(full, mend, fmt.Sprintf(format, args...)))
}

// Offline reports whether files and environment variables that the file refers to may be absent.
func (p *Problems) Offline() bool { return p.to.offline }

// Given reports whether the field is in the file, whatever its value, and could be read with all that is in it.
func (p *Problems) Given(path string) bool {
	full := join(p.prefix, path)
	_, given := p.to.positions[full]
	for unread := range p.to.malformed {
		given = given && !strings.HasPrefix(unread, full)
	}
	return given
}

// Line returns the line of a field in the file, or of the nearest place above it.
func (p *Problems) Line(path string) int { return p.to.locate(join(p.prefix, path)).line }

// Err returns every mistake found so far as an Error, or nil.
func (p *Problems) Err() error {
	if len(p.to.faults) == 0 {
		return nil
	}
	return Error(ordered(p.to.faults))
}

// plainLetters are those a key may have in a path without quotes.
const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// Key returns a map key as an element of a path: as it is, or in brackets and quotes where it would be ambiguous.
func Key(name string) string {
	plain := name != "" && strings.Trim(name, plainLetters) == ""
	if plain {
		return name
	}
	return fmt.Sprintf("[%q]", name)
}

func join(prefix, path string) string {
	if prefix == "" || path == "" || strings.HasPrefix(path, "[") {
		return prefix + path
	}
	return prefix + "." + path
}

// parent returns the path one element up.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		return path[:max(0, strings.LastIndex(path, `["`))]
	}
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

func (r *report) problem(path, mend, message string) Problem {
	at := r.locate(path)
	return Problem{File: r.file, Line: at.line, Column: at.column, Path: path, Message: message, Mend: mend}
}

// faultAt reports a mistake at a position that is known.
func (r *report) faultAt(at position, path, mend, message string) {
	r.faults = append(r.faults, Problem{File: r.file, Line: at.line, Column: at.column, Path: path, Message: message, Mend: mend})
}

// place returns where to show a mistake in a value: at the value, or at its key where there is nothing else to see.
func (r *report) place(n *node, path string) position {
	if n.scalar() {
		return n.at
	}
	return r.locate(path)
}

// locate returns the position of a field, or of the nearest place above it that is in the file.
func (r *report) locate(path string) position {
	for {
		if at, ok := r.positions[path]; ok {
			return at
		}
		if path == "" {
			return position{1, 1}
		}
		path = parent(path)
	}
}

func (r *report) isMalformed(path string) bool {
	for ; path != ""; path = parent(path) {
		if r.malformed[path] {
			return true
		}
	}
	return false
}

// ordered returns the problems by position, each once.
func ordered(problems []Problem) []Problem {
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return slices.Compact(sorted)
}
