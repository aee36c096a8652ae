package alerting

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// ErrMalformed refuses a body that is no JSON.
var ErrMalformed = errors.New("the body is no JSON")

// WrongError says what is wrong with a call, by field or parameter.
type WrongError map[string]string

// Error tells the fields.
func (e WrongError) Error() string {
	var list []string
	for field, text := range e {
		list = append(list, field+": "+text)
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

// Wrong refuses a call for one field or parameter.
func Wrong(field, text string) error { return WrongError{field: text} }

// Call is a REST request on its way through a handler, read as both products do. Its errors are [WrongError] and [ErrMalformed].
type Call struct{ *standin.Call }

// Into reads the JSON body; an empty one is an empty object.
func (c Call) Into(out any) error {
	if len(c.Content) == 0 {
		return nil
	}
	err := c.Decode(out)
	if mismatch, isType := errors.AsType[*json.UnmarshalTypeError](err); isType {
		return Wrong(mismatch.Field, "It must not be a "+mismatch.Value+".")
	}
	if err != nil {
		return ErrMalformed
	}
	return nil
}

// Number reads a number from the query.
func (c Call) Number(name string, otherwise, least, most int) (int, error) {
	text := c.Query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, Wrong(name, "It must be a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// Choice reads a word from the query; the first of the choices is the default.
func (c Call) Choice(name string, choices ...string) (string, error) {
	text := c.Query.Get(name)
	if text == "" {
		return choices[0], nil
	}
	if slices.Contains(choices, text) {
		return text, nil
	}
	return "", Wrong(name, "It must be one of "+strings.Join(choices, ", ")+".")
}
