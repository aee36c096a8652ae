package jira

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	gojira "github.com/andygrunwald/go-jira"
)

// accountFor returns the account a setting of reporter or assignee means, empty for nobody. Nobody is also the answer for a person
// whom Jira does not know, and when the look-up fails: an issue is worth more than its reporter.
func (j *Jira) accountFor(ctx context.Context, setting string, r bridge.Request) string {
	switch setting {
	case "", nobody:
		return ""
	case requester:
		return j.lookUp(ctx, r.User)
	case suggested:
		for _, reviewer := range r.SuggestedReviewers {
			if account := j.lookUp(ctx, reviewer); account != "" {
				return account
			}
		}
		return ""
	default:
		if strings.Contains(setting, "@") {
			return j.lookUp(ctx, setting)
		}
		return setting
	}
}

func (j *Jira) lookUp(ctx context.Context, who string) string {
	who = strings.ToLower(strings.TrimSpace(who))
	if who == "" || j.set.cloud() && !strings.Contains(who, "@") {
		return "" // Cloud has no user names
	}
	// That nobody is found is an answer too, and remembered like one.
	account, err := j.people.Get(ctx, who, lookup.For, func(ctx context.Context) (string, error) { return j.search(ctx, who) })
	if err != nil {
		j.Log.WarnContext(ctx, "account look-up failed, the person is left out", "error", err)
		return ""
	}
	return account
}

// search asks Jira for the one account with the address or name. Cloud answers by the beginning of names and addresses and may
// hide the address itself; a single answer to a whole address is then taken, which is good enough for a reporter.
func (j *Jira) search(ctx context.Context, who string) (string, error) {
	query := url.Values{"maxResults": {"10"}}
	if j.set.cloud() {
		query.Set("query", who)
	} else {
		query.Set("username", who)
	}
	var found []gojira.User
	if err := j.call(ctx, http.MethodGet, "rest/api/2/user/search", query, nil, &found); err != nil {
		return "", err
	}
	for _, u := range found {
		if bridge.SameName(u.EmailAddress, who) || !j.set.cloud() && bridge.SameName(u.Name, who) {
			return j.accountName(u), nil
		}
	}
	if j.set.cloud() && len(found) == 1 && found[0].EmailAddress == "" && found[0].AccountType != "app" {
		return j.accountName(found[0]), nil
	}
	return "", nil
}

// accountName is what a field that holds a person is set to: the account id on Cloud, the user name on Data Center.
func (j *Jira) accountName(u gojira.User) string {
	if j.set.cloud() {
		return u.AccountID
	}
	return u.Name
}

// user is a person as the value of a field.
func (j *Jira) user(account string) map[string]string {
	if j.set.cloud() {
		return map[string]string{"accountId": account}
	}
	return map[string]string{"name": account}
}
