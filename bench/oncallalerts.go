package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	jsmsim "github.com/accessbridge/accessbridge/simulators/jsm"
	opsgeniesim "github.com/accessbridge/accessbridge/simulators/opsgenie"
)

// schedulesAnnotation names the schedule to be on call for: each is a call of its own, so that a request is about no more than one.
const schedulesAnnotation = "teleport.dev/schedules"

// alertServer is a simulated product with alerts, of which there are two.
type alertServer interface {
	Start() error
	Close()
	URL() string
	Calls() map[string]int
	ResetDeliveries()
	AddReceiver(alerting.Receiver) alerting.Receiver
	Alerts() []alerting.Alert
	SetOnCall(schedule, user string, from, until time.Time) error
}

// alerts is such a product, with one schedule for ordinary requests and the spare ones.
type alerts struct {
	alertServer
	schedules []alerting.Schedule
	users     []alerting.User
	// shifts is the address that tells who is on call for a schedule, but for the schedule's id. login is what it is asked with.
	shifts string
	login  func(*http.Request)
	// person is what the product's answer calls a user.
	person func(alerting.User) string
}

func opsgenie() onCallVendor {
	return onCallVendor{
		kind: "opsgenie", token: opsgeniesim.DefaultAPIKey, config: opsgenieTemplate, read: "GET /v2/schedules/{id}/on-calls",
		start: func(o simulatorOptions, s *settings) (onCallSimulator, error) {
			account := alertAccount(o, opsgeniesim.DefaultUsers())
			server, err := started(opsgeniesim.New(opsgeniesim.Options{Latency: o.latency, TLS: o.serving, Account: account}))
			if err != nil {
				return nil, err
			}
			s.Vendor, s.Ordinary = server.URL(), opsgeniesim.DefaultSchedule
			return alerts{
				alertServer: server, schedules: account.Schedules, users: account.Users, shifts: server.URL() + "/v2/schedules/",
				login:  func(r *http.Request) { r.Header.Set("Authorization", "GenieKey "+opsgeniesim.DefaultAPIKey) },
				person: func(u alerting.User) string { return u.Username },
			}, nil
		},
	}
}

func jsm() onCallVendor {
	return onCallVendor{
		kind: "jsm", token: jsmsim.DefaultAPIToken, config: jsmTemplate, read: "GET /schedules/{id}/on-calls",
		start: func(o simulatorOptions, s *settings) (onCallSimulator, error) {
			account := alertAccount(o, jsmsim.DefaultUsers())
			server, err := started(jsmsim.New(jsmsim.Options{Latency: o.latency, TLS: o.serving, Account: account}))
			if err != nil {
				return nil, err
			}
			s.Vendor, s.Ordinary, s.User = server.URL(), jsmsim.DefaultSchedule, jsmsim.DefaultEmail
			return alerts{
				alertServer: server, schedules: account.Schedules, users: account.Users,
				shifts: server.URL() + "/jsm/ops/api/" + server.CloudID() + "/v1/schedules/",
				login:  func(r *http.Request) { r.SetBasicAuth(jsmsim.DefaultEmail, jsmsim.DefaultAPIToken) },
				person: func(u alerting.User) string { return u.AccountID },
			}, nil
		},
	}
}

// alertAccount is an account whose first schedule is the ordinary one.
func alertAccount(o simulatorOptions, users []alerting.User) alerting.Options {
	schedules := alerting.DefaultSchedules(time.Now())
	all := schedules[:1:1]
	for i := range spares {
		all = append(all, alerting.Schedule{ID: fmt.Sprintf("20000000-0000-4000-8000-0000000001%02d", i), Name: spareName(i), Rotations: all[0].Rotations})
	}
	return alerting.Options{
		Users: users, Teams: alerting.DefaultTeams(), Schedules: append(all, schedules[1:]...), Escalations: alerting.DefaultEscalations(),
		ProcessLag: o.lag, Webhooks: alerting.Sending{Roots: o.roots},
	}
}

func (a alerts) deliver(url string) {
	a.AddReceiver(alerting.Receiver{
		URL: url, Headers: map[string]string{"Authorization": "Bearer " + webhookSecret}, Actions: []string{alerting.AddNote, "Approve", "Deny"},
	})
}

// schedule is a spare one, or the ordinary one, which stands before them.
func (a alerts) schedule(spare int) alerting.Schedule { return a.schedules[spare+1] }

func (a alerts) annotations(spare int) map[string][]string {
	return map[string][]string{schedulesAnnotation: {a.schedule(spare).Name}}
}

func (a alerts) reader(network *http.Client) onCallReader {
	return func(ctx context.Context, spare int) (string, error) { return a.onCall(ctx, network, spare) }
}

// onCall makes the same call as the bridge, and reads the same of the answer.
func (a alerts) onCall(ctx context.Context, network *http.Client, spare int) (string, error) {
	schedule := a.schedule(spare)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.shifts+schedule.ID+"/on-calls?flat=true", nil)
	if err != nil {
		return "", err
	}
	a.login(req)
	resp, err := network.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", req.URL.Path, resp.Status)
	}
	// Opsgenie has the first, inside of data, Jira Service Management the second.
	var read struct {
		Data struct {
			Recipients []string `json:"onCallRecipients"`
		} `json:"data"`
		Users []string `json:"onCallUsers"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&read); err != nil {
		return "", err
	}
	for _, u := range a.users {
		if u.Username == requester && slices.Contains(append(read.Data.Recipients, read.Users...), a.person(u)) {
			return schedule.Name, nil
		}
	}
	return "", errNotOnCall
}

func (a alerts) objects() []object {
	var out []object
	for _, alert := range a.Alerts() {
		out = append(out, object{key: alert.Alias, open: alert.Open(), notes: len(alert.Notes)})
	}
	return out
}
