package standin_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// page shows the things of an acme and adds one.
func page(a *acme) standin.Page {
	people := []standin.Person{{ID: "U1", Name: "Alice"}, {ID: "U2", Name: "Bob"}}
	return standin.Page{
		Title: "Acme simulator", Subtitle: "things",
		Template: `{{define "style"}}.own { color: red; }{{end}}{{define "main"}}{{range .Content}}<b>{{.}}</b>{{end}}
<form action="{{$.Base}}/add">{{$.Me}}</form>{{end}}`,
		Version: a.version.Load,
		People:  func() []standin.Person { return people },
		Find: func(who string) string {
			for _, p := range people {
				if p.Name == who {
					return p.ID
				}
			}
			return ""
		},
		Content: func() any { return a.all() },
		Actions: map[string]func(string, *http.Request) error{"add": func(user string, r *http.Request) error {
			name := r.FormValue("name")
			if name == "" {
				return errors.New("acme simulator: it needs a name")
			}
			_, err := a.create(&call{Call: &standin.Call{Content: []byte(`{"name":"` + user + ` ` + name + `"}`)}})
			return err
		}},
	}
}

func TestThePageShowsTheVendorsPartEscaped(t *testing.T) {
	a := start(t, setup{Options: standin.Options{BasePath: "/acme", Latency: time.Hour}})
	a.things = []string{"<script>alert(1)</script>"}
	a.Show("/board", page(a))
	got := a.Do(200, "GET", "/board?as=Bob&message=%3Cb%3Etold", nil)
	text := string(got.Body)
	for _, want := range []string{
		"<title>Acme simulator: things</title>", "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>", ".own { color: red; }",
		`<option value="U2" selected>Bob</option>`, `action="/acme/board/add">U2<`, "&lt;b&gt;told", `const base = "/acme/board"`,
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "<script>alert(1)")
	require.NotContains(t, text, "https://", "no assets from outside")
	require.Equal(t, []string{"DENY", "no-store", "text/html; charset=utf-8"},
		[]string{got.Header.Get("X-Frame-Options"), got.Header.Get("Cache-Control"), got.Header.Get("Content-Type")})
	nobody := string(a.Do(200, "GET", "/board?as=mallory", nil).Body)
	require.Contains(t, nobody, `<option value="U1" selected>`, "the first one, unless the script knows better")
	require.NotContains(t, nobody, `role="alert"`)
	require.Zero(t, a.TotalCalls(), "the page is not counted, nor slow")
}

func TestAFormActsAndLeadsBack(t *testing.T) {
	a := start(t, setup{Options: standin.Options{BasePath: "/acme"}})
	a.Show("/board", page(a))
	got := a.Post("/board/add", "same-origin", url.Values{"user": {"U:2"}, "name": {"thing"}})
	require.Equal(t, []any{303, "/acme/board?as=U%3A2"}, []any{got.StatusCode, got.Header.Get("Location")})
	require.Equal(t, []string{"U:2 thing"}, a.all())
	got = a.Post("/board/add", "same-origin", url.Values{"user": {"U2"}})
	require.Equal(t, "/acme/board?as=U2&message=it+needs+a+name", got.Header.Get("Location"))
	require.Equal(t, http.StatusNotFound, a.Post("/board/invented", "same-origin", nil).StatusCode)
}

func TestThePageRefusesFormsOfOtherSites(t *testing.T) {
	a := start(t, setup{})
	a.Show("/board", page(a))
	got := a.Post("/board/add", "cross-site", url.Values{"user": {"U2"}, "name": {"thing"}})
	require.Equal(t, http.StatusForbidden, got.StatusCode)
	require.Empty(t, a.all())
}

func TestThePagesStateIsTheVersion(t *testing.T) {
	a := start(t, setup{})
	a.Show("/board", page(a))
	version := func() any { return a.Do(200, "GET", "/board/state", nil).Object(t)["version"] }
	require.EqualValues(t, 0, version())
	a.add("one")
	require.EqualValues(t, 1, version())
}
