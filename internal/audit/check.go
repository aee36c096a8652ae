package audit

import (
	"errors"
	"maps"
	"slices"
)

// chainCheck follows one chain through the files that an instance wrote one after the other.
type chainCheck struct {
	v     *verification
	at    position
	begun bool
	// gap holds what stands since the last line and is none; held says what is wrong with each of its lines if nothing explains them.
	gap  gap
	held []Finding
	// from is the line number the gap begins at, lines the number of lines of the file so far.
	from, lines int
	// cut is true while the last line has no line break.
	cut bool
}

func (c *chainCheck) line(file string, number int, raw rawLine) {
	c.lines, c.cut = number, !raw.ended
	l, err := raw.parse()
	if err == nil {
		c.explain(file, number, l)
		c.follow(file, number, l)
		return
	}
	if c.gap.empty() {
		c.from = number
	}
	c.gap.add(raw, c.at.seq+1)
	if len(c.held) <= mostFindings {
		c.held = append(c.held, Finding{file, number, err.Error()})
	}
}

// explain judges what stands before a line and is no line of the record.
func (c *chainCheck) explain(file string, number int, l Line) {
	g, r := &c.gap, c.v.report
	cut := l.Torn != nil && g.torn && *l.Torn == Torn{g.bytes, g.hash()}
	older := !c.begun && l.Seq == 1 && l.Torn == nil && g.bytes > 0 && l.Prev == g.hash()
	switch {
	case g.empty() && l.Torn != nil:
		r.fault(file, number, "an unfinished line that this line names was removed")
	case g.empty():
	case cut:
		r.note(file, c.from, "torn line, left by a process that died or ran out of space while writing it; the chain continues")
	case older:
		r.note(file, c.from, "%d lines are older than the chain; its first line covers them", g.lines)
		c.at.hash = l.Prev
	default:
		c.giveUp()
	}
	c.gap, c.held = gap{}, nil
}

// giveUp reports the held lines.
func (c *chainCheck) giveUp() {
	for _, f := range c.held {
		c.v.report.fault(f.File, f.Line, "%s", f.Text)
	}
	c.v.report.More += c.gap.lines - len(c.held)
}

// follow checks that a line continues the chain. After a fault the chain is followed from that line on.
func (c *chainCheck) follow(file string, number int, l Line) {
	r := c.v.report
	switch {
	case !c.begun && l.Seq > 1 && l.Kind == KindRotation:
		r.note(file, number, "the record begins with line %d of the chain and continues a file that was not given, whose last line has the hash %s", l.Seq, l.Prev)
	case l.Seq > c.at.seq+2:
		r.fault(file, number, "lines %d to %d of the chain are missing before this one", c.at.seq+1, l.Seq-1)
	case l.Seq == c.at.seq+2:
		r.fault(file, number, "line %d of the chain is missing before this one", c.at.seq+1)
	case l.Seq <= c.at.seq:
		r.fault(file, number, "line %d of the chain stands after line %d: it was repeated, moved or put in", l.Seq, c.at.seq)
	case l.Prev != c.at.hash && c.at.seq == 0:
		r.fault(file, number, "the chain does not begin here: what stood before its first line was changed or removed")
	case l.Prev != c.at.hash:
		r.fault(file, number, "the line does not continue the one before it: one of them was replaced")
	}
	c.at, c.begun = position{seq: l.Seq, hash: l.Hash}, true
	c.v.take(file, number, l)
}

func (c *chainCheck) end(file string, last bool) {
	switch {
	case c.gap.empty() && c.cut && !last:
		c.v.report.fault(file, c.lines, "the line break at the end was removed")
	case c.gap.empty():
	case last && c.gap.tornAtEnd():
		c.v.report.note(file, c.from, "torn line at the end, left by a process that died while writing it, or is writing it just now")
	default:
		c.giveUp()
	}
	c.gap, c.held, c.cut = gap{}, nil, false
}

func (c *chainCheck) chains() int { return 1 }

// collectedCheck follows the chains of several processes whose lines were collected from their standard output.
type collectedCheck struct {
	v *verification
	// at is where each instance is.
	at map[string]position
}

func (c *collectedCheck) line(file string, number int, raw rawLine) {
	r := c.v.report
	l, err := raw.parse()
	switch {
	case errors.Is(err, errNotALine):
		r.Passed++
		return
	case err != nil:
		r.fault(file, number, "%s", err)
		return
	}
	at, begun := c.at[l.Instance]
	if !begun {
		at = origin()
	}
	switch {
	case l.Seq > at.seq+1:
		r.fault(file, number, "lines %d to %d of instance %s are missing before this one", at.seq+1, l.Seq-1, l.Instance)
	case l.Seq <= at.seq:
		r.fault(file, number, "line %d of instance %s stands after its line %d: it was repeated, moved or put in", l.Seq, l.Instance, at.seq)
	case l.Prev != at.hash:
		r.fault(file, number, "the line does not continue the one before it of instance %s: one of them was replaced", l.Instance)
	}
	c.at[l.Instance] = position{seq: l.Seq, hash: l.Hash}
	c.v.take(file, number, l)
}

func (c *collectedCheck) end(file string, last bool) {
	if !last {
		return
	}
	for _, instance := range slices.Sorted(maps.Keys(c.at)) {
		c.v.report.note(file, 0, "instance %s: %d lines, head %s", instance, c.at[instance].seq, c.at[instance].hash)
	}
}

func (c *collectedCheck) chains() int { return max(len(c.at), 1) }
