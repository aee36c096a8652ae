package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/accessbridge/accessbridge/bridge"
)

// maxListed is how many entries the function list keeps.
const maxListed = 50

var (
	errLong    = fmt.Errorf("the value is longer than %d bytes", maxOutput)
	errNothing = errors.New("there is nothing to replace")
	errWide    = errors.New("widths and precisions of more than three digits, or from arguments, are not allowed")
)

// wide finds what would make one verb of printf write a lot.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*(\*|[0-9]{4})`)

// Funcs are the functions of every template: pure, and without access to anything but their arguments. Where one shapes a text, the text comes
// last, so that it can be piped in.
func Funcs() template.FuncMap {
	return template.FuncMap{
		"clean":      Clean,
		"count":      counted,
		"cut":        func(n int, s string) string { return bridge.Truncate(strings.ToValidUTF8(s, "\uFFFD"), max(n, 1)) },
		"date":       bridge.FormatTime,
		"datein":     dateIn,
		"default":    fallback,
		"duration":   bridge.FormatDuration,
		"html":       template.HTMLEscaper,
		"join":       func(sep string, list []string) string { return strings.Join(list, sep) },
		"js":         template.JSEscaper,
		"json":       asJSON,
		"list":       func(list []string) []string { return bridge.Shorten(maxListed, list) },
		"lower":      strings.ToLower,
		"oneline":    func(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") },
		"plural":     plural,
		"print":      fmt.Sprint,
		"printf":     printf,
		"println":    fmt.Sprintln,
		"quote":      strconv.Quote,
		"replace":    replace,
		"resources":  resources,
		"shorten":    func(n int, list []string) []string { return bridge.Shorten(max(n, 0), list) },
		"thresholds": bridge.FormatThresholds,
		"trim":       strings.TrimSpace,
		"upper":      strings.ToUpper,
		"urlquery":   template.URLQueryEscaper,
	}
}

// Clean drops control characters other than line ends and tabs, and makes the text valid UTF-8 with line ends of one character.
func Clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

func fallback(otherwise, s string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}

// dateIn writes a time in a zone, such as Europe/Berlin.
func dateIn(zone string, t time.Time) (string, error) {
	if zone == "" || zone == "Local" {
		return "", fmt.Errorf("%q is not a time zone", zone)
	}
	in, err := time.LoadLocation(zone)
	if err != nil {
		return "", fmt.Errorf("%q is not a time zone", zone)
	}
	if t.IsZero() {
		return "", nil
	}
	return t.In(in).Format("2006-01-02 15:04 MST"), nil
}

func asJSON(v any) (string, error) {
	out, err := json.Marshal(v)
	if len(out) > maxOutput {
		return "", errLong // A part of it would mean nothing.
	}
	return string(out), err
}

func number(n any) (int, error) {
	switch v := reflect.ValueOf(n); {
	case v.CanInt():
		return int(v.Int()), nil
	case v.CanUint():
		return int(min(v.Uint(), 1<<31)), nil
	default:
		return 0, fmt.Errorf("%v is not a whole number", n)
	}
}

// counted writes a number with its noun: 1 approval, 2 approvals.
func counted(n any, noun string) (string, error) {
	i, err := number(n)
	return bridge.Count(i, noun), err
}

func plural(n any, one, many string) (string, error) {
	i, err := number(n)
	if i == 1 {
		return one, err
	}
	return many, err
}

func printf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errWide
	}
	return fmt.Sprintf(format, args...), nil
}

func replace(old, with, s string) (string, error) {
	if old == "" {
		return "", errNothing
	}
	var out strings.Builder
	for out.Len() <= maxOutput {
		before, after, found := strings.Cut(s, old)
		out.WriteString(before)
		if !found {
			break
		}
		out.WriteString(with)
		s = after
	}
	return out.String(), nil
}

// resources names resources as people know them, with the kind: "node db-1".
func resources(n int, list []bridge.Resource) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Label()
	}
	return strings.Join(bridge.Shorten(max(n, 0), names), ", ")
}

// bounded returns a function that yields text as one whose text is cut where it is too long.
func bounded(f any) any {
	v := reflect.ValueOf(f)
	t := v.Type()
	if t.NumOut() == 0 || t.Out(0).Kind() != reflect.String {
		return f
	}
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	fault := reflect.TypeFor[error]()
	made := reflect.FuncOf(in, []reflect.Type{t.Out(0), fault}, t.IsVariadic())
	return reflect.MakeFunc(made, func(args []reflect.Value) []reflect.Value {
		call := v.Call
		if t.IsVariadic() {
			call = v.CallSlice
		}
		out := call(args)
		if len(out) == 1 {
			out = append(out, reflect.Zero(fault))
		}
		if out[0].Len() > maxOutput {
			cut := out[0].String()
			cut = cut[:whole(cut, maxOutput-len("…"))] + "…"
			out[0] = reflect.ValueOf(cut).Convert(t.Out(0))
		}
		return out
	}).Interface()
}
