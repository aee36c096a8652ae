// Package audit keeps the audit record: one JSON line per decision and per refusal, in a chain of hashes that shows when a line was
// changed, removed, inserted or moved. It writes the lines and verifies them.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Version is the version of the schema of a line. Members may be added within a version; none changes its meaning.
const Version = 1

// longestLine is the most bytes a line may have, the line break not counted.
const longestLine = 4 << 20

// Kind is what a line tells.
type Kind string

// The kinds of lines.
const (
	// KindEntry is a decision or a refusal.
	KindEntry Kind = "entry"
	// KindRotation begins a file that continues the chain of an earlier one.
	KindRotation Kind = "rotation"
	// KindRecovery says what went wrong with the lines before it: an unfinished last line, or entries that are in the log instead.
	KindRecovery Kind = "recovery"
)

// Line is one line of the audit record. Its members stand in this order, Hash last.
type Line struct {
	V    int       `json:"v"`
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	// Instance is the process that wrote the line.
	Instance string `json:"instance"`
	Kind     Kind   `json:"kind"`
	// AuditEntry is nil in lines about the record itself.
	*bridge.AuditEntry
	// Torn is the unfinished line that stands before this one.
	Torn *Torn `json:"torn,omitempty"`
	// Missed counts the entries that could not be written here. They are in the log.
	Missed uint64 `json:"missed,omitempty"`
	// Prev is the hash of the line before. In the first line of a chain it is the SHA-256 of all that stands before it in the file,
	// which is mostly nothing.
	Prev string `json:"prev"`
	// Hash is the SHA-256 of the line's own bytes from the first to the last before `,"hash"`.
	Hash string `json:"hash,omitempty"`
}

// Torn identifies what a process that died, or ran out of space, left of a line.
type Torn struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// position is a place in a chain: the number of the last line and its hash.
type position struct {
	seq  uint64
	hash string
}

// origin is where a chain begins.
func origin() position { return position{hash: hashOf(nil)} }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

const hashMember = `,"hash":"`

// hashTail is the length of the end of each line: the member with the hash, and the closing brace.
const hashTail = len(hashMember) + 2*sha256.Size + len(`"}`)

var errTooLong = errors.New("the entry is longer than a line may be, which is 4 MiB")

// seal makes the line that follows p, with a line break, and the position after it.
func (p position) seal(l Line) ([]byte, position, error) {
	l.V, l.Seq, l.Prev, l.Hash = Version, p.seq+1, p.hash, ""
	body, err := json.Marshal(l)
	if err != nil {
		return nil, p, fmt.Errorf("encoding the entry: %w", err)
	}
	body = body[:len(body)-1]
	if len(body)+hashTail > longestLine {
		return nil, p, errTooLong
	}
	hash := hashOf(body)
	return append(body, hashMember+hash+"\"}\n"...), position{seq: l.Seq, hash: hash}, nil
}

var (
	errNotALine = errors.New("it is not an audit line")
	errChanged  = errors.New("the line was changed: its hash does not fit its content")
)

// parse reads a line without its line break and checks its own hash. The error is errNotALine, errChanged, or names what the line lacks.
func parse(raw []byte) (Line, error) {
	at := len(raw) - hashTail
	if at < 0 || !bytes.HasPrefix(raw, []byte(`{"v":`)) || !bytes.HasPrefix(raw[at:], []byte(hashMember)) || !bytes.HasSuffix(raw, []byte(`"}`)) {
		return Line{}, errNotALine
	}
	if hashOf(raw[:at]) != string(raw[at+len(hashMember):len(raw)-len(`"}`)]) {
		return Line{}, errChanged
	}
	var l Line
	if err := json.Unmarshal(raw, &l); err != nil {
		return Line{}, fmt.Errorf("the line cannot be understood: %w", err)
	}
	if l.V != Version {
		return Line{}, fmt.Errorf("the line has version %d, and only version %d is known", l.V, Version)
	}
	if l.Seq == 0 {
		return Line{}, errors.New("the line has no number")
	}
	return l, nil
}

// tornOff reports whether the text is the beginning of line seq, and nothing else: what is left of a write that was cut off. Some
// file systems fill up the rest with zero bytes.
func tornOff(text []byte, seq uint64) bool {
	text = bytes.TrimRight(text, "\x00")
	begin := []byte(`{"v":` + strconv.Itoa(Version) + `,"seq":` + strconv.FormatUint(seq, 10) + ",")
	if len(text) <= len(begin) {
		return bytes.HasPrefix(begin, text)
	}
	if !bytes.HasPrefix(text, begin) {
		return false
	}
	var whole json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(text)).Decode(&whole), io.ErrUnexpectedEOF)
}
