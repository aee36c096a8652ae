// Package jiragroup reads who is in a group of Jira, for the products whose people are users of Jira.
package jiragroup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

const (
	// pageSize is how many members Jira gives at once (developer.atlassian.com, "Get users from group").
	pageSize = 50
	// Most is how many members of one group are read: what goes by a larger one is better a rule of its own.
	Most = 10_000
	// beginning is how much of an unknown name the names near it have to share; Jira lists only groups that contain a text, and few of them.
	beginning = 3
)

// Source is a Jira to read groups of.
type Source struct {
	// Kind begins errors, such as jira. Product is the name for people, such as Jira.
	Kind, Product string
	// Get reads something of the REST API, such as group/member, and decodes it. Its errors carry their class.
	Get func(ctx context.Context, path string, query url.Values, out any) error
}

// Members lists everybody in a group, from all pages, as users of type U, inactive ones too: Jira would leave them out only after it has cut
// the list into pages. On Data Center members of groups in the group are among them. The error of a group that is not known is terminal and
// names groups near it; whoever may not see groups is told the same.
func Members[U any](ctx context.Context, s Source, group string) ([]U, error) {
	group = strings.TrimSpace(group)
	var out []U
	for {
		var page struct {
			Values *[]U `json:"values"`
			IsLast bool `json:"isLast"`
		}
		err := s.Get(ctx, "group/member", url.Values{
			"groupname": {group}, "includeInactiveUsers": {"true"},
			"startAt": {strconv.Itoa(len(out))}, "maxResults": {strconv.Itoa(pageSize)},
		}, &page)
		switch {
		case isNotFound(err):
			unknown := lookup.Unknown(s.Product, "group", group, s.near(ctx, group))
			return nil, bridge.Terminal(fmt.Errorf("%s: %w: %w", s.Kind, unknown, err))
		case err != nil:
			return nil, err
		case page.Values == nil:
			return nil, fmt.Errorf("%s: the answer names no members of a group", s.Kind)
		}
		out = append(out, *page.Values...)
		switch {
		case page.IsLast, len(*page.Values) == 0:
			return out, nil
		case len(out) >= Most:
			return nil, bridge.Terminal(fmt.Errorf("%s: group %q has more than %d members", s.Kind, group, Most))
		}
	}
}

// near lists groups whose names have the beginning of the given one. That they cannot be read is of no interest here.
func (s Source) near(ctx context.Context, group string) []string {
	start := []rune(group)
	query := url.Values{
		"query": {string(start[:min(len(start), beginning)])}, "caseInsensitive": {"true"}, "maxResults": {strconv.Itoa(pageSize)},
	}
	var found struct {
		Groups []struct {
			Name string `json:"name"`
		} `json:"groups"`
	}
	if s.Get(ctx, "groups/picker", query, &found) != nil {
		return nil
	}
	names := make([]string, len(found.Groups))
	for i, g := range found.Groups {
		names[i] = g.Name
	}
	return names
}

func isNotFound(err error) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	return ok && status.Code == http.StatusNotFound
}
