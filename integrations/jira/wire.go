package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	gojira "github.com/andygrunwald/go-jira"
)

// dateLayout is how Jira writes a moment: RFC 3339 but for the colon in the zone.
const dateLayout = "2006-01-02T15:04:05.000-0700"

// issue is what the bridge reads of an issue. The library's own type knows neither properties nor the size of the changelog.
type issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Status   gojira.Status `json:"status"`
		Created  moment        `json:"created"`
		Creator  gojira.User   `json:"creator"`
		Comments commentPage   `json:"comment"`
	} `json:"fields"`
	Changelog   changePage                 `json:"changelog"`
	Transitions []gojira.Transition        `json:"transitions"`
	Properties  map[string]json.RawMessage `json:"properties"`
}

// marker returns the request id that the issue carries, empty when there is none.
func (i *issue) marker() string {
	var id string
	if json.Unmarshal(i.Properties[marker], &id) != nil {
		return ""
	}
	return id
}

type changePage struct {
	StartAt    int      `json:"startAt"`
	MaxResults int      `json:"maxResults"`
	Total      int      `json:"total"`
	Histories  []change `json:"histories"`
	// Values are the entries where the changelog is read by itself.
	Values []change `json:"values"`
	IsLast bool     `json:"isLast"`
}

// change is one entry of the changelog.
type change struct {
	ID      flexID       `json:"id"`
	Author  *gojira.User `json:"author"`
	Created moment       `json:"created"`
	Items   []changeItem `json:"items"`
}

// flexID is an identifier that comes as a text or as a number, depending on who sends it.
type flexID string

// UnmarshalJSON takes both forms; anything else is no identifier.
func (f *flexID) UnmarshalJSON(b []byte) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(b, &text) == nil:
		*f = flexID(text)
	case json.Unmarshal(b, &number) == nil:
		*f = flexID(number)
	default:
		*f = ""
	}
	return nil
}

type changeItem struct {
	Field   string `json:"field"`
	Type    string `json:"fieldtype"`
	FieldID string `json:"fieldId"`
	To      string `json:"to"`
}

// field is the id of the changed field. Data Center gives only its name, and people may name a field of theirs like one of Jira's.
func (i changeItem) field() string {
	if i.FieldID != "" || i.Type == "custom" {
		return i.FieldID
	}
	return strings.ToLower(i.Field)
}

// status returns the id of the status the entry brought the issue into.
func (c change) status() (id string, ok bool) {
	for _, item := range c.Items {
		if item.field() == "status" {
			return item.To, true
		}
	}
	return "", false
}

// moved reports whether the issue has left its first status.
func (i *issue) moved() bool {
	return slices.ContainsFunc(i.Changelog.Histories, func(c change) bool { _, ok := c.status(); return ok })
}

// after orders entries of the changelog by time, and by id within the same millisecond.
func (c change) after(other change) bool {
	if !c.Created.Equal(other.Created.Time) {
		return c.Created.After(other.Created.Time)
	}
	a, _ := strconv.ParseInt(string(c.ID), 10, 64)
	b, _ := strconv.ParseInt(string(other.ID), 10, 64)
	return a > b
}

type commentPage struct {
	StartAt  int       `json:"startAt"`
	Total    int       `json:"total"`
	Comments []comment `json:"comments"`
}

type comment struct {
	Author     gojira.User `json:"author"`
	Body       string      `json:"body"`
	Created    moment      `json:"created"`
	Properties []property  `json:"properties"`
}

// property is an entity property. The bridge's own values are plain strings, which both products take.
type property struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// moment is a date and time as Jira writes it.
type moment struct{ time.Time }

// UnmarshalJSON reads Jira's own layout; null and an empty text are the zero time.
func (m *moment) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "" || text == "null" {
		return nil
	}
	for _, layout := range []string{dateLayout, time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			m.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q is not a date as Jira writes it", text)
}

// accountID is the stable identifier of an account: the account id on Cloud, the key on Data Center, or the name where an old
// server gives no key.
func accountID(u gojira.User) string { return incident.Or(incident.Or(u.AccountID, u.Key), u.Name) }

func sameAccount(a, b gojira.User) bool { return accountID(a) != "" && accountID(a) == accountID(b) }
