package casebook

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
)

// Request is an Access Request as it is written in a file.
type Request struct {
	// ID and Cluster have values of their own when they are not given.
	ID                 string              `yaml:"id"`
	Cluster            string              `yaml:"cluster"`
	User               string              `yaml:"user"`
	Roles              []string            `yaml:"roles"`
	Resources          []Resource          `yaml:"resources"`
	Reason             string              `yaml:"reason"`
	Annotations        map[string][]string `yaml:"annotations"`
	SuggestedReviewers []string            `yaml:"suggested_reviewers"`
	Thresholds         []Threshold         `yaml:"thresholds"`
	// Created is when it was made; without it on Monday, 5 January 2026, at 10:00 UTC.
	Created Moment `yaml:"created"`
	// Expires is when it lapses if nobody decides it; without it that is not known.
	Expires Moment `yaml:"expires"`
	// AccessFrom is when the access would begin; without it on approval.
	AccessFrom Moment `yaml:"access_from"`
	// Duration is how long the access would last; without it that is not known.
	Duration config.Duration `yaml:"duration"`
}

// Resource is one resource of a request. Labels that are not given are not known, as where the bridge cannot read them.
type Resource struct {
	Cluster string            `yaml:"cluster"`
	Kind    string            `yaml:"kind"`
	Name    string            `yaml:"name"`
	Title   string            `yaml:"title"`
	Labels  map[string]string `yaml:"labels"`
}

// Threshold is one approval threshold.
type Threshold struct {
	Name    string `yaml:"name"`
	Approve uint32 `yaml:"approve"`
	Deny    uint32 `yaml:"deny"`
}

// What a request has that does not say.
const (
	defaultID      = "01948a2c-0000-7000-8000-000000000001"
	defaultCluster = "teleport.example.com"
)

func defaultCreated() time.Time { return time.Date(2026, time.January, 5, 10, 0, 0, 0, time.UTC) }

// ReadRequest reads a file that holds one request and nothing else. The error is a config.Error when the file has faults.
func ReadRequest(path string) (bridge.Request, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return bridge.Request{}, fmt.Errorf("read request: %w", err)
	}
	var r Request
	problems, ok := config.Decode(path, data, &r)
	if ok {
		r.validate(problems)
	}
	if err := problems.Err(); err != nil {
		return bridge.Request{}, err
	}
	return r.bridge(), nil
}

func (r Request) validate(p *config.Problems) {
	p.Required("user", r.User)
	if len(r.Roles) == 0 && len(r.Resources) == 0 {
		p.Add("roles", "name roles or resources", "nothing is asked for")
	}
	if r.Created.given && r.Created.at.IsZero() {
		p.Add("created", "write a time such as 2026-03-02T14:00:00+01:00", "other moments are counted from here")
	}
	for i, x := range r.Resources {
		at := p.At(fmt.Sprintf("resources[%d]", i))
		at.Required("kind", x.Kind)
		at.Required("name", x.Name)
	}
}

// bridge returns the request as the bridge has it.
func (r Request) bridge() bridge.Request {
	out := bridge.Request{
		ID: cmp.Or(r.ID, defaultID), Cluster: cmp.Or(r.Cluster, defaultCluster), User: r.User, Roles: r.Roles, Reason: r.Reason,
		State: bridge.StatePending, Created: defaultCreated(), MaxDuration: r.Duration.Std(), SuggestedReviewers: r.SuggestedReviewers,
		Annotations: r.Annotations,
	}
	if r.Created.given {
		out.Created = r.Created.at
	}
	out.PendingUntil, _ = r.Expires.from(out.Created)
	out.AccessFrom, _ = r.AccessFrom.from(out.Created)
	if r.Duration > 0 {
		start := out.Created
		if out.AccessFrom.After(start) {
			start = out.AccessFrom
		}
		out.AccessUntil = start.Add(r.Duration.Std())
	}
	for _, x := range r.Resources {
		out.Resources = append(out.Resources, bridge.Resource{
			Cluster: cmp.Or(x.Cluster, out.Cluster), Kind: x.Kind, Name: x.Name, Title: x.Title, Labels: x.Labels,
		})
	}
	for _, t := range r.Thresholds {
		out.Thresholds = append(out.Thresholds, bridge.Threshold{Name: t.Name, Approve: t.Approve, Deny: t.Deny})
	}
	return out
}
