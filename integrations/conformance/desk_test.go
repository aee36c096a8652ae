package conformance

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	deskUser  = "bridge"
	deskToken = "desk-token-1234567890"
	deskPage  = 50
	// What the desk takes, in bytes.
	maxTitle, maxNote = 250, 20_000
)

// desk is a vendor that has everything an integration may use, so that every case of the suite can be passed.
type desk struct {
	server *httptest.Server
	mu     sync.Mutex
	things []*thing
	hooks  [][2]string
	posts  sync.WaitGroup
}

// thing is one object of the desk.
type thing struct {
	ID     string     `json:"id"`
	Marker string     `json:"marker"`
	Place  string     `json:"place"`
	Title  string     `json:"title"`
	Status string     `json:"status"`
	By     deskPerson `json:"by"`
	At     time.Time  `json:"at"`
	Reason string     `json:"reason"`
	Notes  []deskNote `json:"notes"`
}

type deskNote struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

type deskPerson struct {
	ID    string    `json:"id"`
	Email string    `json:"email"`
	Bot   bool      `json:"bot"`
	Level int       `json:"level"`
	Until time.Time `json:"until"`
}

func newDesk(t testing.TB) Vendor {
	d := &desk{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/self", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]string{"id": deskUser}) })
	mux.HandleFunc("GET /api/things", d.list)
	mux.HandleFunc("POST /api/things", d.create)
	mux.HandleFunc("GET /api/things/{id}", d.change(func(*http.Request, *thing) int { return 200 }))
	mux.HandleFunc("POST /api/things/{id}/notes", d.change(addNote))
	mux.HandleFunc("PUT /api/things/{id}/status", d.change(setStatus))
	mux.HandleFunc("/api/oncall/{name}", onCall)
	mux.HandleFunc("/api/groups/{name}", group)
	mux.HandleFunc("GET /api/places/{name}", place)
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, token, _ := r.BasicAuth(); user != deskUser || token != deskToken {
			answer(w, 401, nil)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		d.server.Close()
		d.posts.Wait()
	})
	return d
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func (d *desk) find(keep func(*thing) bool) []*thing {
	return slices.DeleteFunc(slices.Clone(d.things), func(t *thing) bool { return !keep(t) })
}

func (d *desk) list(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := d.find(func(t *thing) bool { return strings.HasPrefix(t.Marker, r.URL.Query().Get("marker")) })
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	end := min((page+1)*deskPage, len(found))
	answer(w, 200, map[string]any{"things": found[min(page*deskPage, end):end], "more": end < len(found)})
}

func (d *desk) create(w http.ResponseWriter, r *http.Request) {
	var in struct{ Key, Marker, Title, Place string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Title) > maxTitle || in.Place != "" && in.Place != annex {
		answer(w, 400, nil)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	id := "T" + in.Key
	if same := d.find(func(t *thing) bool { return t.ID == id }); len(same) > 0 {
		answer(w, 200, same[0])
		return
	}
	made := &thing{ID: id, Marker: in.Marker, Title: in.Title, Place: in.Place, Status: "open"}
	d.things = append(d.things, made)
	answer(w, 201, made)
}

func (d *desk) change(f func(*http.Request, *thing) int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		found := d.find(func(t *thing) bool { return t.ID == r.PathValue("id") })
		if len(found) == 0 {
			answer(w, 404, nil)
			return
		}
		answer(w, f(r, found[0]), found[0])
	}
}

func addNote(r *http.Request, t *thing) int {
	var n deskNote
	if json.NewDecoder(r.Body).Decode(&n) != nil || len(n.Text) > maxNote {
		return 400
	}
	t.Notes = append(t.Notes, n)
	return 201
}

func setStatus(r *http.Request, t *thing) int {
	if json.NewDecoder(r.Body).Decode(&t) != nil {
		return 400
	}
	t.By, t.At = deskPerson{ID: deskUser, Bot: true}, time.Now()
	return 200
}

func onCall(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.PathValue("name"), "Database") {
		answer(w, 404, nil)
		return
	}
	until := time.Now().Add(time.Hour)
	answer(w, 200, []deskPerson{
		{ID: "u1", Email: "ann@example.com", Level: 1, Until: until},
		{ID: "u2", Email: "bob@example.com", Level: 1, Until: until},
		{ID: "u3", Email: "cleo@example.com", Level: 2},
	})
}

const (
	// deskGroup has that many people, and a program, in it.
	deskGroup, deskMembers = "approvers", 2*deskPage + 20
	// annex is a place for things besides the one without a name.
	annex = "annex"
)

func deskPeople() []deskPerson {
	people := []deskPerson{{ID: "u1", Email: "ann@example.com"}}
	for n := 2; n <= deskMembers; n++ {
		people = append(people, deskPerson{ID: fmt.Sprintf("u%d", n), Email: fmt.Sprintf("person%d@example.com", n)})
	}
	return people
}

func group(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") != deskGroup {
		answer(w, 404, nil)
		return
	}
	all := append(deskPeople(), deskPerson{ID: "rule", Email: "rule@example.com", Bot: true})
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	end := min((page+1)*deskPage, len(all))
	answer(w, 200, map[string]any{"members": all[min(page*deskPage, end):end], "more": end < len(all)})
}

func place(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") != annex {
		answer(w, 404, nil)
		return
	}
	answer(w, 200, map[string]string{"id": annex})
}

// What follows is a person, or a program, at work.

func (d *desk) URL() string { return d.server.URL + "/api" }

func (d *desk) Objects(requestID string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var ids []string
	for _, t := range d.find(func(t *thing) bool { return t.Marker == requestID }) {
		ids = append(ids, t.ID)
	}
	return ids
}

func (d *desk) by(id string, f func(*thing)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := d.find(func(t *thing) bool { return t.ID == id })
	if len(found) == 0 {
		return errors.New("no such thing")
	}
	f(found[0])
	return nil
}

func (d *desk) Ended(id string) (ended bool) {
	return d.by(id, func(t *thing) { ended = t.Status != "open" }) == nil && ended
}

func (d *desk) Delete(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.things = d.find(func(t *thing) bool { return t.ID != id })
	return nil
}

func (d *desk) Decide(id string, v bridge.Verdict, reason string) (bridge.Actor, error) {
	who := deskPerson{ID: "u1", Email: "ann@example.com"}
	return bridge.Actor{ID: who.ID, Email: who.Email}, d.settle(id, who, v, reason)
}

func (d *desk) Automate(id string, v bridge.Verdict) error {
	return d.settle(id, deskPerson{ID: "rule", Email: "rule@example.com", Bot: true}, v, "")
}

func (d *desk) settle(id string, who deskPerson, v bridge.Verdict, reason string) error {
	status := map[bridge.Verdict]string{bridge.Approve: "approved", bridge.Deny: "denied", bridge.Undecided: "looked at"}[v]
	return d.by(id, func(t *thing) {
		t.Status, t.By, t.At, t.Reason = status, who, time.Now(), reason
		body := fmt.Appendf(nil, `{"event":"thing.changed","delivery":"d-%s","thing":{"id":%q,"marker":%q},"tags":["a",1,null]}`, id, t.ID, t.Marker)
		for _, hook := range d.hooks {
			in := proven(bridge.Inbound{Header: http.Header{}, Body: body}, hook[1], time.Now())
			d.posts.Go(func() { post(hook[0], in) })
		}
	})
}

func post(address string, in bridge.Inbound) {
	req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(in.Body))
	if err != nil {
		return
	}
	req.Header = in.Header
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

func (d *desk) Subscribe(address, secret string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hooks = append(d.hooks, [2]string{address, secret})
}

func (d *desk) Redate(in bridge.Inbound, secret string, at time.Time) bridge.Inbound {
	return proven(in, secret, at)
}

func (d *desk) OnCall() (bridge.OnCallQuery, [][]bridge.Actor, error) {
	return bridge.OnCallQuery{Schedules: []string{"Database"}}, [][]bridge.Actor{
		{{ID: "u1", Email: "ann@example.com"}, {ID: "u2", Email: "bob@example.com"}}, {{ID: "u3", Email: "cleo@example.com"}},
	}, nil
}

func (d *desk) Group() (string, []bridge.Actor) {
	var people []bridge.Actor
	for _, p := range deskPeople() {
		people = append(people, bridge.Actor{ID: p.ID, Email: p.Email})
	}
	return deskGroup, people
}

func (d *desk) Recipient() string { return annex }

func (d *desk) Received(id, recipient string) (there bool) {
	return d.by(id, func(t *thing) { there = t.Place == recipient }) == nil && there
}

// proven returns a delivery with its proof: a time, and the HMAC of time and body.
func proven(in bridge.Inbound, secret string, at time.Time) bridge.Inbound {
	out := clone(in)
	stamp := strconv.FormatInt(at.Unix(), 10)
	out.Header.Set("X-Desk-Time", stamp)
	out.Header.Set("X-Desk-Signature", "v1="+deskSum(secret, stamp, in.Body))
	return out
}

func deskSum(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// cutBytes cuts a text to a number of bytes, between two runes.
func cutBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
