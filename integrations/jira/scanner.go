package jira

import (
	"bytes"
	"encoding/json"
)

// scanner reads a text in JSON once, from the front to the end. Most of a delivery is of no concern: what is not asked for is passed over
// without being decoded, which would cost more than all else that is done with a delivery.
type scanner struct {
	text []byte
	// at is where reading goes on.
	at int
	// broken is set when something does not follow that must.
	broken bool
}

// object reads an object, if one comes next. The function is called for each member when its value comes next; a value that it leaves there is
// passed over.
func (s *scanner) object(member func(name []byte)) {
	if !s.skip('{') || s.skip('}') {
		return
	}
	for {
		name := s.value()
		if len(name) < 2 || name[0] != '"' || !s.skip(':') {
			s.fail()
			return
		}
		s.next()
		before := s.at
		member(name[1 : len(name)-1])
		s.pass(before)
		if !s.skip(',') {
			break
		}
	}
	if !s.skip('}') {
		s.fail()
	}
}

// array reads an array, if one comes next. The function is called for each element when it comes next, as object does.
func (s *scanner) array(element func()) {
	if !s.skip('[') || s.skip(']') {
		return
	}
	for {
		s.next()
		before := s.at
		element()
		s.pass(before)
		if !s.skip(',') {
			break
		}
	}
	if !s.skip(']') {
		s.fail()
	}
}

// pass passes over the next value, unless it has been read: reading goes on behind where it began.
func (s *scanner) pass(began int) {
	if s.at == began {
		s.value()
	}
}

// string returns the next value if it is a string, and an empty text for any other.
func (s *scanner) string() string {
	value := s.value()
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var text string
	_ = json.Unmarshal(value, &text) // what cannot be read is an empty text
	return text
}

// id returns the next value if it is a string or a number.
func (s *scanner) id() string {
	if b := s.next(); b == '-' || '0' <= b && b <= '9' {
		return string(s.value())
	}
	return s.string()
}

// value returns the next value as it is written; nothing where none follows, or where it does not end.
func (s *scanner) value() []byte {
	end := 0
	switch s.next() {
	case 0:
	case '"':
		end = stringEnd(s.text, s.at)
	case '{', '[':
		end = nestedEnd(s.text, s.at)
	default:
		end = len(s.text)
		if n := bytes.IndexAny(s.text[s.at:], ",:]} \t\r\n"); n >= 0 {
			end = s.at + n
		}
	}
	if end <= s.at {
		s.fail()
		return nil
	}
	value := s.text[s.at:end]
	s.at = end
	return value
}

// next returns the next byte that is no space and leaves it there; 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		if b := s.text[s.at]; b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return b
		}
	}
	return 0
}

// skip passes over a byte, if it comes next.
func (s *scanner) skip(b byte) bool {
	if s.next() != b {
		return false
	}
	s.at++
	return true
}

func (s *scanner) fail() { s.at, s.broken = len(s.text), true }

// stringEnd is where the string ends that begins at a place in a text; 0 where it does not.
func stringEnd(text []byte, begin int) int {
	for i := begin + 1; i < len(text); i++ {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return 0
		}
		i += n
		if text[i-1] != '\\' || !escaped(text[begin+1:i]) {
			return i + 1
		}
	}
	return 0
}

// escaped reports whether what follows a text is escaped: it ends in an odd number of backslashes.
func escaped(text []byte) bool { return (len(text)-len(bytes.TrimRight(text, `\`)))%2 == 1 }

// nestedEnd is where the object or array ends that begins at a place in a text; 0 where it does not.
func nestedEnd(text []byte, begin int) int {
	depth := 0
	for i := begin; i < len(text); i++ {
		switch text[i] {
		case '"':
			end := stringEnd(text, i)
			if end == 0 {
				return 0
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
