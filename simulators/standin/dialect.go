package standin

import (
	"crypto/subtle"
	"net/http"
)

// Dialect is how one vendor speaks where every vendor speaks differently. Accept and Error are required.
type Dialect[C any] struct {
	// Prefixes are the paths that the REST API stands below, such as "/rest/api/3"; the first that fits counts, and none means
	// that the API stands at the root.
	Prefixes []string
	// ContentType is that of JSON answers; default "application/json".
	ContentType string
	// Accept authenticates the caller and makes the vendor's own call of it; its error is answered.
	Accept func(*Call) (C, error)
	// Error puts an error into the vendor's form: the status, and the body that is sent as JSON. It may set headers. The error
	// is one that Accept or a handler returned, or a [Problem]; what is neither is a fault of the simulator itself (500).
	Error func(header http.Header, err error) (status int, body any)
	// RateLimited sets the headers of an injected 429, apart from Retry-After; optional. A [Fault] that is Bare has none.
	RateLimited func(header http.Header, f *Fault)
	// Always sets the headers of every answer of a handler, be it a success or a refusal; optional.
	Always func(header http.Header)
}

// Problem is a refusal that comes from the router and not from a handler, or from a [Fault] with a status and no body.
type Problem struct {
	// Status is 404 for a path that leads nowhere, 405, 413 for too large a body, 400 for a body that could not be read, or
	// the status of the fault.
	Status int
	// Path is the path that was called; empty for a fault.
	Path string
	// Fault says that the refusal was injected.
	Fault bool
}

// Error is the status in words.
func (p *Problem) Error() string { return http.StatusText(p.Status) }

func (d *Dialect[C]) contentType() string {
	if d.ContentType == "" {
		return "application/json"
	}
	return d.ContentType
}

func (d *Dialect[C]) refuse(w http.ResponseWriter, err error) {
	status, body := d.Error(w.Header(), err)
	WriteJSON(w, status, d.contentType(), body)
}

// SameSecret compares a secret with what a caller gave, in constant time. An empty secret is never the same.
func SameSecret(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}
