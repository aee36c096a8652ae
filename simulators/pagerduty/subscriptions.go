package pagerduty

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// subscriptionBody is a subscription as a request sends it; what is nil is absent.
type subscriptionBody struct {
	Subscription *struct {
		Type        string   `json:"type"`
		Active      *bool    `json:"active"`
		Description *string  `json:"description"`
		Events      []string `json:"events"`
		Filter      *pointer `json:"filter"`
		Delivery    *struct {
			Type    string `json:"type"`
			URL     string `json:"url"`
			Headers []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"custom_headers"`
		} `json:"delivery_method"`
	} `json:"webhook_subscription"`
}

// apply checks what is sent and sets it, apart from the delivery method, which only a create can set.
func (s *Server) apply(in subscriptionBody, sub *Subscription) error {
	body := in.Subscription
	if body.Events != nil {
		for _, name := range body.Events {
			if !slices.Contains(eventTypes(), name) {
				return invalidInput(fmt.Sprintf("Events has the unknown type %q", name))
			}
		}
		if len(body.Events) == 0 {
			return invalidInput("Events cannot be empty")
		}
		sub.Events = body.Events
	}
	if f := body.Filter; f != nil {
		switch {
		case f.Type == "account_reference":
			sub.Service = ""
		case f.Type == "service_reference" && find(s.acc.services, func(v *Service) bool { return v.ID == f.ID }) != nil:
			sub.Service = f.ID
		default:
			return invalidInput("Filter must name the account or a service")
		}
	}
	if body.Active != nil {
		sub.Inactive = !*body.Active
	}
	if body.Description != nil {
		sub.Description = *body.Description
	}
	return nil
}

func (s *Server) createSubscription(c *call) (reply, error) {
	var in subscriptionBody
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	body := in.Subscription
	if body == nil || body.Type != "webhook_subscription" || body.Delivery == nil || body.Events == nil || body.Filter == nil {
		return reply{}, invalidInput("Type, Delivery Method, Events and Filter are needed")
	}
	target, err := url.Parse(body.Delivery.URL)
	if err != nil || body.Delivery.Type != "http_delivery_method" || target.Host == "" ||
		(target.Scheme != "https" && target.Scheme != "http") {
		return reply{}, invalidInput("Delivery Method must be an http_delivery_method with a valid url")
	}
	sub := Subscription{URL: body.Delivery.URL, Headers: map[string]string{}}
	for _, h := range body.Delivery.Headers {
		sub.Headers[h.Name] = h.Value
	}
	if err := s.apply(in, &sub); err != nil {
		return reply{}, err
	}
	sub = s.AddSubscription(sub)
	out := s.subscriptionJSON(&sub)
	out["delivery_method"].(map[string]any)["secret"] = sub.Secrets[0] //nolint:forcetypeassert // made two lines above
	return ok(map[string]any{"webhook_subscription": out})
}

// withSubscription calls do with the subscription of the path while the lock of the subscriptions is held.
func (s *Server) withSubscription(c *call, do func(*Subscription) error) (reply, error) {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	sub := s.subs.find(c.Path["id"])
	if sub == nil {
		return reply{}, notFound()
	}
	if err := do(sub); err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"webhook_subscription": s.subscriptionJSON(sub)})
}

func (s *Server) getSubscription(c *call) (reply, error) {
	return s.withSubscription(c, func(*Subscription) error { return nil })
}

// updateSubscription changes what may be changed; a delivery method that is sent is not looked at.
func (s *Server) updateSubscription(c *call) (reply, error) {
	var in subscriptionBody
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Subscription == nil {
		return reply{}, invalidInput("Webhook Subscription cannot be empty")
	}
	return s.withSubscription(c, func(sub *Subscription) error {
		next := *sub
		if err := s.apply(in, &next); err != nil {
			return err
		}
		sub.Events, sub.Service, sub.Inactive, sub.Description = next.Events, next.Service, next.Inactive, next.Description
		return nil
	})
}

func (s *Server) enableSubscription(c *call) (reply, error) {
	return s.withSubscription(c, func(sub *Subscription) error {
		sub.enable()
		return nil
	})
}

func (s *Server) deleteSubscription(c *call) (reply, error) {
	_, err := s.withSubscription(c, func(sub *Subscription) error {
		s.subs.list = slices.DeleteFunc(slices.Clone(s.subs.list), func(other *Subscription) bool { return other == sub })
		return nil
	})
	return reply{Status: http.StatusNoContent}, err
}

func (s *Server) pingSubscription(c *call) (reply, error) {
	return reply{Status: http.StatusAccepted}, s.Ping(c.Path["id"])
}

// listSubscriptions may be narrowed by filter_type and filter_id.
func (s *Server) listSubscriptions(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	kind, id := c.Query.Get("filter_type"), c.Query.Get("filter_id")
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	found := slices.DeleteFunc(slices.Clone(s.subs.list), func(sub *Subscription) bool {
		own := "account"
		if sub.Service != "" {
			own = "service"
		}
		return (kind != "" && kind != own) || (id != "" && id != sub.Service)
	})
	return paged(p, "webhook_subscriptions", found, func(sub *Subscription) any { return s.subscriptionJSON(sub) })
}

// subscriptionJSON is a subscription without its secret and with the values of its headers hidden.
func (s *Server) subscriptionJSON(sub *Subscription) map[string]any {
	headers, events := []any{}, sub.Events
	for name := range sub.Headers {
		headers = append(headers, map[string]any{"name": name, "value": "-- redacted --"})
	}
	if events == nil {
		events = eventTypes()
	}
	filter := map[string]any{"type": "account_reference"}
	if sub.Service != "" {
		filter = map[string]any{"type": "service_reference", "id": sub.Service}
	}
	return map[string]any{
		"id": sub.ID, "type": "webhook_subscription", "active": !sub.Inactive, "description": sub.Description, "events": events,
		"filter": filter,
		"delivery_method": map[string]any{
			"id": "PD" + sub.ID, "secret": nil, "temporarily_disabled": sub.disabled(s.now()), "type": "http_delivery_method",
			"url": sub.URL, "custom_headers": headers,
		},
	}
}
