package jira

import (
	"context"
	"net/http"
	"net/url"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/jiragroup"
	gojira "github.com/andygrunwald/go-jira"
)

var _ bridge.GroupSource = (*Jira)(nil)

// Members returns the active accounts in a group of Jira, which is named as it is written there.
func (j *Jira) Members(ctx context.Context, group string) ([]bridge.Actor, error) {
	found, err := jiragroup.Members[gojira.User](ctx, jiragroup.Source{Kind: "jira", Product: "Jira", Get: j.get}, group)
	var out []bridge.Actor
	for _, u := range found {
		if u.Active && accountID(u) != "" {
			out = append(out, j.actor(u, gojira.User{}))
		}
	}
	return out, err
}

func (j *Jira) get(ctx context.Context, path string, query url.Values, out any) error {
	return j.call(ctx, http.MethodGet, "rest/api/2/"+path, query, nil, out)
}
