package pagerduty

import (
	"errors"
	"net/http"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// PagerDuty's codes of errors, as its pages and clients tell them.
const (
	codeAlreadyResolved = 1001
	codeAlreadyAcked    = 1002
	codeRequester       = 1008
	codeInvalidInput    = 2001
	codeArguments       = 2002
	codeAuthentication  = 2006
	codeAccessDenied    = 2010
	codeFromNeeded      = 2016
	codeRateLimit       = 2020
	codeNotFound        = 2100
	codeInternal        = 2000
)

// apiError is an answer other than success, in PagerDuty's form {"error": {message, code, errors}}.
type apiError struct {
	status, code int
	message      string
	details      []string
}

func (e *apiError) Error() string {
	return strings.Join(append([]string{"pagerduty simulator: " + e.message}, e.details...), "; ")
}

type errorBody struct {
	Error struct {
		Message string   `json:"message"`
		Code    int      `json:"code"`
		Errors  []string `json:"errors,omitempty"`
	} `json:"error"`
}

func (e *apiError) body() errorBody {
	var b errorBody
	b.Error.Message, b.Error.Code, b.Error.Errors = e.message, e.code, e.details
	return b
}

func failure(status, code int, message string, details ...string) error {
	return &apiError{status: status, code: code, message: message, details: details}
}

func invalidInput(details ...string) error {
	return failure(http.StatusBadRequest, codeInvalidInput, "Invalid Input Provided", details...)
}

func badArguments(details ...string) error {
	return failure(http.StatusBadRequest, codeArguments, "Arguments Caused Error", details...)
}

func notFound() error { return failure(http.StatusNotFound, codeNotFound, "Not Found") }

// refuse turns any error into an answer; one that is none of ours is a fault of the simulator itself.
func refuse(_ http.Header, err error) (status int, body any) {
	e := asAPIError(err)
	return e.status, e.body()
}

func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	problem, ok := errors.AsType[*standin.Problem](err)
	if !ok {
		return &apiError{status: http.StatusInternalServerError, code: codeInternal, message: err.Error()}
	}
	e := &apiError{status: problem.Status, code: codeInternal, message: problem.Error()}
	switch problem.Status {
	case http.StatusTooManyRequests:
		e.code, e.message = codeRateLimit, "Rate Limit Exceeded"
	case http.StatusUnauthorized:
		e.code, e.message = codeAuthentication, "Authentication failed"
	case http.StatusForbidden:
		e.code, e.message = codeAccessDenied, "Access Denied"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		e.code = codeNotFound
	case http.StatusRequestEntityTooLarge, http.StatusBadRequest:
		e.code = codeInvalidInput
	}
	return e
}
