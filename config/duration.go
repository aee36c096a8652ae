package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// Duration is a length of time, written in the file as "30s", "5m" or "1h30m".
type Duration time.Duration

// UnmarshalText reads a duration such as "30s".
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and a unit, such as 30s, 5m or 1h30m", text)
	}
	if v < 0 {
		return fmt.Errorf("%q is negative: write a length of time, such as 30s", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as it is written in the file.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String returns the duration in its shortest form: "5m", not "5m0s".
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Std returns the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// JSONSchema describes a duration in the file.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$`, Examples: []any{"30s", "5m"}}
}
