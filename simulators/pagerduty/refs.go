package pagerduty

import (
	"fmt"
	"time"
)

// reference is how one object of PagerDuty names another.
type reference struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Summary *string `json:"summary"`
	Self    *string `json:"self"`
	HTMLURL *string `json:"html_url"`
}

// webURL stands before the addresses of the web application.
const webURL = "https://example.pagerduty.com"

// ref makes a reference; path is the one of the API, such as "/users/PALICE1", and web that of the web application.
func (s *Server) ref(id, kind, summary, path, web string) reference {
	self, html := s.URL()+path, webURL+web
	return reference{ID: id, Type: kind, Summary: &summary, Self: &self, HTMLURL: &html}
}

func (s *Server) userRef(id string) reference {
	u := s.acc.userByID[id]
	return s.ref(u.ID, "user_reference", u.Name, "/users/"+id, "/users/"+id)
}

func (s *Server) serviceRef(id string) reference {
	v := s.acc.service(id)
	return s.ref(id, "service_reference", v.Name, "/services/"+id, "/service-directory/"+id)
}

func (s *Server) policyRef(id string) reference {
	v := s.acc.policy(id)
	return s.ref(id, "escalation_policy_reference", v.Name, "/escalation_policies/"+id, "/escalation_policies/"+id)
}

func (s *Server) scheduleRef(id string) reference {
	v := s.acc.schedule(id)
	return s.ref(id, "schedule_reference", v.Name, "/schedules/"+id, "/schedules/"+id)
}

func (s *Server) incidentRef(in *Incident) reference {
	return s.ref(in.ID, "incident_reference", in.summary(), "/incidents/"+in.ID, "/incidents/"+in.ID)
}

func (in *Incident) summary() string { return fmt.Sprintf("[#%d] %s", in.Number, in.Title) }

// agentRef is the user, or the service where automation acted.
func (s *Server) agentRef(in *Incident, user string) reference {
	if user == "" {
		return s.serviceRef(in.Service)
	}
	return s.userRef(user)
}

// object is a reference as the start of a full object: with another type, and open for more fields.
func (r reference) object(kind string, more map[string]any) map[string]any {
	more["id"], more["type"], more["summary"], more["self"], more["html_url"] = r.ID, kind, r.Summary, r.Self, r.HTMLURL
	return more
}

// stamp is a time as the REST API writes it: in whole seconds; nil for none.
func stamp(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}
