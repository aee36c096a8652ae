package opsgenie

import (
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

const (
	defaultPage = 20
	maxPage     = 100
	// maxWindow is the greatest sum of offset and limit.
	maxWindow = 20_000
)

// ref is the alert that the path and identifierType name.
func (c *call) ref() (alerting.Ref, error) {
	kind, err := c.Choice("identifierType", "id", "alias", "tiny")
	return alerting.Ref{Type: kind, Value: c.Path["id"]}, err
}

// alert finds the alert of the path.
func (s *Server) alert(c *call) (alerting.Alert, error) {
	ref, err := c.ref()
	if err != nil {
		return alerting.Alert{}, err
	}
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
	return c.answer(envelope{Data: fullAlert(alert)})
}

func (s *Server) listAlerts(c *call) (standin.Reply, error) {
	if c.Query.Get("searchIdentifier") != "" {
		return standin.Reply{}, refuse(http.StatusNotFound, "There are no saved searches")
	}
	limit, err := c.Number("limit", defaultPage, 1, maxPage)
	if err != nil {
		return standin.Reply{}, err
	}
	offset, err := c.Number("offset", 0, 0, maxWindow-limit)
	if err != nil {
		return standin.Reply{}, err
	}
	order, err := c.Choice("order", "desc", "asc")
	if err != nil {
		return standin.Reply{}, err
	}
	page, total, err := s.Search(alerting.Search{
		Query: c.Query.Get("query"), Sort: c.Query.Get("sort"), Ascending: order == "asc", Offset: offset, Limit: limit,
	})
	if errors.Is(err, alerting.ErrQuery) {
		return standin.Reply{}, alerting.Wrong("query", err.Error())
	}
	if err != nil {
		return standin.Reply{}, err
	}
	data := []map[string]any{}
	for _, alert := range page {
		data = append(data, baseAlert(alert))
	}
	return c.answer(envelope{Data: data, Paging: s.pages(c, offset, limit, total)})
}

// pages are the addresses of the pages around one.
func (s *Server) pages(c *call, offset, limit, total int) *paging {
	at := func(offset int) string {
		query := maps.Clone(c.Query)
		query.Set("offset", strconv.Itoa(offset))
		query.Set("limit", strconv.Itoa(limit))
		return s.URL() + c.URL.Path + "?" + query.Encode()
	}
	p := &paging{First: at(0), Last: at(max(0, (total-1)/limit*limit))}
	if offset+limit < total {
		p.Next = at(offset + limit)
	}
	if offset > 0 {
		p.Prev = at(max(0, offset-limit))
	}
	return p
}

func (s *Server) getRequest(c *call) (standin.Reply, error) {
	r, found := s.Request(c.Path["id"])
	if !found || !r.Done {
		return standin.Reply{}, &refusal{
			status: http.StatusNotFound, message: "Request not found. It might not be processed, yet.", kind: "RequestNotProcessed",
		}
	}
	return c.answer(envelope{Data: map[string]any{
		"success": r.Success, "isSuccess": r.Success, "action": r.Action, "processedAt": alerting.Date(r.ProcessedAt),
		"integrationId": IntegrationID, "status": r.Status, "alertId": r.AlertID, "alias": r.Alias,
	}})
}

// baseAlert is an alert as a list tells it: without description, details, entity and actions.
func baseAlert(alert alerting.Alert) map[string]any {
	responders := []map[string]string{}
	for _, r := range alert.Responders {
		responders = append(responders, map[string]string{"type": r.Type, "id": r.ID})
	}
	out := map[string]any{
		"id": alert.ID, "tinyId": alert.TinyID, "alias": alert.Alias, "message": alert.Message, "status": alert.Status,
		"acknowledged": alert.Acknowledged, "isSeen": alert.Seen, "seen": alert.Seen, "tags": alerting.Texts(alert.Tags), "snoozed": false,
		"count": alert.Count, "lastOccurredAt": alerting.Date(alert.LastOccurred), "createdAt": alerting.Date(alert.Created),
		"updatedAt": alerting.Date(alert.Updated), "source": alert.Source, "owner": alert.Owner, "priority": alert.Priority,
		"responders":  responders,
		"integration": map[string]any{"id": IntegrationID, "name": alert.Integration, "type": "API"},
	}
	report := map[string]any{}
	if !alert.Acked.IsZero() {
		report["ackTime"], report["acknowledgedBy"] = alert.AckAge().Milliseconds(), alert.AckedBy
	}
	if !alert.Closed.IsZero() {
		report["closeTime"], report["closedBy"] = alert.CloseAge().Milliseconds(), alert.ClosedBy
	}
	if len(report) > 0 {
		out["report"] = report
	}
	return out
}

func fullAlert(alert alerting.Alert) map[string]any {
	out := baseAlert(alert)
	out["actions"], out["entity"], out["description"] = alerting.Texts(alert.Actions), alert.Entity, alert.Description
	out["details"] = alert.Details
	if alert.Details == nil {
		out["details"] = map[string]string{}
	}
	return out
}
