package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxBody is the longest body of a call in bytes.
const maxBody = 1 << 20

// refusal is an answer other than success.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func badRequest(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &refusal{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func conflict(err error) error { return &refusal{http.StatusConflict, err.Error()} }

// duration is a time span written like "90s" or "1h30m" in JSON.
type duration time.Duration

// UnmarshalText reads a duration.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// decode reads the one JSON value of a body, strictly: a misspelt field would otherwise silently do nothing.
func decode(r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		return badRequest("the body is empty; it must be a JSON object")
	}
	if err != nil {
		return badRequest("the body is not understood: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body has something after its JSON object")
	}
	return nil
}

// answer writes a result as JSON; no result is 204.
func answer(w http.ResponseWriter, result any, err error) {
	status := http.StatusOK
	switch refused := (*refusal)(nil); {
	case errors.As(err, &refused):
		status, result = refused.status, map[string]string{"error": refused.message}
	case err != nil:
		status, result = http.StatusInternalServerError, map[string]string{"error": err.Error()}
	case result == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(result) // the caller may be gone
}
