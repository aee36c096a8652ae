package admin

import "github.com/accessbridge/accessbridge/simulators/teleport"

// BridgeUser is the Teleport user the bridge logs in as.
const BridgeUser = "accessbridge"

// The people, by their Teleport user name, which is their e-mail address at Jira too.
const (
	// Alice requests.
	Alice = "alice@example.com"
	// Bob and Carol approve, and request.
	Bob   = "bob@example.com"
	Carol = "carol@example.com"
	// Dave can move cards in Jira, but is nobody's approver.
	Dave = "dave@example.com"
	// Administrator sets states past all reviews.
	Administrator = "admin@example.com"
)

// Approvers are the people whose decisions count.
func Approvers() []string { return []string{Bob, Carol} }

// People are the Teleport users of the world: Alice and Dave may request everything, Bob and Carol also review everything,
// and the bridge has the least privileges it needs.
func People() []teleport.User {
	person := func(name string, reviews ...string) teleport.User {
		return teleport.User{
			Name:             name,
			Traits:           map[string][]string{"email": {name}},
			Roles:            []string{"access"},
			RequestableRoles: []string{"*"},
			SearchAsRoles:    []string{"access"},
			ReviewRoles:      reviews,
		}
	}
	bridge := teleport.PluginUser(BridgeUser)
	bridge.PreviewResources = true // without it issues name resources by their ids alone
	return []teleport.User{person(Alice), person(Bob, "*"), person(Carol, "*"), person(Dave), bridge}
}
