package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Size is a number of bytes, written in the file as "64KB", "100MB" or "1GB".
type Size int64

// The units of sizes.
const (
	Kilobyte Size = 1000
	Megabyte      = 1000 * Kilobyte
	Gigabyte      = 1000 * Megabyte
)

var sizeForm = regexp.MustCompile(`^(?:0|([0-9]{1,18})(KB|MB|GB))$`)

// UnmarshalText reads a size such as "100MB".
func (s *Size) UnmarshalText(text []byte) error {
	match := sizeForm.FindSubmatch(text)
	if match == nil {
		return fmt.Errorf("%q is not a size: write a number and a unit, such as 64KB, 100MB or 1GB", text)
	}
	if match[1] == nil {
		*s = 0
		return nil
	}
	unit := map[string]Size{"KB": Kilobyte, "MB": Megabyte, "GB": Gigabyte}[string(match[2])]
	n, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil || n > math.MaxInt64/int64(unit) {
		return fmt.Errorf("%q is too large", text)
	}
	*s = Size(n) * unit
	return nil
}

// MarshalText writes the size as it is written in the file.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the size in its largest whole unit.
func (s Size) String() string {
	switch {
	case s == 0:
		return "0"
	case s%Gigabyte == 0:
		return strconv.FormatInt(int64(s/Gigabyte), 10) + "GB"
	case s%Megabyte == 0:
		return strconv.FormatInt(int64(s/Megabyte), 10) + "MB"
	default:
		return strconv.FormatInt(int64(s/Kilobyte), 10) + "KB"
	}
}

// Bytes returns the size as a plain number.
func (s Size) Bytes() int64 { return int64(s) }

// JSONSchema describes a size in the file.
func (Size) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(0|[0-9]{1,18}(KB|MB|GB))$`, Examples: []any{"100MB", "1GB"}}
}
