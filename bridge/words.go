package bridge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FormatTime writes a time to the minute, in UTC; nothing for the zero time.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 MST")
}

// FormatDuration writes 1h30m, not 1h30m0s.
func FormatDuration(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// FormatThresholds writes how many approvals and denials decide, such as "2 approvals or 1 denial".
func FormatThresholds(list []Threshold) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = Count(t.Approve, "approval") + " or " + Count(t.Deny, "denial")
		if t.Name != "" {
			out[i] = t.Name + ": " + out[i]
		}
	}
	return strings.Join(out, "; ")
}

// Count writes a number with its noun: "1 approval", "2 approvals".
func Count[N int | uint32](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Label names a resource as people know it, with its kind: "node db-1".
func (r Resource) Label() string {
	return strings.TrimSpace(r.Kind + " " + cmp.Or(r.Title, r.Name))
}

// Shorten keeps the first n of a list and says how many are left out.
func Shorten(n int, list []string) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
}

// Truncate keeps at most n characters of a text, the last of them an ellipsis where something is left out. A character is never divided.
func Truncate(text string, n int) string {
	if n <= 0 {
		return ""
	}
	count, fits := 0, 0
	for i := range text {
		if count == n-1 {
			fits = i
		}
		if count == n {
			return text[:fits] + "…"
		}
		count++
	}
	return text
}
