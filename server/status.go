package server

import (
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/reconcile"
)

// Status is the state of the bridge for people and scripts, as /status and `accessbridge status` show it. It holds no secret.
type Status struct {
	Version  string `json:"version"`
	Instance string `json:"instance"`
	DryRun   bool   `json:"dry_run"`
	Ready    bool   `json:"ready"`
	// Teleport is nil until the first connection.
	Teleport     *TeleportStatus        `json:"teleport,omitempty"`
	Requests     map[bridge.State]int   `json:"requests,omitempty"`
	Integrations []IntegrationStatus    `json:"integrations"`
	Queues       []reconcile.QueueState `json:"queues,omitempty"`
	Unsettled    []reconcile.Failure    `json:"unsettled,omitempty"`
	// Rules is nil when the configuration asks no Access Monitoring Rules.
	Rules *RulesStatus `json:"access_monitoring_rules,omitempty"`
}

// TeleportStatus is the state of the connection to Teleport.
type TeleportStatus struct {
	Cluster           string    `json:"cluster"`
	Version           string    `json:"version"`
	User              string    `json:"user"`
	CredentialExpires time.Time `json:"credential_expires"`
	Watching          bool      `json:"watching"`
	LastList          time.Time `json:"last_list"`
	LastError         string    `json:"last_error,omitempty"`
	// PeopleKnown is false when the bridge may not read Teleport users.
	PeopleKnown bool `json:"people_known"`
}

// IntegrationStatus is the state of one integration.
type IntegrationStatus struct {
	Name  string               `json:"name"`
	Type  string               `json:"type"`
	Links map[bridge.Phase]int `json:"links,omitempty"`
	// PausedUntil is set while no calls are made to the vendor, LastError says why.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	LastError   string    `json:"last_error,omitempty"`
}

// Status reads the state of the bridge.
func (s *Server) Status() Status {
	status := Status{Version: s.version, Instance: s.instance, DryRun: s.dryRun, Ready: s.Ready() == nil}
	r := s.live.Load()
	for _, i := range s.instances {
		until, why := i.BusyUntil()
		if time.Now().After(until) {
			until = time.Time{}
		}
		status.Integrations = append(status.Integrations, IntegrationStatus{Name: i.Ticketer.Name(), Type: i.Type, PausedUntil: until, LastError: why})
	}
	if r == nil {
		return status
	}
	watch := r.requests.State()
	status.Teleport = &TeleportStatus{
		Cluster: r.client.Cluster(), Version: r.client.ServerVersion(), User: r.client.Self(), CredentialExpires: r.client.CredentialExpires(),
		Watching: watch.Connected, LastList: watch.LastList, LastError: watch.LastError, PeopleKnown: r.directory.Available(),
	}
	status.Requests, status.Rules = r.requests.Count(), r.rules.status()
	counts := r.linkCounts()
	for n := range status.Integrations {
		links := map[bridge.Phase]int{}
		for key, count := range counts {
			if key.integration == status.Integrations[n].Name {
				links[key.phase] = count
			}
		}
		status.Integrations[n].Links = links
	}
	status.Queues, status.Unsettled = r.engine.Queues(), r.engine.Failures()
	return status
}
