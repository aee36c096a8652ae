package testkit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// distortions are what a vendor, or something between it and the bridge, may answer in the place of any value.
func distortions() []any {
	return []any{
		nil, "", "${credentials}", strings.Repeat("long ", 2_000), "\u202e\x00 <!here> [~bob]", true, -1, 1e300,
		[]any{},
		[]any{nil},
		map[string]any{},
		map[string]any{"id": ""},
	}
}

// distort replaces the n-th value in a script's answers, counted over all of them, with another. A script without so many values, or whose
// answers are no JSON, stays as it is.
func distort(answers []string, n int, with any) []string {
	out := slices.Clone(answers)
	for i, text := range out {
		status, body := "", text
		if line, rest, ok := strings.Cut(text, "\n"); ok && len(line) == 3 {
			status, body = line+"\n", rest
		}
		var value any
		if json.Unmarshal([]byte(body), &value) != nil {
			continue
		}
		value, n = replaceNth(value, n, with)
		raw, _ := json.Marshal(value) // it came from JSON
		out[i] = status + string(raw)
		if n < 0 {
			break
		}
	}
	return out
}

// replaceNth replaces a value inside another, counted from zero in the order of their keys. It returns how many are left to count; less than
// zero once the replacement is done.
func replaceNth(value any, n int, with any) (any, int) {
	if n == 0 {
		return with, -1
	}
	n--
	switch value := value.(type) {
	case []any:
		for i := range value {
			if n >= 0 {
				value[i], n = replaceNth(value[i], n, with)
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if n >= 0 {
				value[key], n = replaceNth(value[key], n, with)
			}
		}
	}
	return value, n
}
