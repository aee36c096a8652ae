package testkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// send makes one call and returns the answer's body.
func send(t *testing.T, via http.RoundTripper, address, body string, code int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("From", "bot@example.com")
	req.SetBasicAuth("bot", "t0ken")
	resp, err := (&http.Client{Transport: via}).Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, code, resp.StatusCode)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}

func vendor(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write(append([]byte("got "), body...))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestRecorderKeepsCallsAndPassesThemOn(t *testing.T) {
	r := testkit.Network(t, nil, "From", "Accept")
	require.Equal(t, `got {"a":"<1>"}`, send(t, r, vendor(t)+"/x/y?b=2&a=1", `{"a":"<1>"}`, http.StatusOK))
	require.Equal(t, []string{"POST /x/y"}, r.Paths())
	text := r.Golden(t)
	require.JSONEq(t, `{"method":"POST","path":"/x/y","query":"a=1&b=2","headers":{"From":"bot@example.com"},"body":{"a":"<1>"}}`, text)
	require.Contains(t, text, "\n  \"query\": \"a=1&b=2\",\n", "for people to read")
	r.Reset()
	require.Empty(t, r.Paths())
	require.Empty(t, r.Golden(t))
}

func TestTransportsChangeAnswers(t *testing.T) {
	shout := testkit.Rewrite(func(r *http.Request, body string) string { return r.URL.Path + strings.ToUpper(body) })
	require.Equal(t, "/xGOT A", send(t, testkit.Network(t, shout), vendor(t)+"/x", "a", http.StatusOK))
	answer := testkit.Answer(func(r *http.Request) string { return r.Method })
	require.Equal(t, "POST", send(t, testkit.Network(t, answer), "http://vendor.invalid", "a", http.StatusOK))
}

// A test that looks for secrets in errors is worth nothing if none is in the answer.
func TestCredentialsAreEchoedInEveryForm(t *testing.T) {
	echo := testkit.Network(t, testkit.EchoCredentials)
	text := send(t, echo, vendor(t)+"/refused", "a", http.StatusForbidden)
	require.Contains(t, text, "bot:t0ken")
	require.Contains(t, text, "Basic ")
	require.Equal(t, "got a", send(t, echo, vendor(t)+"/x", "a", http.StatusOK), "only errors")
}

func TestFaultsAreTheFindingsThatAreNotFine(t *testing.T) {
	list := []bridge.Finding{{OK: true, What: "fine"}, {What: "bad", Mend: "mend it"}}
	require.Equal(t, "bad => mend it", testkit.Faults(t, list))
	require.Contains(t, testkit.Findings(list), "fine")
}

func TestSamplesAreOfOneRequest(t *testing.T) {
	require.Equal(t, testkit.RequestID, testkit.Draft().Request.ID)
	require.Equal(t, testkit.RequestID, testkit.Marker().RequestID)
	require.Error(t, testkit.Canceled(t).Err())
	list, err := testkit.Secrets("a", "b").Reveal()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, list)
}
