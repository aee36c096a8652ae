package jira

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

// dateLayout is how Jira writes moments: RFC 3339 but for the missing colon in the zone.
const dateLayout = "2006-01-02T15:04:05.000-0700"

func date(t time.Time) string { return t.UTC().Format(dateLayout) }

// view is how an object is shown: by API version, and to webhooks with even less about people.
type view struct {
	v3      bool
	webhook bool
	cat     *catalog
}

func (c *call) view() view { return view{v3: c.v3, cat: c.cat} }

// self is the address of an object of the REST API.
func (s *Server) self(v3 bool, path string) string {
	if v3 {
		return s.URL() + "/rest/api/3" + path
	}
	return s.URL() + "/rest/api/2" + path
}

// userJSON is a user in the form of the flavour: accountId on Cloud, name and key on Data Center.
type userJSON struct {
	Self         string `json:"self"`
	AccountID    string `json:"accountId,omitempty"`
	Name         string `json:"name,omitempty"`
	Key          string `json:"key,omitempty"`
	EmailAddress string `json:"emailAddress,omitempty"`
	DisplayName  string `json:"displayName"`
	Active       bool   `json:"active"`
	TimeZone     string `json:"timeZone"`
	AccountType  string `json:"accountType,omitempty"`
}

// person renders a user by id; nil, hence JSON null, for nobody.
func (s *Server) person(v view, id string) *userJSON {
	if u := v.cat.user(id); u != nil {
		return s.userJSON(v, u)
	}
	return nil
}

func (s *Server) userJSON(v view, u *User) *userJSON {
	out := &userJSON{DisplayName: u.DisplayName, Active: !u.Inactive, TimeZone: "Etc/UTC"}
	if s.opt.Flavour == DataCenter {
		out.Self = s.self(false, "/user?username="+url.QueryEscape(u.Name))
		out.Name, out.Key, out.EmailAddress = u.Name, u.Name, u.Email
		return out
	}
	out.Self = s.self(v.v3, "/user?accountId="+url.QueryEscape(u.AccountID))
	out.AccountID, out.AccountType = u.AccountID, "atlassian"
	if u.App {
		out.AccountType = "app"
	}
	if !s.opt.HideEmails && !v.webhook {
		out.EmailAddress = u.Email
	}
	return out
}

// categoryJSON is the category of a status.
type categoryJSON struct {
	Self      string `json:"self"`
	ID        int    `json:"id"`
	Key       string `json:"key"`
	ColorName string `json:"colorName"`
	Name      string `json:"name"`
}

type statusJSON struct {
	Self           string       `json:"self"`
	Description    string       `json:"description"`
	IconURL        string       `json:"iconUrl"`
	Name           string       `json:"name"`
	ID             string       `json:"id"`
	StatusCategory categoryJSON `json:"statusCategory"`
}

func (s *Server) statusJSON(v view, st Status) statusJSON {
	cat := categoryJSON{ID: 2, Key: "new", ColorName: "blue-gray", Name: st.Category}
	switch st.Category {
	case "In Progress":
		cat.ID, cat.Key, cat.ColorName = 4, "indeterminate", "yellow"
	case "Done":
		cat.ID, cat.Key, cat.ColorName = 3, "done", "green"
	}
	cat.Self = s.self(v.v3, "/statuscategory/"+strconv.Itoa(cat.ID))
	return statusJSON{Self: s.self(v.v3, "/status/"+st.ID), IconURL: s.URL() + "/", Name: st.Name, ID: st.ID, StatusCategory: cat}
}

// transitionJSON is a transition as GET transitions shows it.
type transitionJSON struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	To            statusJSON `json:"to"`
	HasScreen     bool       `json:"hasScreen"`
	IsGlobal      bool       `json:"isGlobal"`
	IsInitial     bool       `json:"isInitial"`
	IsAvailable   bool       `json:"isAvailable"`
	IsConditional bool       `json:"isConditional"`
}

func (s *Server) transitionsJSON(c *call, issue *Issue) []transitionJSON {
	out := []transitionJSON{}
	p := c.cat.project(issue.Project)
	if !c.user.may("TRANSITION_ISSUES") {
		return out
	}
	for _, t := range p.available(issue.Status) {
		to, _ := p.status(t.To)
		out = append(out, transitionJSON{
			ID: t.ID, Name: t.Name, To: s.statusJSON(c.view(), to),
			HasScreen: t.Screen, IsGlobal: len(t.From) == 0, IsAvailable: true,
		})
	}
	return out
}

// commentJSON is a comment; properties only when they are asked for.
type commentJSON struct {
	Self         string     `json:"self"`
	ID           string     `json:"id"`
	Author       *userJSON  `json:"author"`
	Body         any        `json:"body"`
	UpdateAuthor *userJSON  `json:"updateAuthor"`
	Created      string     `json:"created"`
	Updated      string     `json:"updated"`
	JSDPublic    *bool      `json:"jsdPublic,omitempty"`
	Properties   []property `json:"properties,omitempty"`
}

func (s *Server) commentJSON(v view, issueID string, c Comment, properties bool) commentJSON {
	author := s.person(v, c.Author)
	out := commentJSON{
		Self: s.self(v.v3, "/issue/"+issueID+"/comment/"+c.ID), ID: c.ID, Author: author, UpdateAuthor: author,
		Body: rich(c.Body, c.document, v.v3), Created: date(c.Created), Updated: date(c.Updated),
	}
	if s.opt.Flavour == Cloud {
		public := true
		out.JSDPublic = &public
	}
	if properties {
		for key, value := range c.Properties {
			out.Properties = append(out.Properties, property{Key: key, Value: value})
		}
	}
	return out
}

// itemJSON is one changed field. Fields set to nothing are null, as in Jira.
type itemJSON struct {
	Field      string  `json:"field"`
	FieldType  string  `json:"fieldtype"`
	FieldID    string  `json:"fieldId,omitempty"`
	From       *string `json:"from"`
	FromString *string `json:"fromString"`
	To         *string `json:"to"`
	ToString   *string `json:"toString"`
}

func (s *Server) itemsJSON(items []ChangeItem) []itemJSON {
	out := make([]itemJSON, 0, len(items))
	for _, it := range items {
		item := itemJSON{
			Field: it.Field, FieldType: "jira", From: orNull(it.From), FromString: orNull(it.FromString),
			To: orNull(it.To), ToString: orNull(it.ToString),
		}
		if s.opt.Flavour == Cloud {
			item.FieldID = it.FieldID
		}
		out = append(out, item)
	}
	return out
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// historyJSON is one changelog entry.
type historyJSON struct {
	ID      string     `json:"id"`
	Author  *userJSON  `json:"author,omitempty"`
	Created string     `json:"created"`
	Items   []itemJSON `json:"items"`
}

func (s *Server) historiesJSON(v view, history []Change) []historyJSON {
	out := make([]historyJSON, 0, len(history))
	for _, h := range history {
		out = append(out, historyJSON{ID: h.ID, Author: s.person(v, h.Author), Created: date(h.At), Items: s.itemsJSON(h.Items)})
	}
	return out
}

// changelogJSON is the changelog within an issue: all of it on Data Center, the newest hundred entries on Cloud.
func (s *Server) changelogJSON(v view, history []Change) map[string]any {
	total := len(history)
	newestFirst := s.opt.HistoryNewestFirst
	if s.opt.Flavour == Cloud {
		newestFirst = !s.opt.HistoryOldestFirst
		history = history[max(0, total-100):]
	}
	out := s.historiesJSON(v, history)
	if newestFirst {
		slices.Reverse(out)
	}
	return map[string]any{"startAt": 0, "maxResults": len(out), "total": total, "histories": out}
}
