package casebook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// differences say what is not as expected.
func (e Expect) differences(got Got) []string {
	var out []string
	differ := func(what, want, is string) {
		if want != is {
			out = append(out, fmt.Sprintf("%s: expected %s, got %s", what, want, is))
		}
	}
	if e.Targets != nil {
		differ("targets", set(e.Targets), set(got.Targets))
	}
	if e.Source != "" {
		differ("source", e.Source, cmp.Or(got.Source, none))
	}
	for _, integration := range slices.Sorted(maps.Keys(e.Recipients)) {
		differ("recipients at "+integration, inOrder(e.Recipients[integration]), inOrder(got.Recipients[integration]))
	}
	if e.Routes != nil {
		differ("routes", inOrder(e.Routes), inOrder(got.Routes))
	}
	if e.Route != "" {
		differ("route", e.Route, cmp.Or(got.Route, none))
	}
	if e.Decision != "" {
		differ("decision", e.Decision, got.Decision)
	}
	if e.By != "" && !bridge.SameName(e.By, got.By) {
		differ("by", e.By, cmp.Or(got.By, "nobody"))
	}
	if e.Rule != "" {
		differ("rule", e.Rule, cmp.Or(got.Rule, none))
	}
	if e.Refusals != nil {
		codes := make([]string, len(got.Refusals))
		for i, r := range got.Refusals {
			codes[i] = r.Code
		}
		differ("refusals", set(e.Refusals), set(codes))
	}
	return out
}

// set writes a list whose order does not matter, inOrder one whose order does.
func set(list []string) string { return inOrder(slices.Sorted(slices.Values(list))) }

func inOrder(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// because explains what came of a case.
func because(got Got, evidence []bridge.Evidence, values []policy.Value) []string {
	var out []string
	if got.Decision != none {
		out = append(out, fmt.Sprintf("%s by %s (%s of route %s): %s", got.Decision, got.By, got.Rule, got.Route, cmp.Or(got.Reason, "no reason given")))
	}
	if got.Detail != "" {
		out = append(out, got.Detail)
	}
	for _, r := range got.Refusals {
		out = append(out, fmt.Sprintf("%q by %s at %s was refused (%s): %s", r.Status, r.Person, r.Target, r.Code, r.Text))
	}
	for _, ev := range evidence {
		if !slices.Contains(got.Targets, ev.Target) {
			out = append(out, fmt.Sprintf("%q by %s at %s was not looked at: the request has no object there", ev.Status, ev.Actor, ev.Target))
		}
	}
	for _, v := range values {
		out = append(out, v.String())
	}
	return out
}
