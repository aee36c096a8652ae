package casebook

import (
	"fmt"
	"strings"
	"time"
)

// Moment is a point in time of a case: a distance from when the request was made, such as +5m or -1h, or a time of its own, such as
// 2026-03-02T14:00:00+01:00. The zero value is not given.
type Moment struct {
	offset time.Duration
	at     time.Time
	given  bool
}

// UnmarshalText reads a moment.
func (m *Moment) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		offset, err := time.ParseDuration(s)
		if err == nil {
			*m = Moment{offset: offset, given: true}
			return nil
		}
	} else if at, err := time.Parse(time.RFC3339, s); err == nil {
		*m = Moment{at: at, given: true}
		return nil
	}
	return fmt.Errorf("%q is not a moment: write a distance from the request such as +5m, or a time such as 2026-03-02T14:00:00+01:00", s)
}

// from returns the moment for a request made at the given time; false when none is given.
func (m Moment) from(created time.Time) (time.Time, bool) {
	switch {
	case !m.given:
		return time.Time{}, false
	case m.at.IsZero():
		return created.Add(m.offset), true
	default:
		return m.at, true
	}
}
