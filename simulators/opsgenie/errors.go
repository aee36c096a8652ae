package opsgenie

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/google/uuid"
)

// refusal is an answer other than success.
type refusal struct {
	status  int
	code    int // the vendor's own number, such as 40301; mostly none
	message string
	errors  map[string]string // what is wrong, by field
	kind    string            // the header X-Opsgenie-Errortype
}

// Error tells message and fields.
func (r *refusal) Error() string { return "opsgenie simulator: " + r.message }

func refuse(status int, message string) error { return &refusal{status: status, message: message} }

// notProcessable is 422 with what is wrong, by field.
func notProcessable(fields map[string]string) error {
	return &refusal{
		status: http.StatusUnprocessableEntity, message: "Request body is not processable. Please check the errors.", errors: fields,
	}
}

// errorJSON is the vendor's form of an error.
type errorJSON struct {
	Code      int               `json:"code,omitempty"`
	Message   string            `json:"message"`
	Errors    map[string]string `json:"errors,omitempty"`
	Took      float64           `json:"took"`
	RequestID string            `json:"requestId"`
}

func renderError(header http.Header, err error) (status int, body any) {
	if fields, wrong := errors.AsType[alerting.WrongError](err); wrong {
		err = notProcessable(fields)
	} else if errors.Is(err, alerting.ErrMalformed) {
		err = refuse(http.StatusBadRequest, "Malformed JSON")
	}
	r, ours := errors.AsType[*refusal](err)
	if problem, routed := errors.AsType[*standin.Problem](err); routed {
		r, ours = &refusal{status: problem.Status, message: problemText(problem.Status)}, true
	}
	if !ours {
		r = &refusal{status: http.StatusInternalServerError, message: err.Error()}
	}
	id := uuid.NewString()
	stamp(header, id)
	if r.kind != "" {
		header.Set("X-Opsgenie-Errortype", r.kind)
	}
	return r.status, errorJSON{Code: r.code, Message: r.message, Errors: r.errors, Took: took, RequestID: id}
}

func problemText(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "You are making too many requests! To avoid this, please reduce their number."
	case http.StatusUnauthorized:
		return "Could not authenticate"
	case http.StatusForbidden:
		return "You are not authorized to access this."
	}
	return cmp.Or(http.StatusText(status), "Unexpected error")
}

// throttled sets the headers of a 429.
func throttled(header http.Header, f *standin.Fault) {
	header.Set("X-Ratelimit-State", "THROTTLED")
	header.Set("X-Ratelimit-Reason", "ACCOUNT")
	header.Set("X-Ratelimit-Period-In-Sec", cmp.Or(f.RetryAfter, "60"))
}
