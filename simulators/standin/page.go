package standin

import (
	_ "embed" // the frame of the page
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

//go:embed page.html
var pageHTML string

// Person is somebody whom the page can act as.
type Person struct{ ID, Name string }

// Page is where a person looks at what the vendor holds, and acts on it. It needs no login, so forms sent by other sites are
// refused. The page notices changes by itself.
type Page struct {
	// Title and Subtitle stand at the top.
	Title, Subtitle string
	// Template is the vendor's part: {{define "main"}} with the content, which sees [View], and {{define "style"}} with more
	// CSS. A card is an <article class="card" id="..."> so that it stays open; the field a person types in has the class
	// "text"; a form names the acting person by <input type="hidden" name="user" value="{{$.Me}}" class="user"> and posts to
	// {{$.Base}}/ and the name of an action.
	Template string
	// Version grows with every change of what is shown.
	Version func() int64
	// People are those a visitor can act as. Find is the id of the person named in the address by ?as=, or empty.
	People func() []Person
	Find   func(who string) string
	// Content is what "main" shows, as View.Content.
	Content func() any
	// Actions do what a form asks for. User is who was chosen, maybe nobody; an error is shown to them.
	Actions map[string]func(user string, r *http.Request) error
}

// View is what the template sees.
type View struct {
	Title, Subtitle string
	// Base is the page's own path.
	Base    string
	Version int64
	// Message is what an action told.
	Message string
	// As is the person named in the address, if any; Me is the one forms act as without a script.
	As, Me  string
	People  []Person
	Content any
}

// handler serves the page below base. Name is cut off the texts of errors.
func (p Page) handler(name, base string, log *slog.Logger) http.Handler {
	frame := template.Must(template.Must(template.New("page").Parse(pageHTML)).Parse(p.Template))
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Frame-Options", "DENY")
		if err := frame.Execute(w, p.view(base, r.URL.Query())); err != nil {
			log.Error("the page could not be rendered", "error", err)
		}
	})
	mux.HandleFunc("GET "+base+"/state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		WriteJSON(w, http.StatusOK, "application/json", map[string]int64{"version": p.Version()})
	})
	for action, act := range p.Actions {
		mux.HandleFunc("POST "+base+"/"+action, func(w http.ResponseWriter, r *http.Request) {
			user := r.FormValue("user")
			query := url.Values{"as": {user}}
			if err := act(user, r); err != nil {
				query.Set("message", strings.TrimPrefix(fmt.Sprint(err), name+": "))
			}
			http.Redirect(w, r, base+"?"+query.Encode(), http.StatusSeeOther)
		})
	}
	return http.NewCrossOriginProtection().Handler(mux)
}

func (p Page) view(base string, query url.Values) View {
	v := View{
		Title: p.Title, Subtitle: p.Subtitle, Base: base, Version: p.Version(), Message: query.Get("message"),
		As: p.Find(query.Get("as")), People: p.People(), Content: p.Content(),
	}
	v.Me = v.As
	if v.Me == "" && len(v.People) > 0 {
		v.Me = v.People[0].ID
	}
	return v
}
