package teleport

import (
	"errors"
	"fmt"
	"slices"
	"time"

	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	"github.com/gravitational/teleport/api/types"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// The fields of a rule's spec, by their numbers in Teleport's published protocol. Several are younger than the API module, so
// they are read from the encoded message: whatever a server sends is either understood or noticed.
const (
	fieldSubjects = iota + 1
	fieldStates
	fieldCondition
	fieldNotification
	// fieldApproval was replaced by fieldReview before it was released.
	fieldApproval
	// fieldReview and fieldDesiredState make Teleport itself review requests. They do not concern notifications.
	fieldReview
	fieldDesiredState
	// fieldSchedules limits the rule to times. Teleport has it since 18.2.8.
	fieldSchedules
)

// monitoringRule copies a rule into the bridge's words; nil for a rule that is not about Access Requests or names no integration.
func monitoringRule(raw *rulespb.AccessMonitoringRule) *MonitoringRule {
	spec := raw.GetSpec()
	integration := spec.GetNotification().GetName()
	if integration == "" || !slices.Contains(spec.GetSubjects(), types.KindAccessRequest) {
		return nil
	}
	out := &MonitoringRule{
		Name: raw.GetMetadata().GetName(), Revision: raw.GetMetadata().GetRevision(), Integration: integration,
		Recipients: slices.Clone(spec.GetNotification().GetRecipients()), Condition: spec.GetCondition(),
	}
	found, err := scheduled(spec)
	switch {
	case err != nil:
		out.Fault = err
	case len(found) > 0:
		out.Active = func(created time.Time) bool {
			return slices.ContainsFunc(found, func(s schedule) bool { return s.holds(created) })
		}
	}
	return out
}

// scheduled returns the schedules of a rule. A rule with a setting of a newer version is an error: it may limit the rule.
func scheduled(spec *rulespb.AccessMonitoringRuleSpec) ([]schedule, error) {
	encoded, err := proto.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("reading the rule: %w", err)
	}
	var out []schedule
	err = fields(encoded, func(number protowire.Number, value []byte) error {
		switch number {
		case fieldSubjects, fieldStates, fieldCondition, fieldNotification, fieldApproval, fieldReview, fieldDesiredState:
			return nil
		case fieldSchedules:
			s, err := readSchedule(value)
			out = append(out, s)
			return err
		default:
			return fmt.Errorf("the rule has a setting (number %d) that this version does not know", number)
		}
	})
	return out, err
}

// schedule is a set of weekly shifts in one time zone.
type schedule struct {
	zone   *time.Location
	shifts []shift
}

// shift is a part of a day of the week; from and until are minutes since midnight, both included.
type shift struct {
	day         time.Weekday
	from, until int
}

// holds reports whether a moment is in a shift. The last minute of a shift counts as a whole, so that a shift until 23:59 lasts to
// the end of the day.
func (s schedule) holds(at time.Time) bool {
	at = at.In(s.zone)
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(s.shifts, func(s shift) bool { return s.day == at.Weekday() && s.from <= minute && minute <= s.until })
}

// readSchedule reads an entry of the map of schedules: a key and the schedule, which holds a time schedule with shifts and a zone.
func readSchedule(entry []byte) (schedule, error) {
	out := schedule{zone: time.UTC}
	key := ""
	var inline []byte
	err := fields(entry, func(number protowire.Number, value []byte) error {
		switch number {
		case 1:
			key = string(value)
			return nil
		case 2:
			return fields(value, func(number protowire.Number, value []byte) error {
				if number != 1 {
					return fmt.Errorf("is of a kind (number %d) that this version does not know", number)
				}
				inline = append(inline, value...)
				return nil
			})
		default:
			return nil
		}
	})
	if err == nil {
		err = fields(inline, out.read)
	}
	if err != nil {
		return schedule{}, fmt.Errorf("schedule %q: %w", key, err)
	}
	return out, nil
}

func (s *schedule) read(number protowire.Number, value []byte) error {
	switch number {
	case 1:
		var words [3]string
		err := fields(value, func(number protowire.Number, value []byte) error {
			if number < 1 || int(number) > len(words) {
				return fmt.Errorf("a shift has a setting (number %d) that this version does not know", number)
			}
			words[number-1] = string(value)
			return nil
		})
		if err != nil {
			return err
		}
		one, err := readShift(words[0], words[1], words[2])
		s.shifts = append(s.shifts, one)
		return err
	case 2:
		zone, err := time.LoadLocation(string(value))
		if err != nil || string(value) == time.Local.String() {
			return fmt.Errorf("unknown time zone %q", value)
		}
		s.zone = zone
		return nil
	default:
		return fmt.Errorf("has a setting (number %d) that this version does not know", number)
	}
}

func readShift(day, from, until string) (shift, error) {
	var out shift
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == day {
			start, err := minutes(from)
			if err != nil {
				return shift{}, err
			}
			end, err := minutes(until)
			out = shift{day: d, from: start, until: end}
			return out, err
		}
	}
	return out, fmt.Errorf("%q is no day of the week", day)
}

func minutes(clock string) (int, error) {
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day as HH:MM", clock)
	}
	return at.Hour()*60 + at.Minute(), nil
}

var errEncoding = errors.New("cannot be decoded")

// fields goes through the fields of an encoded message, all of which must be texts or messages.
func fields(encoded []byte, each func(protowire.Number, []byte) error) error {
	for len(encoded) > 0 {
		number, kind, n := protowire.ConsumeTag(encoded)
		if n < 0 {
			return errEncoding
		}
		encoded = encoded[n:]
		value := []byte(nil)
		if kind == protowire.BytesType {
			if value, n = protowire.ConsumeBytes(encoded); n < 0 {
				return errEncoding
			}
		} else if n = protowire.ConsumeFieldValue(number, kind, encoded); n < 0 {
			return errEncoding
		}
		if err := each(number, value); err != nil {
			return err
		}
		encoded = encoded[n:]
	}
	return nil
}
