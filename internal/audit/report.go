package audit

import (
	"fmt"
	"io"
	"time"
)

// Report is what a verification found.
type Report struct {
	// OK is true when there are no faults.
	OK    bool     `json:"ok"`
	Files []string `json:"files"`
	// Lines counts all lines of the record, Entries the decisions and refusals among them.
	Lines   int `json:"lines"`
	Entries int `json:"entries"`
	// Chains is 1, or the number of processes whose lines were collected.
	Chains int `json:"chains"`
	// FirstSeq and LastSeq are the numbers of the first and the last line, Head is the hash of the last. Of several chains there is none.
	FirstSeq  uint64    `json:"first_seq,omitempty"`
	LastSeq   uint64    `json:"last_seq,omitempty"`
	Head      string    `json:"head,omitempty"`
	FirstTime time.Time `json:"first_time,omitzero"`
	LastTime  time.Time `json:"last_time,omitzero"`
	// Missed counts entries that are in the log of the bridge and not in the record.
	Missed uint64 `json:"missed"`
	// Passed counts lines that are not of the record, where such are allowed.
	Passed int `json:"passed_over,omitempty"`
	// Notes are no faults, but worth knowing.
	Notes  []Finding `json:"notes"`
	Faults []Finding `json:"faults"`
	// More counts the faults beyond those listed.
	More int `json:"more_faults,omitempty"`
}

// Finding is one thing found at a line of a file.
type Finding struct {
	File string `json:"file,omitempty"`
	// Line counts from 1; zero when no line is meant.
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
}

// String writes the finding as file:line: text.
func (f Finding) String() string {
	switch {
	case f.File == "":
		return f.Text
	case f.Line == 0:
		return f.File + ": " + f.Text
	default:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
	}
}

// mostFindings bounds the faults, and the notes, that are listed.
const mostFindings = 100

func (r *Report) fault(file string, line int, format string, args ...any) {
	if len(r.Faults) == mostFindings {
		r.More++
		return
	}
	r.Faults = append(r.Faults, Finding{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (r *Report) note(file string, line int, format string, args ...any) {
	if len(r.Notes) < mostFindings {
		r.Notes = append(r.Notes, Finding{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
	}
}

// take counts a line.
func (r *Report) take(l Line) {
	if r.Lines == 0 {
		r.FirstSeq, r.FirstTime = l.Seq, l.Time
	}
	r.Lines++
	if l.Kind == KindEntry {
		r.Entries++
	}
	r.LastSeq, r.Head, r.LastTime = l.Seq, l.Hash, l.Time
	r.Missed += l.Missed
}

// Write prints the report for people.
func (r *Report) Write(out io.Writer) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	for _, n := range r.Notes {
		say("note: %s", n)
	}
	for _, f := range r.Faults {
		say("FAULT: %s", f)
	}
	if r.More > 0 {
		say("FAULT: and %d more", r.More)
	}
	if r.OK {
		say("the record is whole: %d lines with %d decisions and refusals", r.Lines, r.Entries)
	} else {
		say("the record is NOT whole: %d lines with %d decisions and refusals were read", r.Lines, r.Entries)
	}
	if r.Lines == 0 {
		return
	}
	say("from %s to %s", r.FirstTime.Format(time.RFC3339), r.LastTime.Format(time.RFC3339))
	if r.Chains == 1 {
		say("lines %d to %d of the chain, head %s", r.FirstSeq, r.LastSeq, r.Head)
	} else {
		say("%d chains", r.Chains)
	}
	if r.Missed > 0 {
		say("%d entries were not taken by the output; they are in the log of the bridge", r.Missed)
	}
	if r.Passed > 0 {
		say("%d other lines were passed over", r.Passed)
	}
}
