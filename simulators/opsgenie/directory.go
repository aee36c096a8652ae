package opsgenie

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

func (s *Server) getAccount(c *call) (standin.Reply, error) {
	return c.answer(envelope{Data: map[string]any{
		"name": "example", "userCount": len(s.Users()), "plan": map[string]any{"name": "Enterprise", "maxUserCount": 100, "isYearly": true},
	}})
}

func (s *Server) listSchedules(c *call) (standin.Reply, error) {
	data := []map[string]any{}
	for _, sched := range s.Schedules() {
		data = append(data, s.renderSchedule(sched, c.Query.Get("expand") == "rotation"))
	}
	return c.answer(envelope{Data: data, Expandable: []string{"rotation"}})
}

func (s *Server) getSchedule(c *call) (standin.Reply, error) {
	sched, err := s.schedule(c, "identifierType")
	if err != nil {
		return standin.Reply{}, err
	}
	return c.answer(envelope{Data: s.renderSchedule(sched, true)})
}

func (s *Server) renderSchedule(sched alerting.Schedule, rotations bool) map[string]any {
	out := sched.Render("UTC", rotations, s.target)
	s.owner(out, sched.Team)
	return out
}

// target is the one responder of which a name is given, as the vendor writes it: users have a username, the rest a name.
func (s *Server) target(user, team, schedule, escalation string) map[string]any {
	for kind, name := range map[string]string{
		alerting.TypeUser: user, alerting.TypeTeam: team, alerting.TypeSchedule: schedule, alerting.TypeEscalation: escalation,
	} {
		if name == "" {
			continue
		}
		r, _ := s.Responder(alerting.Responder{Type: kind, Name: name})
		out := map[string]any{"type": r.Type, "id": r.ID, "name": r.Name}
		if kind == alerting.TypeUser {
			delete(out, "name")
			out["username"] = r.Name
		}
		return out
	}
	return map[string]any{"type": "none"}
}

// owner adds the owning team, if there is one.
func (s *Server) owner(out map[string]any, team string) {
	if t, found := s.Team(team); found {
		out["ownerTeam"] = map[string]any{"id": t.ID, "name": t.Name}
	}
}

func (s *Server) listTeams(c *call) (standin.Reply, error) {
	data := []map[string]any{}
	for _, t := range s.Teams() {
		data = append(data, s.renderTeam(t, c.Query.Get("expand") == "member"))
	}
	return c.answer(envelope{Data: data, Expandable: []string{"member"}})
}

func (s *Server) getTeam(c *call) (standin.Reply, error) {
	kind, err := c.Choice("identifierType", "id", "name")
	if err != nil {
		return standin.Reply{}, err
	}
	t, found := s.Team(c.Path["id"])
	if !found || (kind == "id") != (t.ID == c.Path["id"]) {
		return standin.Reply{}, refuse(http.StatusNotFound, "No team exists with "+kind+" ["+c.Path["id"]+"]")
	}
	return c.answer(envelope{Data: s.renderTeam(t, true)})
}

func (s *Server) renderTeam(t alerting.Team, members bool) map[string]any {
	out := map[string]any{"id": t.ID, "name": t.Name, "description": t.Description}
	if !members {
		return out
	}
	list := []map[string]any{}
	for _, id := range t.Members {
		u, _ := s.User(id)
		list = append(list, map[string]any{"role": "user", "user": map[string]any{"id": u.ID, "username": u.Username}})
	}
	out["members"] = list
	return out
}

func (s *Server) listEscalations(c *call) (standin.Reply, error) {
	data := []map[string]any{}
	for _, e := range s.Escalations() {
		data = append(data, s.renderEscalation(e))
	}
	return c.answer(envelope{Data: data})
}

func (s *Server) getEscalation(c *call) (standin.Reply, error) {
	kind, err := c.Choice("identifierType", "id", "name")
	if err != nil {
		return standin.Reply{}, err
	}
	e, found := s.Escalation(c.Path["id"])
	if !found || (kind == "id") != (e.ID == c.Path["id"]) {
		return standin.Reply{}, refuse(http.StatusNotFound, "No escalation exists with "+kind+" ["+c.Path["id"]+"]")
	}
	return c.answer(envelope{Data: s.renderEscalation(e)})
}

func (s *Server) renderEscalation(e alerting.Escalation) map[string]any {
	rules := []map[string]any{}
	for _, r := range e.Rules {
		rules = append(rules, map[string]any{
			"condition": "if-not-acked", "notifyType": "default", "recipient": s.target(r.User, r.Team, r.Schedule, ""),
			"delay": map[string]any{"timeAmount": int(r.After / time.Minute), "timeUnit": "minutes"},
		})
	}
	out := map[string]any{"id": e.ID, "name": e.Name, "description": e.Description, "rules": rules}
	s.owner(out, e.Team)
	return out
}

func (s *Server) listUsers(c *call) (standin.Reply, error) {
	limit, err := c.Number("limit", maxPage, 1, maxPage)
	if err != nil {
		return standin.Reply{}, err
	}
	offset, err := c.Number("offset", 0, 0, maxWindow)
	if err != nil {
		return standin.Reply{}, err
	}
	order, err := c.Choice("order", "asc", "desc")
	if err != nil {
		return standin.Reply{}, err
	}
	field, value, _ := strings.Cut(c.Query.Get("query"), ":")
	users := []alerting.User{}
	for _, u := range s.Users() {
		if has(u, strings.TrimSpace(field), strings.Trim(strings.TrimSpace(value), `"`)) {
			users = append(users, u)
		}
	}
	slices.SortFunc(users, func(a, b alerting.User) int { return cmp.Compare(a.Username, b.Username) })
	if order == "desc" {
		slices.Reverse(users)
	}
	total := len(users)
	from := min(offset, total)
	data := []map[string]any{}
	for _, u := range users[from:min(from+limit, total)] {
		data = append(data, renderUser(u))
	}
	return c.answer(envelope{Data: data, TotalCount: &total, Paging: s.pages(c, offset, limit, total)})
}

// has says whether a user fits a query such as "username:alice@example.com".
func has(u alerting.User, field, value string) bool {
	switch field {
	case "":
		return true
	case "username":
		return strings.Contains(strings.ToLower(u.Username), strings.ToLower(value))
	case "fullName":
		return strings.Contains(strings.ToLower(u.FullName), strings.ToLower(value))
	}
	return false
}

func (s *Server) getUser(c *call) (standin.Reply, error) {
	key := c.Path["id"]
	u, found := s.User(key)
	if !found || (u.ID != key && !strings.EqualFold(u.Username, key)) {
		return standin.Reply{}, refuse(http.StatusNotFound, "No user exists with identifier ["+key+"]")
	}
	out := renderUser(u)
	if c.Query.Get("expand") == "contact" {
		out["userContacts"] = []map[string]any{{"id": u.ID, "contactMethod": "email", "to": u.Username, "enabled": true}}
	}
	return c.answer(envelope{Data: out, Expandable: []string{"contact"}})
}

func renderUser(u alerting.User) map[string]any {
	return map[string]any{
		"id": u.ID, "username": u.Username, "fullName": u.FullName, "blocked": u.Blocked, "verified": true, "locale": "en_US",
		"role": map[string]any{"id": u.Role, "name": u.Role}, "timeZone": "UTC", "createdAt": "2024-01-02T03:04:05.000Z",
		"tags": []string{}, "details": map[string]any{}, "skypeUsername": "",
		"userAddress": map[string]any{"country": "", "state": "", "city": "", "line": "", "zipCode": ""},
	}
}
