package httpx

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxMessage bounds a vendor's own text in an error, in runes.
	maxMessage = 300
	// maxErrorBody bounds what is read of an error's body.
	maxErrorBody = 64 << 10
)

func newStatusError(resp *http.Response) *StatusError {
	e := &StatusError{Code: resp.StatusCode}
	if resp.Body != nil {
		// A body that breaks off still has a beginning worth showing.
		e.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	}
	if r := resp.Request; r != nil {
		e.Method, e.URL = r.Method, cleanURL(r.URL.String())
	}
	e.Message = cut(hideCredentials(message(resp.Header.Get("Content-Type"), e.Body), resp.Request), maxMessage)
	return e
}

// unreadable is an answer that could not be read.
type unreadable struct {
	text string
	err  error
}

// unread is the error of an answer that could not be read, with as little of the answer as an error of the vendor has: decoders quote
// what they cannot decode.
func unread(resp *http.Response, err error) error {
	return &unreadable{text: cut(hideCredentials(err.Error(), resp.Request), maxMessage), err: err}
}

func (u *unreadable) Error() string { return u.text }

func (u *unreadable) Unwrap() error { return u.err }

// message is the vendor's own text in an error's body: the usual fields of a JSON answer, or plain text. A page in HTML is a proxy's
// or a login's and says nothing to people reading a log.
func message(contentType string, body []byte) string {
	text := strings.TrimSpace(string(body))
	var answer map[string]any
	if json.Unmarshal(body, &answer) == nil {
		var parts []string
		for _, key := range []string{"errorMessages", "errors", "message", "error", "error_description", "detail"} {
			parts = append(parts, flatten(answer[key])...)
		}
		return strings.Join(parts, "; ")
	}
	if strings.Contains(contentType, "html") || strings.HasPrefix(text, "<") {
		return "an HTML page instead of an answer"
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
}

// flatten lists the texts inside a JSON value.
func flatten(v any) []string {
	switch v := v.(type) {
	case string:
		if s := strings.Join(strings.Fields(v), " "); s != "" {
			return []string{s}
		}
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, flatten(x)...)
		}
		return out
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			for _, s := range flatten(v[k]) {
				out = append(out, k+": "+s)
			}
		}
		return out
	}
	return nil
}

// longestURL is how much of an address an error shows. Parts of it come from the vendor, such as ids.
const longestURL = 500

// cleanURL is an address without user, password, query and fragment.
func cleanURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return cut(u.String(), longestURL)
}

func callName(resp *http.Response) string {
	if resp.Request == nil {
		return "call"
	}
	return resp.Request.Method + " " + cleanURL(resp.Request.URL.String())
}

// cut shortens s to n runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
