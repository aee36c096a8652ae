package recipients

import (
	"net/mail"

	"github.com/accessbridge/accessbridge/bridge"
)

// AnyRole is the entry of a role map that stands for every role without an entry of its own.
const AnyRole = "*"

// RoleMap is `role_to_recipients` of the official plugins: who is told of a request for a role.
type RoleMap map[string][]string

// ByRole returns the recipients of a request: for each role asked for, in the request's order, those of its own entry, or of "*"
// if it has none. Names of roles match exactly; there are no patterns. An entry without recipients is an entry: nobody is told of
// that role. Suggested reviewers that look like e-mail addresses follow. Everybody is named once.
func ByRole(roles RoleMap, req bridge.Request) []string {
	var out list
	for _, role := range req.Roles {
		names, ok := roles[role]
		if !ok {
			names = roles[AnyRole]
		}
		out.add(names...)
	}
	reviewers, _ := Reviewers(req)
	out.add(reviewers...)
	return out.names
}

// Reviewers divides the suggested reviewers of a request into those that look like e-mail addresses, which can be told, and the
// others, which are worth a warning.
func Reviewers(req bridge.Request) (addresses, others []string) {
	for _, reviewer := range req.SuggestedReviewers {
		if address, err := mail.ParseAddress(reviewer); err == nil && address.Address == reviewer {
			addresses = append(addresses, reviewer)
		} else {
			others = append(others, reviewer)
		}
	}
	return addresses, others
}

// list collects distinct names in the order they come. The zero value is empty.
type list struct {
	names []string
	seen  map[string]struct{}
}

func (l *list) add(names ...string) {
	if l.seen == nil {
		l.seen = map[string]struct{}{}
	}
	for _, name := range names {
		if _, ok := l.seen[name]; ok || name == "" {
			continue
		}
		l.seen[name] = struct{}{}
		l.names = append(l.names, name)
	}
}
