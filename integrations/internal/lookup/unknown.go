package lookup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/config"
)

// ErrUnknown means that the vendor knows nothing of a name or id. A Cache remembers it shortly.
var ErrUnknown = errors.New("not found")

// maxNear is how many near names an error lists.
const maxNear = 3

// unknownError is ErrUnknown with the vendor's name in its text.
type unknownError struct{ text string }

func (e unknownError) Error() string { return e.text }

func (unknownError) Is(target error) bool { return target == ErrUnknown }

// Unknown is the error for a name that the product does not know: ErrUnknown with the kind of thing, the name, those of the names there
// are that are near it, and the product: `service "Prodction" (did you mean Production?): not found in PagerDuty`.
func Unknown(product, kind, name string, names []string) error {
	text := fmt.Sprintf("%s %q", kind, name)
	if list := Near(name, names); len(list) > 0 {
		text += fmt.Sprintf(" (did you mean %s?)", strings.Join(list, " or "))
	}
	return unknownError{text + ": not found in " + product}
}

// Ambiguous is the error for a name that n things have, but for the case of letters. It is an ErrUnknown too: none of them is meant.
func Ambiguous(product, name string, n int) error {
	return unknownError{fmt.Sprintf("%d objects are called %q but for the case of letters, write it as it is or use the id: not found in %s",
		n, name, product)}
}

// Near returns the names that differ least from the one given, at most three, the nearest first.
func Near(given string, names []string) []string {
	given = strings.ToLower(given)
	least := max(2, len(given)/3)
	var found []string
	for _, name := range names {
		lower := strings.ToLower(name)
		if lower != "" && (strings.Contains(lower, given) || strings.Contains(given, lower) || config.Distance(given, lower) <= least) {
			found = append(found, name)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		if d := config.Distance(given, strings.ToLower(a)) - config.Distance(given, strings.ToLower(b)); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	found = slices.Compact(found)
	return found[:min(len(found), maxNear)]
}
