package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

// flaw is one thing the integration under test does wrong; empty for none.
type flaw string

type deskSettings struct {
	URL     string         `yaml:"url"`
	Token   config.Secret  `yaml:"token"`
	Secrets config.Secrets `yaml:"secrets"`
	Debug   string         `yaml:"debug"`
	flaw    flaw
}

// Validate reports what is missing.
func (s *deskSettings) Validate(p *config.Problems) {
	if s.flaw == "takes no secret" {
		return
	}
	if !p.Secrets("secrets", s.Secrets, "").IsSet() {
		p.Add("secrets", "add one", "is required")
	}
}

// deskClient is an integration with the desk that can do everything, and one thing wrong.
type deskClient struct {
	set  deskSettings
	flaw flaw
	log  *slog.Logger
	hc   *http.Client

	mu         sync.Mutex
	opened     map[string]bridge.Ref
	sent       map[string]bool
	deliveries map[string]bool
}

func newDeskClient(s config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
	set, _ := s.(*deskSettings)
	d := &deskClient{
		set: *set, flaw: set.flaw, log: log, opened: map[string]bridge.Ref{}, sent: map[string]bool{}, deliveries: map[string]bool{},
	}
	var err error
	d.hc, _, err = httpx.New(httpx.Options{Integration: "desk", Timeout: patience, Log: log})
	return d, err
}

func (d *deskClient) is(f flaw) bool        { return d.flaw == f }
func (d *deskClient) Name() string          { return "desk" }
func (d *deskClient) Traits() bridge.Traits { return bridge.Traits{Keyed: d.is("says it has a key")} }

// call makes one call; the flaws of errors are here.
func (d *deskClient) call(ctx context.Context, method, path string, in, out any) error {
	if d.is("goes on when cancelled") {
		// It must end some day, and sooner than the patience does.
		going, end := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer end()
		ctx = going
	}
	hc := d.hc
	if d.is("forgets the pause") {
		hc, _, _ = httpx.New(httpx.Options{})
	}
	body, _ := json.Marshal(in)
	req, err := http.NewRequestWithContext(ctx, method, d.set.URL+path, bytes.NewReader(body))
	if err != nil {
		return bridge.Terminal(err)
	}
	token, _ := d.set.Token.Reveal()
	req.SetBasicAuth(deskUser, token)
	if d.is("logs its calls") {
		d.log.Debug("calling", "headers", req.Header)
	}
	resp, err := hc.Do(req)
	if err != nil && method != http.MethodGet && d.is("writes again") {
		req.Body, _ = req.GetBody()
		resp, err = hc.Do(req)
	}
	if resp != nil {
		defer resp.Body.Close()
	}
	err = d.bend(httpx.Classify(resp, err))
	if err != nil || out == nil {
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil && !d.is("believes any answer") {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

func (d *deskClient) bend(err error) error {
	_, after := bridge.ClassOf(err)
	switch {
	case err == nil:
		return nil
	case d.is("every error passes"):
		return &bridge.Error{Class: bridge.ClassRetry, Unsent: bridge.NoEffect(err), Err: err}
	case d.is("every error is final"):
		return bridge.Terminal(err)
	case d.is("always unknown"):
		class, _ := bridge.ClassOf(err)
		return &bridge.Error{Class: class, After: after, Err: err}
	case d.is("repeats the answer"):
		if status, ok := errors.AsType[*httpx.StatusError](err); ok {
			return fmt.Errorf("%s: %w", status.Body, err)
		}
		return err
	case d.is("waits a minute") && after > 0:
		return &bridge.Error{Class: bridge.ClassWait, After: time.Minute, Unsent: bridge.NoEffect(err), Err: err}
	case d.is("no answer is no effect"):
		return bridge.Unsent(err)
	}
	return err
}

// gone tells a deleted thing from an address where nothing is found.
func (d *deskClient) gone(ctx context.Context, err error) error {
	status, ok := errors.AsType[*httpx.StatusError](err)
	if !ok || status.Code != http.StatusNotFound || d.is("never gone") {
		return err
	}
	if !d.is("not found is gone") {
		if selfErr := d.call(ctx, http.MethodGet, "/self", nil, nil); selfErr != nil {
			return fmt.Errorf("not found, nor is the account: %w", selfErr)
		}
	}
	return bridge.ErrGone
}

func (d *deskClient) ref(id string) bridge.Ref {
	if d.is("has no page") {
		return bridge.Ref{ID: id}
	}
	return bridge.Ref{ID: id, URL: d.set.URL + "/pages/" + id}
}

func (d *deskClient) Check(ctx context.Context) []bridge.Finding {
	err := d.call(ctx, http.MethodGet, "/self", nil, nil)
	switch {
	case d.is("checks nothing"):
		return nil
	case err == nil || d.is("is always well"):
		return []bridge.Finding{{OK: true, What: "the account is well"}}
	case d.is("shows the answer"):
		status, _ := errors.AsType[*httpx.StatusError](err)
		return []bridge.Finding{{What: string(status.Body), Mend: "mend it"}}
	}
	return []bridge.Finding{{What: err.Error(), Mend: "check the token"}}
}

func (d *deskClient) Find(ctx context.Context, m bridge.Marker) (*bridge.Ref, error) {
	d.mu.Lock()
	known, remembered := d.opened[m.RequestID]
	d.mu.Unlock()
	switch {
	case d.is("never finds"):
		return nil, nil
	case d.is("finds by memory") && remembered:
		return &known, nil
	case len(m.RequestID) != 36 && !d.is("finds by prefix"):
		return nil, nil
	}
	query := "?marker=" + url.QueryEscape(m.RequestID)
	if d.is("finds anything") {
		query = ""
	}
	var page deskListing
	if err := d.call(ctx, http.MethodGet, "/things"+query, nil, &page); err != nil || len(page.Things) == 0 {
		return nil, err
	}
	ref := d.ref(page.Things[0].ID)
	return &ref, nil
}

func (d *deskClient) Open(ctx context.Context, m bridge.Marker, draft bridge.Draft) (bridge.Ref, error) {
	if draft.Settings != nil && !d.is("takes any settings") {
		return bridge.Ref{}, bridge.Terminal(errors.New("settings of another integration"))
	}
	title := draft.Request.User + " asks: " + draft.Request.Reason
	switch {
	case d.is("cuts bytes"):
		title = title[:min(len(title), maxTitle-6)]
	case d.is("refuses odd text") && strings.Contains(title, "\x00"):
		return bridge.Ref{}, bridge.Terminal(errors.New("odd text"))
	default:
		title = cutBytes(strings.ToValidUTF8(title, "?"), maxTitle)
	}
	place, err := d.place(ctx, draft.Recipients)
	if err != nil {
		return bridge.Ref{}, err
	}
	key := m.RequestID
	if d.is("has no key") {
		key = fmt.Sprint(time.Now().UnixNano())
	}
	var made thing
	in := map[string]string{"key": key, "marker": m.RequestID, "title": title, "place": place}
	if err := d.call(ctx, http.MethodPost, "/things", in, &made); err != nil {
		return bridge.Ref{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened[m.RequestID] = d.ref(made.ID)
	if d.is("mixes up objects") {
		for _, first := range d.opened {
			return first, nil
		}
	}
	return d.ref(made.ID), nil
}

func (d *deskClient) read(ctx context.Context, ref bridge.Ref) (thing, error) {
	var t thing
	err := d.call(ctx, http.MethodGet, "/things/"+url.PathEscape(ref.ID), nil, &t)
	return t, d.gone(ctx, err)
}

func (d *deskClient) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	if len(notes) == 0 && d.is("adds an empty note") {
		notes = []bridge.Note{{}}
	}
	if len(notes) == 0 {
		return nil
	}
	t, err := d.read(ctx, ref)
	if err != nil {
		return err
	}
	for _, n := range notes {
		shown := slices.ContainsFunc(t.Notes, func(s deskNote) bool { return s.ID == n.ID })
		if shown && !d.is("repeats notes") || d.is("adds no notes") || d.skips(n) {
			continue
		}
		note := deskNote{ID: n.ID, Text: cutBytes(strings.ToValidUTF8(n.Text, "?"), maxNote)}
		if err := d.call(ctx, http.MethodPost, "/things/"+ref.ID+"/notes", note, nil); err != nil {
			return d.gone(ctx, err)
		}
	}
	return nil
}

// skips is the flaw of who writes down all notes as shown before they are.
func (d *deskClient) skips(n bridge.Note) bool {
	if !d.is("remembers too early") {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	skip := len(d.sent) > 0
	d.sent[n.ID] = true
	return skip
}

func (d *deskClient) Close(ctx context.Context, ref bridge.Ref, o bridge.Outcome) error {
	status := string(o.Ending)
	tell := func() error { return d.Update(ctx, ref, []bridge.Note{o.Note}) }
	t, err := d.read(ctx, ref)
	if err != nil {
		return err
	}
	end := func() error {
		if t.Status == status && !d.is("ends again") || o.Ending == bridge.EndPromoted && d.is("leaves promoted open") {
			return nil
		}
		return d.call(ctx, http.MethodPut, "/things/"+ref.ID+"/status", map[string]string{"status": status}, nil)
	}
	if d.is("ends before it tells") {
		if t.Status == status {
			return nil
		}
		tell, end = end, tell
	}
	if err := tell(); err != nil {
		return err
	}
	return d.gone(ctx, end())
}

// deskListing is one page.
type deskListing struct {
	Things []thing `json:"things"`
	More   bool    `json:"more"`
}

func (d *deskClient) Changed(ctx context.Context, _ time.Time) iter.Seq2[bridge.Glance, error] {
	return func(yield func(bridge.Glance, error) bool) {
		var held []thing
		for page := 0; ; page++ {
			var listing deskListing
			err := d.call(ctx, http.MethodGet, fmt.Sprintf("/things?page=%d", page), nil, &listing)
			if err != nil && (!d.is("swallows a page") || page == 0) {
				yield(bridge.Glance{}, err)
				return
			}
			held = append(held, listing.Things...)
			if d.is("reads all first") && listing.More {
				continue
			}
			for _, t := range held {
				decided := verdictOf(t.Status) != bridge.Undecided && !d.is("sees no decision")
				if !yield(bridge.Glance{Object: d.ref(t.ID), Decided: decided}, nil) {
					return
				}
			}
			held = nil
			if !listing.More || d.is("reads one page") {
				return
			}
		}
	}
}
