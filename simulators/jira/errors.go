package jira

import (
	"errors"
	"net/http"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// apiError is an answer other than success, in Jira's form {"errorMessages": [...], "errors": {field: text}}.
type apiError struct {
	status   int
	messages []string
	fields   map[string]string
}

func (e *apiError) Error() string {
	parts := append([]string{"jira simulator: " + http.StatusText(e.status)}, e.messages...)
	for field, text := range e.fields {
		parts = append(parts, field+": "+text)
	}
	return strings.Join(parts, "; ")
}

// errorBody is the JSON form of every error.
type errorBody struct {
	ErrorMessages []string          `json:"errorMessages"`
	Errors        map[string]string `json:"errors"`
}

func (e *apiError) body() errorBody {
	b := errorBody{ErrorMessages: e.messages, Errors: e.fields}
	if b.ErrorMessages == nil {
		b.ErrorMessages = []string{}
	}
	if b.Errors == nil {
		b.Errors = map[string]string{}
	}
	return b
}

func failure(status int, message string) error {
	return &apiError{status: status, messages: []string{message}}
}

func badRequest(message string) error { return failure(http.StatusBadRequest, message) }

func badField(field, text string) error {
	return &apiError{status: http.StatusBadRequest, fields: map[string]string{field: text}}
}

func errIssueNotFound() error {
	return failure(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}

func errProjectNotFound(key string) error {
	return failure(http.StatusNotFound, "No project could be found with key '"+key+"'.")
}

// refuse turns any error into an answer; one that is none of ours is a fault of the simulator itself.
func refuse(h http.Header, err error) (status int, body any) {
	e := asAPIError(err)
	if e.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="protected-area"`)
		h.Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	}
	return e.status, e.body()
}

func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	problem, ok := errors.AsType[*standin.Problem](err)
	if !ok {
		return &apiError{status: http.StatusInternalServerError, messages: []string{err.Error()}}
	}
	message := problem.Error()
	switch {
	case problem.Fault:
	case problem.Status == http.StatusNotFound:
		message = "null for uri: " + problem.Path
	case problem.Status == http.StatusRequestEntityTooLarge:
		message = "The request is too large."
	case problem.Status == http.StatusBadRequest:
		message = "The request body could not be read."
	}
	return &apiError{status: problem.Status, messages: []string{message}}
}
