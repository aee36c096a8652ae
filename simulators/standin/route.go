package standin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// route is one REST operation. Its name is what Calls counts by.
type route[C any] struct {
	name     string
	method   string
	segments []string
	handle   func(C) (Reply, error)
	calls    atomic.Int64
}

// Handle adds an operation such as "POST /incidents/{id}/notes" to the REST API. The path is the one below the base path and
// the dialect's prefix. Where two paths fit a call, the one with the earlier literal segment is chosen. All routes are added
// before the server is started.
func (t *rest[C]) Handle(name string, handle func(C) (Reply, error)) {
	method, path, _ := strings.Cut(name, " ")
	added := &route[C]{name: name, method: method, segments: strings.Split(path[1:], "/"), handle: handle}
	t.routes = append(t.routes, added)
	slices.SortStableFunc(t.routes, func(a, b *route[C]) int { return strings.Compare(a.shape(), b.shape()) })
}

// shape has a letter for each segment, and sorts literals before parameters.
func (rt *route[C]) shape() string {
	var out strings.Builder
	for _, segment := range rt.segments {
		if isParameter(segment) {
			out.WriteByte('p')
		} else {
			out.WriteByte('l')
		}
	}
	return out.String()
}

func isParameter(segment string) bool { return strings.HasPrefix(segment, "{") }

// match finds the route of a path and the values of its parameters.
func (t *rest[C]) match(method, path string) (*route[C], map[string]string, error) {
	segments := strings.Split(path[1:], "/")
	known := false
	for _, rt := range t.routes {
		params, fits := rt.fits(segments)
		if fits && rt.method == method {
			return rt, params, nil
		}
		known = known || fits
	}
	if known {
		return nil, nil, &Problem{Status: http.StatusMethodNotAllowed, Path: path}
	}
	return nil, nil, &Problem{Status: http.StatusNotFound, Path: path}
}

func (rt *route[C]) fits(segments []string) (map[string]string, bool) {
	if len(segments) != len(rt.segments) {
		return nil, false
	}
	for i, want := range rt.segments {
		if !isParameter(want) && want != segments[i] {
			return nil, false
		}
	}
	var params map[string]string
	for i, want := range rt.segments {
		if !isParameter(want) {
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		if params == nil {
			params = map[string]string{}
		}
		params[strings.Trim(want, "{}")] = value
	}
	return params, true
}

// below cuts the first prefix that fits; the prefix "" fits everything.
func below(path string, prefixes []string) (prefix, rest string, ok bool) {
	if len(prefixes) == 0 {
		return "", path, true
	}
	for _, prefix := range prefixes {
		if rest, found := strings.CutPrefix(path, prefix); found && strings.HasPrefix(rest, "/") {
			return prefix, rest, true
		}
	}
	return "", path, false
}
