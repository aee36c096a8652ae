package jsm

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// accountID is the form of an Atlassian account's id: at most 128 characters, of which the old ones have 24 and no colon.
var accountID = regexp.MustCompile(`^[0-9A-Za-z:_-]{10,128}$`)

// wireUser is what the bridge reads of a user of Jira.
type wireUser struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	Active      bool   `json:"active"`
	Email       string `json:"emailAddress"`
	Name        string `json:"displayName"`
}

// person reports whether the account is that of somebody who may act now: neither a program, nor a customer of a portal, nor inactive.
func (u wireUser) person() bool { return u.AccountID != "" && u.AccountType == "atlassian" && u.Active }

// user is the person as the bridge knows people. The address is missing where the person does not let others see it.
func (u wireUser) user() alerting.User {
	return alerting.User{ID: u.AccountID, Email: u.Email, Name: u.Name}
}

// User looks for a person by account id or e-mail address; what is neither is no user, and not asked for.
func (c *client) User(ctx context.Context, name string) (alerting.User, error) {
	name = strings.TrimSpace(name)
	ask := c.byAccount
	if incident.IsAddress(name) {
		ask = c.byAddress
	} else if !accountID.MatchString(name) {
		return alerting.User{}, unknownUser(name)
	}
	return c.people.Get(ctx, name, lookup.For, func(ctx context.Context) (alerting.User, error) { return ask(ctx, name) })
}

func unknownUser(name string) error { return lookup.Unknown(product, alerting.TypeUser, name, nil) }

func (c *client) byAccount(ctx context.Context, id string) (alerting.User, error) {
	var u wireUser
	err := c.jiraGet(ctx, "user", url.Values{"accountId": {id}}, &u)
	switch {
	case is(err, http.StatusNotFound):
		return alerting.User{}, unknownUser(id)
	case err != nil:
		return alerting.User{}, err
	case u.AccountID != id:
		return alerting.User{}, errOther
	case !u.person():
		return alerting.User{}, unknownUser(id)
	}
	return u.user(), nil
}

// byAddress looks for the one person with an e-mail address. Jira finds users by the beginning of names and addresses, so only one who shows
// just that address is meant: somebody who hides it is not found, and has to be named by the account id.
func (c *client) byAddress(ctx context.Context, address string) (alerting.User, error) {
	var found []wireUser
	if err := c.jiraGet(ctx, "user/search", url.Values{"query": {address}, "maxResults": {"50"}}, &found); err != nil {
		return alerting.User{}, err
	}
	if found == nil {
		return alerting.User{}, errOther
	}
	var same []wireUser
	for _, u := range found {
		if u.person() && bridge.SameName(u.Email, address) {
			same = append(same, u)
		}
	}
	switch len(same) {
	case 0:
		return alerting.User{}, unknownUser(address)
	case 1:
		return same[0].user(), nil
	}
	return alerting.User{}, lookup.Ambiguous(product, address, len(same))
}
