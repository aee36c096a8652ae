package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// lineReader reads lines of bounded length.
type lineReader struct {
	in *bufio.Reader
}

func newLineReader(in io.Reader) *lineReader { return &lineReader{in: bufio.NewReaderSize(in, 64<<10)} }

// rawLine is one line as it stands in the file.
type rawLine struct {
	// text is the line without its line break; of a line that is too long only the beginning.
	text []byte
	// ended is true when a line break follows.
	ended bool
	// long is true for a line longer than any audit line.
	long bool
}

// parse reads an audit line.
func (l rawLine) parse() (Line, error) {
	if l.long {
		return Line{}, errNotALine
	}
	return parse(l.text)
}

// next returns io.EOF after the last line. The text is valid until the next call.
func (r *lineReader) next() (rawLine, error) {
	var line rawLine
	for {
		part, err := r.in.ReadSlice('\n')
		if room := longestLine + 1 - len(line.text); len(part) > room {
			line.long, part = true, part[:room]
		}
		line.text = append(line.text, part...)
		switch {
		case err == nil:
			line.ended = true
			if !line.long {
				line.text = line.text[:len(line.text)-1]
			}
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line.text) > 0:
			return line, nil
		default:
			return line, err
		}
	}
}

// gap is what stands between two audit lines and is none itself.
type gap struct {
	sum   hash.Hash
	bytes int64
	lines int
	// torn is true while each line of it is an unfinished audit line, ended while the last one has a line break.
	torn, ended bool
}

// add takes one more line. It is judged as what may be left of line seq.
func (g *gap) add(line rawLine, seq uint64) {
	if g.sum == nil {
		g.sum, g.torn = sha256.New(), true
	}
	if g.lines > 0 {
		g.write([]byte{'\n'})
	}
	g.write(line.text)
	g.lines++
	g.ended = line.ended
	g.torn = g.torn && !line.long && tornOff(line.text, seq)
}

func (g *gap) write(data []byte) {
	_, _ = g.sum.Write(data) // It never fails, says its documentation.
	g.bytes += int64(len(data))
}

// hash is over the lines with the breaks between them, the last one not included.
func (g *gap) hash() string {
	if g.sum == nil {
		return hashOf(nil)
	}
	return hex.EncodeToString(g.sum.Sum(nil))
}

func (g *gap) empty() bool { return g.lines == 0 }
