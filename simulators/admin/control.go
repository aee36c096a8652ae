package admin

import (
	"net/http"
	"time"
)

func (a *api) stopTeleport(*http.Request) (any, error) {
	a.world.Teleport.Stop()
	return nil, nil
}

func (a *api) startTeleport(*http.Request) (any, error) {
	if err := a.world.Teleport.Start(); err != nil {
		return nil, conflict(err)
	}
	return nil, nil
}

func (a *api) breakWatchers(*http.Request) (any, error) {
	a.world.Teleport.BreakWatchers()
	return nil, nil
}

func (a *api) dropConnections(*http.Request) (any, error) {
	a.world.Teleport.DropConnections()
	return nil, nil
}

func (a *api) stopVendor(s simulator, _ *http.Request) (any, error) {
	s.Stop()
	return nil, nil
}

func (a *api) startVendor(s simulator, _ *http.Request) (any, error) {
	if err := s.Start(); err != nil {
		return nil, conflict(err)
	}
	return nil, nil
}

func (a *api) calls(*http.Request) (any, error) {
	out := map[string]map[string]int{"teleport": a.world.Teleport.Calls()}
	for _, v := range a.world.vendors {
		out[v.name] = v.Calls()
	}
	return out, nil
}

func (a *api) resetCalls(*http.Request) (any, error) {
	a.world.Teleport.ResetCalls()
	for _, v := range a.world.vendors {
		v.ResetCalls()
	}
	return nil, nil
}

type deliveryView struct {
	Vendor string `json:"vendor"`
	URL    string `json:"url"`
	Event  string `json:"event"`
	// Object is the key of an issue, or the id of an incident or alert; Issue is the former again.
	Object     string      `json:"object"`
	Issue      string      `json:"issue,omitempty"`
	Identifier string      `json:"identifier,omitempty"`
	Attempt    int         `json:"attempt"`
	Status     int         `json:"status"`
	Error      string      `json:"error,omitempty"`
	Lost       bool        `json:"lost"`
	At         time.Time   `json:"at"`
	Headers    http.Header `json:"headers"`
	// Body is text and not JSON within JSON, because a signature covers its exact bytes.
	Body string `json:"body"`
}

// deliveries are in the order in which they ended, one vendor after the other.
func (a *api) deliveries(*http.Request) (any, error) {
	out := []deliveryView{}
	for _, v := range a.world.vendors {
		for _, d := range v.Deliveries() {
			seen := deliveryView{
				Vendor: v.name, URL: d.URL, Event: d.Event, Object: d.Object, Identifier: d.Identifier, Attempt: d.Attempt,
				Status: d.Status, Error: d.Error, Lost: d.Lost, At: d.At, Headers: d.Headers, Body: string(d.Body),
			}
			if v.name == jiraName {
				seen.Issue = d.Object
			}
			out = append(out, seen)
		}
	}
	return out, nil
}

func (a *api) renewIdentity(r *http.Request) (any, error) {
	var in struct {
		TTL duration `json:"ttl"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.TTL == 0 {
		return nil, badRequest(`ttl is required, such as "1h"`)
	}
	if err := a.world.RenewIdentity(time.Duration(in.TTL)); err != nil {
		return nil, err
	}
	return map[string]string{"path": a.world.Identity}, nil
}
