package jira

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	gojira "github.com/andygrunwald/go-jira"
)

const (
	// maxPeople bounds the look-ups that are remembered, peopleFor how long.
	maxPeople = 1000
	peopleFor = 10 * time.Minute
)

// people remembers account look-ups, also those that found nobody. The zero value is ready.
type people struct {
	mu    sync.Mutex
	known map[string]person
}

type person struct {
	account string
	until   time.Time
}

func (p *people) get(who string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.known[who]
	return found.account, ok && time.Now().Before(found.until)
}

func (p *people) put(who, account string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = make(map[string]person)
	}
	if len(p.known) >= maxPeople {
		p.evict()
	}
	p.known[who] = person{account: account, until: time.Now().Add(peopleFor)}
}

// evict drops what has expired, or anything where nothing has.
func (p *people) evict() {
	now := time.Now()
	for who, found := range p.known {
		if now.After(found.until) {
			delete(p.known, who)
		}
	}
	for who := range p.known {
		if len(p.known) < maxPeople {
			return
		}
		delete(p.known, who)
	}
}

// account returns the account a setting of reporter or assignee means, empty for nobody. Nobody is also the answer for a person
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
	if account, ok := j.people.get(who); ok {
		return account
	}
	account, err := j.search(ctx, who)
	if err != nil {
		j.log.WarnContext(ctx, "account look-up failed, the person is left out", "error", err)
		return ""
	}
	j.people.put(who, account)
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
