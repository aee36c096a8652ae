package contract

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const spec = `{"openapi":"3.0.1","info":{"title":"t","version":"1"},"servers":[{"url":"https://{host}/rest","variables":{"host":{"default":"x"}}}],
"paths":{"/things/{id}":{"put":{
  "parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
  "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["name"],"properties":{"name":{"type":"string"}}}}}},
  "responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","additionalProperties":false,
    "properties":{"name":{"type":"string"},"size":{"type":"integer"},"at":{"type":"string","format":"date-time"}}}}}},
    "400":{"description":"bad"}}}}}}`

// listener is a test that only listens to what it is told.
type listener struct {
	testing.TB
	errors, fatal, skipped []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.errors = append(l.errors, fmt.Sprintf(format, args...))
}

func (l *listener) Fatal(args ...any) {
	l.fatal = append(l.fatal, fmt.Sprint(args...))
	runtime.Goexit()
}

func (l *listener) Skip(args ...any) {
	l.skipped = append(l.skipped, fmt.Sprint(args...))
	runtime.Goexit()
}

// load loads the small description above.
func load(t *testing.T) (*Contract, *listener) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "specs"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "specs", "small.json"), []byte(spec), 0o600))
	t.Setenv(Env, dir)
	l := &listener{TB: t}
	return Load(l, "small.json"), l
}

// send lets one request and one answer pass through the transport and lists the complaints.
func send(t *testing.T, c *Contract, l *listener, path, body string, status int, answer string) []string {
	t.Helper()
	vendor := roundTripper(func(req *http.Request) (*http.Response, error) {
		got, err := io.ReadAll(req.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(got), "the vendor gets the body although it was read")
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}}, Body: io.NopCloser(strings.NewReader(answer)),
		}, nil
	})
	req, err := http.NewRequestWithContext(t.Context(), "PUT", "http://127.0.0.1:1"+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	l.errors = nil
	resp, err := c.Transport(vendor).RoundTrip(req)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, answer, string(got), "the caller gets the answer although it was read")
	return l.errors
}

func TestTransportReportsViolationsOnly(t *testing.T) {
	c, l := load(t)
	for name, tc := range map[string]struct {
		path, body string
		status     int
		answer     string
		complaint  string
	}{
		"all is well":              {"/rest/things/1", `{"name":"a"}`, 200, `{"name":"a","size":1}`, ""},
		"request lacks a field":    {"/rest/things/1", `{}`, 200, `{}`, `"name" is missing`},
		"answer of the wrong type": {"/rest/things/1", `{"name":"a"}`, 200, `{"size":"1"}`, "at /size"},
		"answer with too much":     {"/rest/things/1", `{"name":"a"}`, 200, `{"more":1}`, `"more"`},
		"null is let pass":         {"/rest/things/1", `{"name":"a"}`, 200, `{"size":null}`, ""},
		"any date is let pass":     {"/rest/things/1", `{"name":"a"}`, 200, `{"at":"2026-01-02T03:04:05.678+0000"}`, ""},
		"a refusal excuses":        {"/rest/things/1", `{}`, 400, `no`, ""},
		"unknown path":             {"/rest/other", `{}`, 200, `{}`, "not in the contract"},
		"outside the server":       {"/things/1", `{"name":"a"}`, 200, `{}`, "not in the contract"},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, c, l, tc.path, tc.body, tc.status, tc.answer)
			if tc.complaint == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], tc.complaint)
		})
	}
	require.Len(t, send(t, c, l, "/rest/things/1", `{}`, 200, `{"size":"1","more":1}`), 3, "every violation is named")
}

func TestBelowAndExcept(t *testing.T) {
	c, l := load(t)
	require.Empty(t, send(t, c.Below("/jira/"), l, "/jira/rest/things/1", `{"name":"a"}`, 200, `{}`))
	except := func(operation, contains string) *Contract {
		return c.Except(Exception{Operation: operation, Contains: contains, Why: "test"})
	}
	bad := `{"size":"1"}`
	require.Empty(t, send(t, except("PUT /things/{id}", "at /size"), l, "/rest/things/1", `{"name":"a"}`, 200, bad))
	require.Empty(t, send(t, except("", ""), l, "/rest/things/1", `{"name":"a"}`, 200, bad))
	require.Len(t, send(t, except("GET /things/{id}", "at /size"), l, "/rest/things/1", `{"name":"a"}`, 200, bad), 1)
	require.Len(t, send(t, except("", "at /other"), l, "/rest/things/1", `{"name":"a"}`, 200, bad), 1)
	require.Len(t, send(t, c, l, "/rest/things/1", `{"name":"a"}`, 200, bad), 1, "the contract itself stays as it was")
}

func TestAbsentFolderSkipsButFailsInCI(t *testing.T) {
	t.Setenv(Env, filepath.Join(t.TempDir(), "absent"))
	for _, ci := range []string{"", "true"} {
		t.Setenv("CI", ci)
		l := &listener{TB: t}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Load(l, "small.json")
		}()
		<-ended
		require.Equal(t, ci == "true", len(l.fatal) == 1)
		require.Equal(t, ci != "true", len(l.skipped) == 1)
	}
}
