package testkit

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	// AnswerSecret is the credential with which an integration under FuzzAnswers must authenticate.
	AnswerSecret = "planted-answer-secret"
	// separator stands between two answers of a script.
	separator = "\n---\n"
	// mostAnswers is how many calls are answered; then the vendor is gone. mostCalls is how many an integration may make all the same.
	mostAnswers, mostCalls = 30, 130
	// longestText bounds an error and a reason, in bytes, so that no answer fills the log.
	longestText = 4 << 10
)

// script is a vendor that gives the answers it was told one after the other, and the last one again and again. An answer that begins
// with a line of three digits has that status; ${credentials} in an error is what the call authenticated with.
type script struct {
	answers []string
	calls   int
}

// RoundTrip gives the next answer.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.calls++
	if s.calls > mostAnswers {
		return nil, errors.New("the vendor is gone")
	}
	body, code := s.answers[min(s.calls, len(s.answers))-1], http.StatusOK
	if line, rest, _ := strings.Cut(body, "\n"); len(line) == 3 {
		if n, err := strconv.Atoi(line); err == nil && n >= 200 {
			body, code = rest, n
		}
	}
	if given := r.Header.Get("Authorization"); given != "" && code >= http.StatusMultipleChoices {
		body = strings.ReplaceAll(body, "${credentials}", given+" "+AnswerSecret)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// FuzzAnswers holds an integration to this, whatever its vendor answers: it never panics and comes to an end, a success names what was
// found or made, and no error is endless or has a credential. The seeds, in the vendor's testdata/fuzz, are whole answers; besides the
// engine's own changes, one value in them is replaced.
func FuzzAnswers(f *testing.F, a Answered) {
	f.Helper()
	instead := distortions()
	f.Fuzz(func(t *testing.T, operation uint8, answers string, value uint16, form uint8) {
		vendor := &script{answers: strings.Split(answers, separator)}
		if form > 0 {
			vendor.answers = distort(vendor.answers, int(value), instead[int(form)%len(instead)])
		}
		it := a.New(t, vendor)
		all := a.Operations()
		err := all[int(operation)%len(all)].Run(t.Context(), it)
		require.Less(t, vendor.calls, mostCalls, "it does not come to an end")
		if err != nil {
			require.NotErrorIs(t, err, errUnnamed)
			require.NotContains(t, err.Error(), AnswerSecret, "P7")
			require.LessOrEqual(t, len(err.Error()), longestText)
		}
	})
}

// errUnnamed is a success that is none.
var errUnnamed = errors.New("a success without the id of what was found or made")
