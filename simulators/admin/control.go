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

func (a *api) stopJira(*http.Request) (any, error) {
	a.world.Jira.Stop()
	return nil, nil
}

func (a *api) startJira(*http.Request) (any, error) {
	if err := a.world.Jira.Start(); err != nil {
		return nil, conflict(err)
	}
	return nil, nil
}

func (a *api) calls(*http.Request) (any, error) {
	return map[string]map[string]int{"teleport": a.world.Teleport.Calls(), "jira": a.world.Jira.Calls()}, nil
}

func (a *api) resetCalls(*http.Request) (any, error) {
	a.world.Teleport.ResetCalls()
	a.world.Jira.ResetCalls()
	return nil, nil
}

type deliveryView struct {
	URL        string      `json:"url"`
	Event      string      `json:"event"`
	Issue      string      `json:"issue"`
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

func (a *api) deliveries(*http.Request) (any, error) {
	out := []deliveryView{}
	for _, d := range a.world.Jira.Deliveries() {
		out = append(out, deliveryView{
			URL: d.URL, Event: d.Event, Issue: d.Issue, Identifier: d.Identifier, Attempt: d.Attempt, Status: d.Status,
			Error: d.Error, Lost: d.Lost, At: d.At, Headers: d.Headers, Body: string(d.Body),
		})
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
