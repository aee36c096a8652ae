package standin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// maxBody is the largest request body that is read, in bytes.
const maxBody = 4 << 20

// Call is one REST request on its way to a handler. A vendor embeds it in a type of its own that also knows the caller.
type Call struct {
	*http.Request
	// Route is the name of the route, such as "GET /incidents/{id}".
	Route string
	// Prefix is the one of the dialect's prefixes that the call came by.
	Prefix string
	// Path has the values of the path's parameters, unescaped: Path["id"].
	Path map[string]string
	// Query is the parsed query.
	Query url.Values
	// Content is the request's body.
	Content []byte
}

// Decode reads the JSON body.
func (c *Call) Decode(into any) error { return json.Unmarshal(c.Content, into) }

// Reply is a successful answer. A nil Body sends none; anything else is sent as JSON.
type Reply struct {
	Status int
	Body   any
	// Header is sent too.
	Header http.Header
}

// OK is the answer 200 with a JSON body.
func OK(body any) (Reply, error) { return Answer(http.StatusOK, body) }

// Answer is an answer with a status and a JSON body, or none where body is nil.
func Answer(status int, body any) (Reply, error) { return Reply{Status: status, Body: body}, nil }

// WriteJSON answers JSON; a nil body sends none.
func WriteJSON(w http.ResponseWriter, status int, contentType string, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, status, contentType, data)
}

func write(w http.ResponseWriter, status int, contentType string, data []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(data) // the caller may be gone
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Path: r.URL.Path}
	}
	if err != nil {
		return nil, &Problem{Status: http.StatusBadRequest, Path: r.URL.Path}
	}
	return body, nil
}
