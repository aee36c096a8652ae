package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The names of the integrations.
const (
	jiraName     = "itsm"
	pagerName    = "pager"
	opsgenieName = "alerts"
	jsmName      = "operations"
	// teleportName stands for Teleport where a vendor's name could stand.
	teleportName = "teleport"
)

// The people. Each is known everywhere by the part before the @.
const (
	alice = "alice"
	bob   = "bob"
	carol = "carol"
	dave  = "dave"
	// automation is a program that acts at the vendors.
	automation = "automation"
	// admin reviews in Teleport when everything is over.
	admin = "admin"
	// bridgeUser is the bridge's own user in Teleport.
	bridgeUser = "accessbridge"
)

func address(who string) string { return who + "@example.com" }

// The roles that are asked for. One more for each vendor has its name, and goes to this vendor alone.
const (
	// everywhere goes to all vendors.
	everywhere = "everywhere"
	// nowhere is selected by no route.
	nowhere = "nowhere"
)

// setup is what a history is played with.
type setup struct {
	Instances int
	// Vendors are the integrations, Poll those without webhooks.
	Vendors, Poll []string
	// Lag is how long changes stay invisible to searches, LaterBy how long accepted writes wait at vendors that work so.
	Lag, LaterBy time.Duration
	// Quiet is how long objects are held back for requesters who are on call, where OnCall approves.
	Quiet  time.Duration
	OnCall bool
	// Anyone lets people decide who are not on call; Approvers counts bob and carol only.
	Anyone, Approvers bool
	// Pair wants two people to approve what goes everywhere.
	Pair bool
	// DataCenter is the kind of Jira.
	DataCenter bool
}

// String is the setup on one line.
func (s setup) String() string {
	words := []string{fmt.Sprintf("%d instances, vendors %s", s.Instances, strings.Join(s.Vendors, " "))}
	add := func(when bool, format string, args ...any) {
		if when {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(len(s.Poll) > 0, "polling %s", strings.Join(s.Poll, " "))
	add(s.Lag > 0, "search lags %s", s.Lag.Round(time.Second))
	add(s.LaterBy > 0, "writes wait %s", s.LaterBy.Round(time.Second))
	add(s.OnCall, "on-call approves, quiet for %s", s.Quiet.Round(time.Second))
	add(s.Anyone, "anyone decides")
	add(s.Approvers, "approvers bob and carol")
	add(s.Pair, "two people approve %s", everywhere)
	add(s.DataCenter, "Jira Data Center")
	return strings.Join(words, "; ")
}

// targets are the vendors that requests for a role go to.
func (s setup) targets(role string) []string {
	switch {
	case role == everywhere:
		return s.Vendors
	case slices.Contains(s.Vendors, role):
		return []string{role}
	default:
		return nil
	}
}

// pair reports whether two people have to approve.
func (s setup) pair(role string) bool { return s.Pair && role == everywhere }

// approvedByDuty is the vendor whose duty approves requests for a role.
func (s setup) approvedByDuty(role string) (string, bool) {
	return role, s.OnCall && role != jiraName && slices.Contains(s.Vendors, role)
}

// mayDecide reports whether somebody's word counts for a request, apart from who is on call.
func (s setup) mayDecide(who, requester string) bool {
	return who != automation && who != requester && (!s.Approvers || who == bob || who == carol)
}

// needsDuty reports whether only people on call decide at a vendor.
func (s setup) needsDuty(vendor string) bool { return vendor != jiraName && !s.Anyone }
