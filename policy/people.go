package policy

import (
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Directory knows the Teleport users. It answers from memory.
type Directory interface {
	// Available is false when the bridge may not read users; then nothing else may be asked.
	Available() bool
	// ByEmail returns the users whose name or e-mail trait equals the address.
	ByEmail(email string) []string
	// EmailsOf returns the addresses of a user; false when the user is not known.
	EmailsOf(user string) ([]string, bool)
	// TraitsOf and RolesOf return the traits and roles that Teleport keeps with a user; false when the user is not known. Nobody changes
	// what they return.
	TraitsOf(user string) (map[string][]string, bool)
	RolesOf(user string) ([]string, bool)
}

// Entry maps one outside person to a Teleport user by hand. Either ID, with the integration it belongs to, or Email is set.
type Entry struct {
	Integration, ID, Email, User string
}

// People maps people outside to people in Teleport.
type People struct {
	directory   Directory
	table       []Entry
	requireUser bool
}

// NewPeople returns the mapping. The directory may be nil. With requireUser a person counts only when exactly one Teleport user is
// found for them.
func NewPeople(directory Directory, table []Entry, requireUser bool) *People {
	return &People{directory: directory, table: table, requireUser: requireUser}
}

// person is somebody outside, mapped. The user is empty when the person is known by address only.
type person struct {
	user, email string
}

// name is what the decision is attributed to.
func (p person) name() string {
	if p.user != "" {
		return p.user
	}
	return p.email
}

// identify maps an actor to exactly one person. The table goes before the address.
func (p *People) identify(integration string, a bridge.Actor) (person, *fault) {
	users := map[string]bool{}
	for _, e := range p.table {
		byID := e.ID != "" && e.ID == a.ID && (e.Integration == "" || e.Integration == integration)
		if byID || sameAddress(e.Email, a.Email) {
			users[e.User] = true
		}
	}
	if len(users) == 0 {
		for _, u := range p.usersOf(a.Email) {
			users[u] = true
		}
	}
	switch {
	case len(users) > 1:
		return person{}, faultAmbiguous
	case len(users) == 1:
		for u := range users {
			return person{user: u, email: a.Email}, nil
		}
	case a.Email == "" || !plain(a.Email):
		return person{}, faultUnmapped
	case p.requireUser:
		return person{}, faultNotAUser
	}
	return person{email: a.Email}, nil
}

// usersOf lists the Teleport users whose address it is.
func (p *People) usersOf(address string) []string {
	if address == "" || !p.readable() {
		return nil
	}
	users := p.directory.ByEmail(address)
	if plain(address) {
		return users
	}
	return slices.DeleteFunc(slices.Clone(users), func(u string) bool {
		own, _ := p.directory.EmailsOf(u)
		return !slices.ContainsFunc(append([]string{u}, own...), func(o string) bool { return sameAddress(o, address) })
	})
}

// isRequester says whether the person is the named Teleport user under any of their names. The second result is false when there
// is nothing to compare by: a requester whose address is not known could be anybody.
func (p *People) isRequester(who person, user string) (same, told bool) {
	if bridge.SameName(who.user, user) || sameMailbox(who.email, user) {
		return true, true
	}
	addresses := p.addressesOf(user)
	for _, address := range addresses {
		if sameMailbox(who.email, address) || sameMailbox(who.user, address) {
			return true, true
		}
	}
	// Two different Teleport users are two people, as far as Teleport can tell.
	return false, who.user != "" || len(addresses) > 0
}

// isSurely reports whether the person is the named Teleport user and can be nobody else. Where isRequester goes by every name there is, to
// keep people from deciding for themselves, this goes by the user alone that the person was mapped to: an address that somebody entered at
// an account of another user gives no rights.
func (p person) isSurely(user string) bool {
	return sameAddress(p.name(), user)
}

func (p *People) addressesOf(user string) []string {
	var addresses []string
	if strings.Contains(user, "@") {
		addresses = append(addresses, user)
	}
	for _, e := range p.table {
		if e.Email != "" && bridge.SameName(e.User, user) {
			addresses = append(addresses, e.Email)
		}
	}
	if p.readable() {
		known, _ := p.directory.EmailsOf(user)
		addresses = append(addresses, known...)
	}
	return addresses
}

// distinct reports whether two people are certainly not one: neither is the other under any of their names, and there is enough to tell them
// apart by.
func (p *People) distinct(a, b person) bool {
	if a.user == "" && b.user == "" {
		return !sameMailbox(a.email, b.email)
	}
	return p.other(a, b) && p.other(b, a)
}

// other reports whether a is certainly not the Teleport user that b is.
func (p *People) other(a, b person) bool {
	if b.user == "" {
		return !sameMailbox(a.email, b.email)
	}
	same, told := p.isRequester(a, b.user)
	return !same && told
}

// view is what is known of a requester.
func (p *People) view(user string) (v directoryView) {
	if p.readable() {
		v.traits, v.traitsKnown = p.directory.TraitsOf(user)
		v.roles, v.rolesKnown = p.directory.RolesOf(user)
	}
	return v
}

func (p *People) readable() bool { return p.directory != nil && p.directory.Available() }
