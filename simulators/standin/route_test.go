package standin_test

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestAHandlerSeesTheCall(t *testing.T) {
	a := start(t, setup{prefixes: []string{"/api/1", "/api/2"}})
	got := a.Do(200, "GET", "/api/2/things/a%2Fb%20c?q=x", nil)
	require.Equal(t, standintest.Object{
		"id": "a/b c", "by": "alice", "prefix": "/api/2", "route": "GET /things/{id}", "q": "x",
	}, got.Object(t))
	require.Equal(t, "application/acme+json", got.Header.Get("Content-Type"))
	a.Do(200, "GET", "/api/1/things/1/", nil)
	gone := a.Do(204, "DELETE", "/api/1/things/1", nil)
	require.Equal(t, []string{"yes", "1", ""}, []string{gone.Header.Get("X-Gone"), gone.Header.Get("X-Always"), gone.Header.Get("Content-Type")})
	require.Empty(t, gone.Body)
}

func TestALiteralStandsBeforeAParameter(t *testing.T) {
	a := start(t, setup{})
	a.add("one")
	require.JSONEq(t, `["one"]`, string(a.Do(200, "GET", "/things/all", nil).Body), "although it was added later")
	handler := func(name string) func(*call) (standin.Reply, error) {
		return func(*call) (standin.Reply, error) { return standin.OK(name) }
	}
	for _, name := range []string{"GET /x/{a}/{b}", "GET /x/{a}/last", "GET /x/first/{b}", "GET /x/first/last"} {
		a.Handle(name, handler(name))
	}
	for path, want := range map[string]string{
		"/x/1/2": "GET /x/{a}/{b}", "/x/1/last": "GET /x/{a}/last", "/x/first/2": "GET /x/first/{b}", "/x/first/last": "GET /x/first/last",
	} {
		require.Equal(t, `"`+want+`"`, string(a.Do(200, "GET", path, nil).Body))
	}
}

func TestCallsAreCountedByRoute(t *testing.T) {
	a := start(t, setup{prefixes: []string{"/api"}})
	a.Show("/board", page(a))
	a.Do(201, "POST", "/api/things", `{}`)
	a.Do(200, "GET", "/api/things/1", nil)
	a.Do(200, "GET", "/api/things/2", nil)
	a.As(func(*http.Request) {}).Do(401, "GET", "/api/things/3", nil)
	a.Do(404, "GET", "/api/nonsense", nil)
	a.Do(404, "GET", "/elsewhere", nil)
	a.Do(405, "PATCH", "/api/things/1", nil)
	a.Do(200, "GET", "/board", nil)
	require.Equal(t, map[string]int{"POST /things": 1, "GET /things/{id}": 3, "other": 3}, a.Calls())
	require.Equal(t, 7, a.TotalCalls())
	a.ResetCalls()
	require.Zero(t, a.TotalCalls())
	require.Empty(t, a.Calls())
}

func TestRefusalsAreToldInTheVendorsForm(t *testing.T) {
	a := start(t, setup{prefixes: []string{"/api"}})
	a.Handle("GET /bug", func(*call) (standin.Reply, error) { return standin.OK(math.NaN()) })
	for _, tc := range []struct {
		status       int
		method, path string
		body         any
		want         string
	}{
		{404, "GET", "/elsewhere", nil, `{"problem":"Not Found","path":"/elsewhere","fault":false}`},
		{404, "GET", "/apis/things/1", nil, `{"problem":"Not Found","path":"/apis/things/1","fault":false}`},
		{404, "GET", "/api/nonsense", nil, `{"problem":"Not Found","path":"/nonsense","fault":false}`},
		{405, "PATCH", "/api/things/1", nil, `{"problem":"Method Not Allowed","path":"/things/1","fault":false}`},
		{500, "POST", "/api/things", `{`, `{"bug":"unexpected end of JSON input"}`},
		{500, "GET", "/api/bug", nil, ``},
		{413, "POST", "/api/things", strings.Repeat("x", 5<<20), `{"problem":"Request Entity Too Large","path":"/api/things","fault":false}`},
	} {
		got := a.Do(tc.status, tc.method, tc.path, tc.body)
		if tc.want != "" {
			require.JSONEq(t, tc.want, string(got.Body))
			require.Equal(t, "1", got.Header.Get("X-Refused"))
		}
	}
	got := a.As(func(*http.Request) {}).Do(401, "GET", "/api/things/1", nil)
	require.JSONEq(t, `{"own":"acme simulator: Unauthorized"}`, string(got.Body))
	require.Equal(t, "1", got.Header.Get("X-Always"), "on refusals too")
	require.Empty(t, a.all())
}

func TestAnEmptySecretIsNeverTheSame(t *testing.T) {
	require.True(t, standin.SameSecret("a", "a"))
	require.False(t, standin.SameSecret("a", "b"))
	require.False(t, standin.SameSecret("a", ""))
	require.False(t, standin.SameSecret("", ""))
}

func TestHooksAreToldInOrder(t *testing.T) {
	var hooks standin.Hooks[string]
	var got []string
	hooks.Tell("nobody hears")
	hooks.Add(func(s string) { got = append(got, "first "+s) })
	hooks.Add(func(s string) { got = append(got, "second "+s) })
	hooks.Tell("x")
	require.Equal(t, []string{"first x", "second x"}, got)
}
