package jira

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// place returns the settings for the issue of a request. Its project is the route's, or the first that Teleport's own routing names and Jira
// knows, or the integration's.
func (j *Jira) place(ctx context.Context, d bridge.Draft) (Target, error) {
	t, err := j.target(d.Settings)
	if given, ok := d.Settings.(*Target); err != nil || ok && given != nil && given.Project != "" {
		return t, err
	}
	var unknown error
	for _, name := range d.Recipients {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		key, err := j.projects.Get(ctx, strings.ToUpper(name), lookup.For, func(ctx context.Context) (string, error) {
			return j.project(ctx, name)
		})
		if err == nil {
			t.Project = key
			break
		}
		if !errors.Is(err, lookup.ErrUnknown) {
			return t, incident.WithoutEffect(err)
		}
		unknown = errors.Join(unknown, fmt.Errorf("recipient: %w", err))
	}
	if unknown != nil {
		j.Log.WarnContext(ctx, "a recipient is not known", "request_id", d.Request.ID, "error", unknown)
	}
	return t, nil
}

// project returns the key of a project as Jira writes it. One that the account may not see is not known. What has not the form of a key, such as
// an address or a channel, is not asked for.
func (j *Jira) project(ctx context.Context, name string) (string, error) {
	if !projectKey.MatchString(name) {
		return "", lookup.Unknown("Jira", "project", name, nil)
	}
	var found struct {
		Key string `json:"key"`
	}
	err := j.call(ctx, http.MethodGet, "rest/api/2/project/"+name, nil, nil, &found)
	switch {
	case isStatus(err, http.StatusNotFound):
		return "", lookup.Unknown("Jira", "project", name, nil)
	case err == nil && found.Key == "":
		err = errors.New("jira: the answer names no project")
	}
	return found.Key, err
}
