package conformance

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
)

// mutations yields bodies that no vendor sends, always the same ones: bodies of another kind, the given one cut short and with single bytes
// changed, and, where it is JSON, with each part of it replaced by parts of other kinds. The fuzz targets of the vendors go further.
func mutations(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, other := range otherBodies() {
			if !yield([]byte(other)) {
				return
			}
		}
		step := max(1, len(body)/300)
		for at := 0; at < len(body); at += step {
			changed := bytes.Clone(body)
			changed[at] ^= 0xff
			if !yield(body[:at]) || !yield(changed) {
				return
			}
		}
		var tree any
		if json.Unmarshal(body, &tree) != nil {
			return
		}
		for variant := range variants(tree) {
			text, err := json.Marshal(variant)
			if err == nil && !yield(text) {
				return
			}
		}
	}
}

func otherBodies() []string {
	const deep = 20_000
	return []string{
		"", " \n", "null", "true", "0", "-1", "1e999", `""`, `"x"`, "[]", "{}", "[null]", "[[]]", "{", "}", "\x00", "\xff\xfe", "payload=%7B%7D", "<xml/>",
		strings.Repeat("[", deep), strings.Repeat(`{"a":`, deep), strings.Repeat(`[{"issue":`, deep), `{"a":` + strings.Repeat("9", deep) + `}`,
	}
}

// variants yields the tree once for each part of it and each other kind the part could be of.
func variants(tree any) iter.Seq[any] {
	return func(yield func(any) bool) { vary(tree, yield) }
}

// vary yields every variant of a part; the caller puts each back into the whole. It returns false once nobody wants more.
func vary(part any, yield func(any) bool) bool {
	for _, other := range []any{nil, true, -1, 1e300, "", "x", "\u0000", []any{}, []any{nil}, map[string]any{}, map[string]any{"id": map[string]any{}}} {
		if !yield(other) {
			return false
		}
	}
	switch v := part.(type) {
	case map[string]any:
		for key, inner := range v {
			put := func(other any) bool {
				v[key] = other
				return yield(v)
			}
			more := vary(inner, put)
			v[key] = inner
			if !more {
				return false
			}
		}
	case []any:
		for i, inner := range v {
			put := func(other any) bool {
				v[i] = other
				return yield(v)
			}
			more := vary(inner, put)
			v[i] = inner
			if !more {
				return false
			}
		}
	}
	return true
}
