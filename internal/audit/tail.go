package audit

import (
	"errors"
	"fmt"
	"io"
)

// tailFirst is how much of a file's end is looked at first, to find its last line. It has room for any two lines.
const tailFirst = 2*longestLine + 2

// tail is what an audit file ends with.
type tail struct {
	// last is the last line of the record; nil when the file has none.
	last *position
	// gap is what follows it.
	gap gap
	// ended is true when the file is empty or ends with a line break.
	ended bool
}

// tornAtEnd reports whether a gap at the end of a file is what a process left that died while writing.
func (g *gap) tornAtEnd() bool { return g.torn && !g.ended }

// readTail finds the last line of a file. Before is the position that its first line continues. Only the end of the file is read, unless
// there is no line in it.
func readTail(f io.ReaderAt, size int64, before position) (tail, error) {
	if from := size - tailFirst; from > 0 {
		end, err := scan(io.NewSectionReader(f, from, tailFirst), true, before)
		if err != nil || end.last != nil {
			return end, err
		}
	}
	return scan(io.NewSectionReader(f, 0, size), false, before)
}

// scan reads all lines, without the first one if it may be cut.
func scan(in io.Reader, cut bool, before position) (tail, error) {
	end, at := tail{ended: true}, before
	lines := newLineReader(in)
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return end, nil
		case err != nil:
			return end, fmt.Errorf("reading the end of the file: %w", err)
		case cut:
			cut = false
			continue
		case line.long:
			return end, fmt.Errorf("it has a line of more than %d bytes and is no audit file", longestLine)
		}
		end.ended = line.ended
		if l, err := line.parse(); err == nil {
			at = position{seq: l.Seq, hash: l.Hash}
			end.last, end.gap = &at, gap{}
			continue
		}
		end.gap.add(line, at.seq+1)
	}
}
