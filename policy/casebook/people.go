package casebook

import (
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// directory is the users of a case, in the form in which the policy asks for Teleport's. Without any user nothing is known, as where the
// bridge may not read users.
type directory struct {
	users  []User
	traits []string
}

var _ policy.Directory = directory{}

// Available reports whether any user is given.
func (d directory) Available() bool { return len(d.users) > 0 }

// ByEmail returns the users with the address.
func (d directory) ByEmail(email string) []string {
	var names []string
	for _, u := range d.users {
		same := func(s string) bool { return bridge.SameName(s, email) }
		if same(u.Name) || slices.ContainsFunc(d.addresses(u), same) {
			names = append(names, u.Name)
		}
	}
	return names
}

// EmailsOf returns the addresses of a user.
func (d directory) EmailsOf(user string) ([]string, bool) {
	u, ok := d.find(user)
	return d.addresses(u), ok
}

// TraitsOf returns the traits of a user.
func (d directory) TraitsOf(user string) (map[string][]string, bool) {
	u, ok := d.find(user)
	return u.Traits, ok
}

// RolesOf returns the roles of a user.
func (d directory) RolesOf(user string) ([]string, bool) {
	u, ok := d.find(user)
	return u.Roles, ok
}

func (d directory) find(user string) (User, bool) {
	i := slices.IndexFunc(d.users, func(u User) bool { return u.Name == user })
	if i < 0 {
		return User{}, false
	}
	return d.users[i], true
}

func (d directory) addresses(u User) []string {
	var out []string
	if strings.Contains(u.Name, "@") {
		out = append(out, u.Name)
	}
	for _, trait := range d.traits {
		for _, value := range u.Traits[trait] {
			if strings.Contains(value, "@") {
				out = append(out, value)
			}
		}
	}
	return out
}

// members are the groups of a case. Those that are not given are not known.
type members []Group

var _ policy.Groups = members(nil)

// Holds reports whether the actor is in the group.
func (m members) Holds(integration, group string, actor bridge.Actor) (in, known bool) {
	for _, g := range m {
		if g.Integration != integration || g.Group != group {
			continue
		}
		return slices.ContainsFunc(g.Members, func(member string) bool {
			return actor.ID != "" && member == actor.ID || bridge.SameName(member, actor.Email)
		}), true
	}
	return false, false
}

// layered puts the users and groups of a case before those of the file.
func (b *Book) layered(c Case) (directory, members) {
	users := slices.Clone(c.Users)
	for _, u := range b.Users {
		if !slices.ContainsFunc(c.Users, func(own User) bool { return own.Name == u.Name }) {
			users = append(users, u)
		}
	}
	return directory{users: users}, members(slices.Concat(c.Groups, b.Groups))
}
