package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// object is anything with a name: a service, an escalation policy, a schedule, a priority.
type object struct {
	pd.APIObject
	Name string `json:"name"`
	// Policy is the escalation policy of a service.
	Policy pd.APIObject `json:"escalation_policy"`
}

func (o object) label() string { return incident.Or(o.Name, o.Summary) }

// user is a user of the account.
type user struct {
	pd.APIObject
	Name  string `json:"name"`
	Email string `json:"email"`
}

// directory is a collection of named objects.
type directory struct {
	// path and one name the collection, and one of its objects, in addresses and answers.
	path, one string
	// searched is true where a listing takes a part of the name. Elsewhere the whole collection is listed.
	searched bool
	// single is true where one object can be read by its id.
	single bool
}

var (
	services   = directory{path: "services", one: "service", searched: true, single: true}
	policies   = directory{path: "escalation_policies", one: "escalation_policy", searched: true, single: true}
	schedules  = directory{path: "schedules", one: "schedule", searched: true, single: true}
	priorities = directory{path: "priorities", one: "priority"}
)

// lookups are the answers that are remembered.
type lookups struct {
	names  *lookup.Cache[object]
	users  *lookup.Cache[user]
	shifts *lookup.Cache[[]onCall]
}

func newLookups() lookups {
	return lookups{
		names:  &lookup.Cache[object]{Vendor: "pagerduty"},
		users:  &lookup.Cache[user]{Vendor: "pagerduty"},
		shifts: &lookup.Cache[[]onCall]{Vendor: "pagerduty"},
	}
}

// find returns the object that a setting names, by name without regard to case or by id.
func (p *PagerDuty) find(ctx context.Context, in directory, setting, name string) (object, error) {
	name = strings.TrimSpace(name)
	o, err := p.look.names.Get(ctx, in.path+"\x00"+name, lookup.For, func(ctx context.Context) (object, error) {
		return p.search(ctx, in, name)
	})
	if errors.Is(err, lookup.ErrUnknown) {
		return object{}, bridge.Terminal(fmt.Errorf("pagerduty: %s: %w", setting, err))
	}
	return o, err
}

// search goes through all pages for the name, and then tries it as an id.
func (p *PagerDuty) search(ctx context.Context, in directory, name string) (object, error) {
	query := url.Values{}
	if in.searched {
		query.Set("query", name)
	}
	var same, seen []object
	for o, err := range list[object](ctx, p, "/"+in.path, in.path, query) {
		if err != nil {
			return object{}, err
		}
		if o.ID == name || o.label() == name {
			return o, nil
		}
		if strings.EqualFold(o.label(), name) {
			same = append(same, o)
		}
		seen = append(seen, o)
	}
	switch {
	case len(same) == 1:
		return same[0], nil
	case len(same) > 1:
		return object{}, lookup.Ambiguous("PagerDuty", name, len(same))
	case in.single && objectID.MatchString(name):
		o, err := p.byID(ctx, in, name)
		if !isNotFound(err) {
			return o, err
		}
	}
	return object{}, p.unknown(ctx, in, name, seen)
}

func (p *PagerDuty) byID(ctx context.Context, in directory, id string) (object, error) {
	var answer map[string]object
	if err := p.call(ctx, http.MethodGet, "/"+in.path+"/"+id, nil, nil, &answer); err != nil {
		return object{}, err
	}
	if answer[in.one].ID == "" {
		return object{}, errOther
	}
	return answer[in.one], nil
}

// unknown says which names are near the one that was not found. A search tells only names that contain it, so the first page of all
// is read as well; that it cannot be read is of no interest here.
func (p *PagerDuty) unknown(ctx context.Context, in directory, name string, seen []object) error {
	if in.searched {
		for o, err := range list[object](ctx, p, "/"+in.path, in.path, url.Values{}) {
			if seen = append(seen, o); err != nil || len(seen) >= pageSize {
				break
			}
		}
	}
	names := make([]string, 0, len(seen))
	for _, o := range seen {
		names = append(names, o.label())
	}
	return lookup.Unknown("PagerDuty", strings.ReplaceAll(in.one, "_", " "), name, names)
}

// service returns a service by its id, with its escalation policy.
func (p *PagerDuty) service(ctx context.Context, id string) (object, error) {
	if !objectID.MatchString(id) {
		return object{}, bridge.Terminal(fmt.Errorf("pagerduty: %q is not the id of a service", incident.Cut(id, 100)))
	}
	return p.look.names.Get(ctx, "id\x00"+id, lookup.For, func(ctx context.Context) (object, error) {
		return p.byID(ctx, services, id)
	})
}

// person returns a user by id. A user who has been removed is known by the id alone.
func (p *PagerDuty) person(ctx context.Context, id string) (user, error) {
	if !objectID.MatchString(id) {
		return user{}, nil
	}
	return p.look.users.Get(ctx, id, lookup.For, func(ctx context.Context) (user, error) {
		var answer struct {
			User user `json:"user"`
		}
		err := p.call(ctx, http.MethodGet, "/users/"+id, nil, nil, &answer)
		if isNotFound(err) {
			return user{APIObject: pd.APIObject{ID: id}}, nil
		}
		if err == nil && answer.User.ID == "" {
			err = errOther
		}
		return answer.User, err
	})
}

// userByEmail returns the user with an e-mail address.
func (p *PagerDuty) userByEmail(ctx context.Context, setting, address string) (user, error) {
	u, err := p.look.users.Get(ctx, strings.ToLower(address), lookup.For, func(ctx context.Context) (user, error) {
		for u, err := range list[user](ctx, p, "/users", "users", url.Values{"query": {address}}) {
			if err != nil {
				return user{}, err
			}
			if bridge.SameName(u.Email, address) {
				return u, nil
			}
		}
		return user{}, lookup.Unknown("PagerDuty", "user", address, nil)
	})
	if errors.Is(err, lookup.ErrUnknown) {
		return user{}, bridge.Terminal(fmt.Errorf("pagerduty: %s: %w", setting, err))
	}
	return u, err
}
