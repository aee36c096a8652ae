package alerting

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// find returns what a setting names. The error of an unknown name is terminal.
func (t *Tracker) find(ctx context.Context, kind, setting, name string) (Object, error) {
	o, err := t.look(ctx, kind, strings.TrimSpace(name))
	if errors.Is(err, lookup.ErrUnknown) {
		return Object{}, t.terminal("%s: %w", setting, err)
	}
	return o, err
}

// Team returns the team that a setting names. The error of an unknown name is terminal.
func (t *Tracker) Team(ctx context.Context, setting, name string) (Object, error) {
	return t.find(ctx, TypeTeam, setting, name)
}

func (t *Tracker) look(ctx context.Context, kind, name string) (Object, error) {
	switch kind {
	case TypeUser:
		u, err := t.person(ctx, name)
		return Object{ID: u.ID, Name: u.Email}, err
	case TypeEscalation:
		return t.escalations.Get(ctx, name, lookup.For, func(ctx context.Context) (Object, error) { return t.api.Escalation(ctx, name) })
	}
	all, err := t.list(ctx, kind)
	if err != nil {
		return Object{}, err
	}
	o, err := t.named(kind, name, all)
	if !errors.Is(err, lookup.ErrUnknown) {
		return o, err
	}
	// It may have been made since.
	return t.recheck(ctx, kind, name)
}

// list is the whole of a collection: few enough to be read at once, and one answer for all names in it.
func (t *Tracker) list(ctx context.Context, kind string) ([]Object, error) {
	return t.lists.Get(ctx, kind, lookup.For, func(ctx context.Context) ([]Object, error) { return collect(t.listing(ctx, kind)) })
}

func (t *Tracker) recheck(ctx context.Context, kind, name string) (Object, error) {
	all, err := t.lists.Get(ctx, kind, lookup.UnknownFor, func(ctx context.Context) ([]Object, error) { return collect(t.listing(ctx, kind)) })
	if err != nil {
		return Object{}, err
	}
	return t.named(kind, name, all)
}

func (t *Tracker) listing(ctx context.Context, kind string) iter.Seq2[Object, error] {
	if kind == TypeTeam {
		return t.api.Teams(ctx)
	}
	return t.api.Schedules(ctx)
}

func collect(listing iter.Seq2[Object, error]) ([]Object, error) {
	var out []Object
	for o, err := range listing {
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// named picks the object with an id or name: exactly that one, else the only one that differs by case alone.
func (t *Tracker) named(kind, name string, all []Object) (Object, error) {
	var same []Object
	var names []string
	for _, o := range all {
		if o.ID == name || o.Name == name {
			return o, nil
		}
		if strings.EqualFold(o.Name, name) {
			same = append(same, o)
		}
		names = append(names, o.Name)
	}
	switch len(same) {
	case 0:
		return Object{}, lookup.Unknown(t.product.Name, kind, name, names)
	case 1:
		return same[0], nil
	default:
		return Object{}, lookup.Ambiguous(t.product.Name, name, len(same))
	}
}

// person returns a user by id, address, or what notes and logs call them.
func (t *Tracker) person(ctx context.Context, name string) (User, error) {
	if name == "" {
		return User{}, lookup.Unknown(t.product.Name, TypeUser, name, nil)
	}
	return t.users.Get(ctx, strings.ToLower(name), lookup.For, func(ctx context.Context) (User, error) {
		u, err := t.api.User(ctx, name)
		if err == nil && u.ID == "" && u.Email == "" {
			err = fmt.Errorf("%s: the answer names no user", t.product.Kind)
		}
		return u, err
	})
}

// actor is who made a statement. Only users are people: integrations, rules, keys and nobody at all are programs.
func (t *Tracker) actor(ctx context.Context, owner string) (bridge.Actor, error) {
	u, err := t.person(ctx, strings.TrimSpace(owner))
	if errors.Is(err, lookup.ErrUnknown) {
		return bridge.Actor{ID: owner, Name: owner, Automated: true}, nil
	}
	return bridge.Actor{ID: u.ID, Email: u.Email, Name: u.Name}, err
}
