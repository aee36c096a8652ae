package jsm

import (
	"errors"
	"net/http"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

const (
	defaultPage = 20
	maxPage     = 100
	// maxWindow is what the sum of offset and size must stay below.
	maxWindow = 20_000
)

// alert finds the alert of the path, by its whole id only.
func (s *Server) alert(c *call) (alerting.Alert, error) {
	return s.find(alerting.ByID(c.Path["id"]))
}

func (s *Server) find(ref alerting.Ref) (alerting.Alert, error) {
	alert, found := s.Get(ref)
	if !found {
		return alerting.Alert{}, refuse(http.StatusNotFound, "Alert not found with "+ref.Type+" ["+ref.Value+"]")
	}
	return alert, nil
}

func (s *Server) getAlert(c *call) (standin.Reply, error) {
	alert, err := s.alert(c)
	if err != nil {
		return standin.Reply{}, err
	}
	return standin.OK(s.fullAlert(alert))
}

func (s *Server) getAlias(c *call) (standin.Reply, error) {
	alias := c.Query.Get("alias")
	if alias == "" {
		return standin.Reply{}, alerting.Wrong("alias", "It must not be empty.")
	}
	alert, err := s.find(alerting.ByAlias(alias))
	if err != nil {
		return standin.Reply{}, err
	}
	return standin.OK(s.fullAlert(alert))
}

func (s *Server) listAlerts(c *call) (standin.Reply, error) {
	search, err := s.search(c)
	if err != nil {
		return standin.Reply{}, err
	}
	page, total, err := s.Search(search)
	if errors.Is(err, alerting.ErrQuery) {
		return standin.Reply{}, alerting.Wrong("query", err.Error())
	}
	if err != nil {
		return standin.Reply{}, err
	}
	if c.outsider {
		page, total = nil, 0
	}
	values := []map[string]any{}
	for _, alert := range page {
		values = append(values, s.baseAlert(alert))
	}
	return standin.OK(map[string]any{
		"values": values, "count": total, "links": s.after(c, search.Offset, search.Limit, total),
	})
}

// search is what the query asks for.
func (s *Server) search(c *call) (alerting.Search, error) {
	size, err1 := c.Number("size", defaultPage, 1, maxPage)
	offset, err2 := c.Number("offset", 0, 0, maxWindow-1-size)
	order, err3 := c.Choice("order", "desc", "asc")
	sort, err4 := c.Choice("sort", "insertedAt", "createdAt", "lastOccurredAt", "priority")
	from, err5 := c.moment("from")
	until, err6 := c.moment("to")
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			return alerting.Search{}, err
		}
	}
	if sort == "insertedAt" {
		sort = "createdAt"
	}
	return alerting.Search{
		Query: c.Query.Get("query"), Sort: sort, Ascending: order == "asc", From: from, Until: until, Offset: offset, Limit: size,
	}, nil
}

func (s *Server) getRequest(c *call) (standin.Reply, error) {
	r, found := s.Request(c.Path["id"])
	if !found || !r.Done {
		return standin.Reply{}, refuse(http.StatusNotFound, "Request not found. It might not be processed, yet.")
	}
	return standin.OK(map[string]any{
		"action": r.Action, "processedAt": alerting.Date(r.ProcessedAt), "integrationId": "", "isSuccess": r.Success, "status": r.Status,
		"alertId": r.AlertID, "alias": r.Alias,
	})
}

// baseAlert is an alert as a list tells it: without description, properties, entity and actions.
func (s *Server) baseAlert(alert alerting.Alert) map[string]any {
	responders := []map[string]string{}
	for _, r := range alert.Responders {
		responders = append(responders, map[string]string{"type": r.Type, "id": s.id(r.Type, r.ID)})
	}
	out := map[string]any{
		"id": alert.ID, "tinyId": alert.TinyID, "alias": alert.Alias, "message": alert.Message, "status": s.status(alert),
		"acknowledged": alert.Acknowledged, "seen": alert.Seen, "tags": alerting.Texts(alert.Tags), "snoozed": false, "count": alert.Count,
		"lastOccuredAt": alerting.Date(alert.LastOccurred), "createdAt": alerting.Date(alert.Created), "updatedAt": alerting.Date(alert.Updated),
		"source": alert.Source, "priority": alert.Priority, "responders": responders,
		"integrationType": "API", "integrationName": alert.Integration, "owner": s.owner(alert.Owner),
	}
	if !alert.Acked.IsZero() {
		out["ackTime"] = alerting.Date(alert.Acked)
	}
	if !alert.Closed.IsZero() {
		out["closeTime"] = alerting.Date(alert.Closed)
	}
	return out
}

func (s *Server) status(alert alerting.Alert) string {
	if alert.Open() && alert.Acknowledged && !s.opt.PlainStatus {
		return "acked"
	}
	return alert.Status
}

func (s *Server) fullAlert(alert alerting.Alert) map[string]any {
	out := s.baseAlert(alert)
	out["actions"], out["entity"], out["description"] = alerting.Texts(alert.Actions), alert.Entity, alert.Description
	out["extraProperties"] = alert.Details
	if alert.Details == nil {
		out["extraProperties"] = map[string]string{}
	}
	return out
}
