package jsm

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// refusal is an answer other than success.
type refusal struct {
	status int
	text   string
	body   any
}

// Error tells what is wrong.
func (r *refusal) Error() string { return "jsm simulator: " + r.text }

// errorsJSON is the form of most errors of operations.
type errorsJSON struct {
	Errors []errorJSON `json:"errors"`
}

type errorJSON struct {
	Title string `json:"title"`
	Code  string `json:"code"`
}

// gatewayJSON is the form of the gateway's own refusals, before operations hear of a call.
type gatewayJSON struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// jiraJSON is the form of errors of Jira.
type jiraJSON struct {
	ErrorMessages []string          `json:"errorMessages"`
	Errors        map[string]string `json:"errors"`
}

// refuse is a refusal of operations.
func refuse(status int, titles ...string) error {
	var list errorsJSON
	for _, title := range titles {
		list.Errors = append(list.Errors, errorJSON{Title: title, Code: code(status)})
	}
	return &refusal{status: status, text: strings.Join(titles, "; "), body: list}
}

// code is such as NOT_FOUND.
func code(status int) string {
	return strings.ToUpper(strings.ReplaceAll(cmp.Or(http.StatusText(status), "Unknown"), " ", "_"))
}

// notProcessable is 422 with what is wrong, by field.
func notProcessable(fields map[string]string) error {
	var titles []string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		name := field
		if field == "details" {
			name = "extraProperties"
		}
		titles = append(titles, name+": "+fields[field])
	}
	return refuse(http.StatusUnprocessableEntity, titles...)
}

func unauthorized(text string) error {
	return &refusal{
		status: http.StatusUnauthorized, text: text, body: gatewayJSON{Code: http.StatusUnauthorized, Message: text},
	}
}

// jiraRefuse is a refusal of Jira.
func jiraRefuse(status int, text string) error {
	return &refusal{status: status, text: text, body: jiraJSON{ErrorMessages: []string{text}, Errors: map[string]string{}}}
}

func renderError(_ http.Header, err error) (status int, body any) {
	problem, routed := errors.AsType[*standin.Problem](err)
	fields, wrong := errors.AsType[alerting.WrongError](err)
	switch {
	case wrong:
		err = notProcessable(fields)
	case errors.Is(err, alerting.ErrMalformed):
		err = refuse(http.StatusBadRequest, "Malformed JSON")
	case !routed:
	case problem.Fault && problem.Status == http.StatusUnauthorized:
		err = unauthorized("Unauthorized")
	case strings.Contains(problem.Path, "/rest/api/3"):
		err = jiraRefuse(problem.Status, problem.Error())
	default:
		err = refuse(problem.Status, cmp.Or(problem.Error(), "Unexpected error"))
	}
	r, ours := errors.AsType[*refusal](err)
	if !ours {
		return http.StatusInternalServerError, errorsJSON{Errors: []errorJSON{{Title: err.Error(), Code: "INTERNAL"}}}
	}
	return r.status, r.body
}
