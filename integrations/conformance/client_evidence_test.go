package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

func verdictOf(status string) bridge.Verdict {
	switch status {
	case "approved":
		return bridge.Approve
	case "denied":
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}

func (d *deskClient) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	t, err := d.read(ctx, ref)
	if err != nil {
		return nil, err
	}
	e := bridge.Evidence{
		Target: d.Name(), Object: d.ref(t.ID), Marker: t.Marker, Status: t.Status, Verdict: verdictOf(t.Status),
		Actor: bridge.Actor{ID: t.By.ID, Email: t.By.Email, Automated: t.By.Bot}, At: t.At, Reason: t.Reason, ReadAt: time.Now(),
	}
	switch {
	case d.is("believes its own notes") && len(t.Notes) > 0:
		e.Verdict, e.Actor = bridge.Approve, bridge.Actor{ID: "u9"}
	case d.is("settles too early"):
		e.Settled = true
	case d.is("knows no time"):
		e.At = time.Time{}
	case d.is("only approves") && e.Verdict == bridge.Deny:
		e.Verdict = bridge.Approve
	case d.is("knows no reason"):
		e.Reason = ""
	case d.is("denies what it does not know") && t.Status != "open" && t.Status != "approved":
		e.Verdict = bridge.Deny
	case d.is("takes programs for people") && t.By.ID != deskUser, d.is("takes itself for a person") && t.By.ID == deskUser:
		e.Actor.Automated = false
	case d.is("remembers the marker"):
		e.Marker = ""
		d.mu.Lock()
		for id, opened := range d.opened {
			if opened.ID == ref.ID {
				e.Marker = id
			}
		}
		d.mu.Unlock()
	}
	return []bridge.Evidence{e}, nil
}

func (d *deskClient) OnCall(ctx context.Context, q bridge.OnCallQuery) ([]bridge.Shift, error) {
	var shifts []bridge.Shift
	method := http.MethodGet
	if d.is("asks by writing") {
		method = http.MethodPost
	}
	for _, name := range q.Schedules {
		if d.is("minds the case") && name != "Database" {
			continue
		}
		var people []deskPerson
		err := d.call(ctx, method, "/oncall/"+url.PathEscape(name), nil, &people)
		status, _ := errors.AsType[*httpx.StatusError](err)
		if d.is("ignores unknown names") && status != nil && status.Code == http.StatusNotFound {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, p := range people {
			if q.Levels > 0 && p.Level > q.Levels && !d.is("ignores the levels") || d.is("sees one level") && p.Level > 1 {
				continue
			}
			shifts = append(shifts, bridge.Shift{Person: bridge.Actor{ID: p.ID, Email: p.Email}, Via: name, Level: p.Level, Until: p.Until})
		}
	}
	return shifts, nil
}

func (d *deskClient) Verify(in bridge.Inbound) error {
	refused := &bridge.Refused{Status: http.StatusUnauthorized, Why: "signature"}
	stamp, given := in.Header.Get("X-Desk-Time"), strings.TrimPrefix(in.Header.Get("X-Desk-Signature"), "v1=")
	if d.is("takes what is not signed") && given == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return refused
	}
	if age := time.Since(time.Unix(seconds, 0)); age.Abs() > 5*time.Minute && !d.is("never mind the time") {
		return &bridge.Refused{Status: http.StatusUnauthorized, Why: "old"}
	}
	secrets, _ := d.set.Secrets.Reveal()
	body := in.Body
	switch {
	case d.is("takes one secret"):
		secrets = secrets[:1]
	case d.is("does not sign the body"):
		return nil
	case d.is("takes any secret"):
		secrets = append(secrets, "conformance-hook-foreign")
	}
	for _, secret := range secrets {
		sum := deskSum(secret, stamp, body)
		if sum == given || d.is("compares half") && len(given) == len(sum) && sum[:32] == given[:32] {
			return nil
		}
	}
	return refused
}

func (d *deskClient) Decode(in bridge.Inbound) (bridge.Delivery, error) {
	if d.is("asks while decoding") {
		if resp, err := d.hc.Get(d.set.URL + "/self"); err == nil {
			_ = resp.Body.Close()
		}
	}
	if d.is("trusts the types") {
		var tree map[string]any
		if json.Unmarshal(in.Body, &tree) == nil {
			_ = tree["thing"].(map[string]any)["id"].(string)
		}
	}
	var body struct {
		Event    string `json:"event"`
		Delivery string `json:"delivery"`
		Thing    struct {
			ID     string `json:"id"`
			Marker string `json:"marker"`
		} `json:"thing"`
	}
	if err := json.Unmarshal(in.Body, &body); err != nil {
		return bridge.Delivery{}, &bridge.Refused{Status: http.StatusBadRequest, Why: "body"}
	}
	out := bridge.Delivery{ID: body.Delivery, Event: body.Event}
	if body.Event != "thing.changed" && !d.is("hints at every event") || body.Thing.ID == "" || d.known(body.Delivery) {
		return out, nil
	}
	out.Hints = []bridge.Hint{{ObjectID: body.Thing.ID, RequestID: body.Thing.Marker}}
	if d.is("hints at neighbours") {
		out.Hints = append(out.Hints, bridge.Hint{ObjectID: "T0"})
	}
	return out, nil
}

// known is the flaw of who keeps deliveries, and loses those that came before a crash.
func (d *deskClient) known(delivery string) bool {
	if !d.is("takes a delivery once") {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.deliveries[delivery]
	d.deliveries[delivery] = true
	return known
}
