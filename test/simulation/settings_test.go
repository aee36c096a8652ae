package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// The times of the configuration that the promises are checked against.
const (
	searchLag   = 40 * time.Second
	applyWithin = 30 * time.Second
	callTimeout = 20 * time.Second
	resyncEvery = 3 * time.Minute
)

// secret proves the webhooks of every vendor.
const secret = "webhook-secret-of-the-simulation"

// section is a part of the configuration file.
type section map[string]any

// settings is the configuration file of all instances.
func (s setup) settings(identity string) ([]byte, error) {
	var accounts []section
	for _, name := range s.Vendors {
		kind, config := s.account(name)
		accounts = append(accounts, section{"name": name, "type": kind, "config": config})
	}
	return yaml.Marshal(section{
		"teleport":     section{"addr": "teleport.example.com:3025", "identity_file": identity, "resync": "4m"},
		"server":       section{"listen": ":8443", "tls": section{"cert_file": identity, "key_file": identity}},
		"admin":        section{"listen": "127.0.0.1:8081"},
		"integrations": accounts,
		"routes":       s.routes(),
	})
}

// account is the type and the settings of one integration.
func (s setup) account(name string) (kind string, config section) {
	config = section{
		"search_lag": searchLag.String(), "apply_within": applyWithin.String(), "timeout": callTimeout.String(), "resync_every": resyncEvery.String(),
		"rate_limit": 0, "webhook": section{"secrets": []string{secret}},
	}
	if slices.Contains(s.Poll, name) {
		config["mode"], config["poll_every"] = "poll", "30s"
	}
	set := func(more section) { maps.Copy(config, more) }
	if name != jiraName && s.Anyone {
		config["decide_by"] = "anyone"
	}
	responders := section{"schedules": []string{alerting.PrimarySchedule}}
	switch name {
	case pagerName:
		set(section{
			"endpoint": "https://pager.example.com", "from": pagerduty.DefaultBotEmail, "api_token": pagerduty.DefaultToken, "service": pagerduty.DefaultService,
			"decisions": section{"actions": section{"approve": "Approve", "deny": "Deny"}},
		})
		return "pagerduty", config
	case opsgenieName:
		set(section{
			"endpoint": "https://alerts.example.com", "web_url": "https://alerts.example.com", "api_key": opsgenie.DefaultAPIKey, "responders": responders,
		})
		return "opsgenie", config
	case jsmName:
		set(section{
			"site": "https://operations.example.com", "endpoint": "https://operations.example.com", "user": jsm.DefaultEmail,
			"api_token": jsm.DefaultAPIToken, "unverified": section{"owners": "account_id", "log": true}, "responders": responders,
		})
		return "jsm", config
	default:
		set(section{
			"url": "https://itsm.example.com", "project": "ACC", "user": jira.BotEmail, "api_token": jira.BotToken,
			"statuses": section{"promoted": []string{"Promoted"}},
		})
		if s.DataCenter {
			set(section{"flavour": "datacenter", "token": jira.BotToken})
			delete(config, "user")
			delete(config, "api_token")
		}
		return "jira", config
	}
}

func (s setup) routes() []section {
	var routes []section
	add := func(role string, more section) {
		var targets []section
		for _, name := range s.targets(role) {
			targets = append(targets, section{"integration": name})
		}
		route := section{"name": role, "when": `"` + role + `" in request.roles`, "targets": targets}
		if s.Approvers {
			route["approvers"] = section{"emails": []string{address(bob), address(carol)}}
		}
		maps.Copy(route, more)
		routes = append(routes, route)
	}
	for _, name := range s.Vendors {
		more := section{}
		if vendor, ok := s.approvedByDuty(name); ok {
			more["on_call"] = []section{{"integration": vendor, "schedules": []string{alerting.PrimarySchedule}}}
			if s.Quiet > 0 {
				more["quiet"] = s.Quiet.String()
			}
		}
		add(name, more)
	}
	more := section{}
	if s.Pair {
		more["approve_when"] = "approvals.size() >= 2"
	}
	add(everywhere, more)
	return routes
}
