package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

const subscriptionNote = "accessbridge: decisions on Teleport Access Requests"

// subscription is a webhook subscription (developer.pagerduty.com, API reference, webhooks).
type subscription struct {
	ID          string   `json:"id,omitempty"`
	Type        string   `json:"type"`
	Active      *bool    `json:"active,omitempty"`
	Description string   `json:"description,omitempty"`
	Events      []string `json:"events"`
	Filter      struct {
		ID   string `json:"id,omitempty"`
		Type string `json:"type"`
	} `json:"filter"`
	Method struct {
		Type     string `json:"type"`
		URL      string `json:"url"`
		Disabled bool   `json:"temporarily_disabled,omitempty"`
		Secret   string `json:"secret,omitempty"`
	} `json:"delivery_method"`
}

func (s subscription) on() bool { return s.Active == nil || *s.Active }

// lacks are the events among those wanted that the subscription does not send.
func (s subscription) lacks(wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(e string) bool { return slices.Contains(s.Events, e) })
}

// events are the events that can be decisions.
func (p *PagerDuty) events() []string {
	list := []string{"incident.annotated"} // a subscription needs at least one
	if p.rules.ByAction() {
		list = append(list, "incident.action_invocation.created")
	}
	if p.rules.Acknowledged != bridge.Undecided {
		list = append(list, "incident.acknowledged")
	}
	if p.rules.Ended != bridge.Undecided {
		list = append(list, "incident.resolved")
	}
	return list
}

// EnsureWebhooks registers the subscription that sends decisions to an address, or repairs it: missing events, switched off, turned off
// by PagerDuty. It returns the secret of a subscription it has made, which PagerDuty tells only then, and whether it changed anything.
// It stores nothing. Where no secret is configured, that of a subscription that is there already can no longer be had; it is replaced. Where one is
// configured and cannot be read here, nothing is touched: the subscription may well serve a bridge that can read it.
func (p *PagerDuty) EnsureWebhooks(ctx context.Context, address string) (secret string, changed bool, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !incident.IsLoopback(u.Hostname())) {
		return "", false, bridge.Terminal(errors.New("pagerduty: the address of the webhook must be https://host/path, without a user or password"))
	}
	found, err := p.subscriptions(ctx, func(s subscription) bool { return sameURL(s.Method.URL, address) })
	if err != nil {
		return "", false, err
	}
	if len(found) > 0 && p.secrets.IsSet() {
		if _, err := p.secrets.Reveal(); err != nil {
			return "", false, bridge.Terminal(fmt.Errorf("pagerduty: a subscription to %s exists, but its secret cannot be read here; "+
				"put it in place, or delete the subscription in PagerDuty and run this again: %w", address, err))
		}
		changed, err = p.repair(ctx, found[0])
		return "", changed, err
	}
	made, err := p.subscribe(ctx, address)
	if err != nil {
		return "", false, err
	}
	for _, old := range found {
		if err := p.unsubscribe(ctx, old); err != nil {
			return made.Method.Secret, true, err
		}
	}
	return made.Method.Secret, true, nil
}

func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

func (p *PagerDuty) subscriptions(ctx context.Context, wanted func(subscription) bool) ([]subscription, error) {
	found, err := all[subscription](ctx, p, "/webhook_subscriptions", "webhook_subscriptions", url.Values{})
	return slices.DeleteFunc(found, func(s subscription) bool { return !wanted(s) }), err
}

func (p *PagerDuty) subscribe(ctx context.Context, address string) (subscription, error) {
	s := subscription{Type: "webhook_subscription", Description: subscriptionNote, Events: p.events()}
	s.Filter.Type = "account_reference"
	s.Method.Type, s.Method.URL = "http_delivery_method", address
	body := map[string]any{"webhook_subscription": s}
	var answer struct {
		Subscription subscription `json:"webhook_subscription"`
	}
	if err := p.call(ctx, http.MethodPost, "/webhook_subscriptions", nil, body, &answer); err != nil {
		return subscription{}, err
	}
	if answer.Subscription.Method.Secret == "" {
		return subscription{}, bridge.Terminal(errors.New("pagerduty: the new webhook subscription came without a secret"))
	}
	return answer.Subscription, nil
}

// repair adds missing events and switches the subscription on.
func (p *PagerDuty) repair(ctx context.Context, s subscription) (changed bool, err error) {
	path, err := subscriptionPath(s)
	if err != nil {
		return false, err
	}
	if missing := s.lacks(p.events()); len(missing) > 0 || !s.on() {
		body := map[string]any{"webhook_subscription": map[string]any{"events": slices.Concat(s.Events, missing), "active": true}}
		if err := p.call(ctx, http.MethodPut, path, nil, body, nil); err != nil {
			return false, err
		}
		changed = true
	}
	if s.Method.Disabled {
		if err := p.call(ctx, http.MethodPost, path+"/enable", nil, nil, nil); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

func (p *PagerDuty) unsubscribe(ctx context.Context, s subscription) error {
	path, err := subscriptionPath(s)
	if err != nil {
		return err
	}
	if err := p.call(ctx, http.MethodDelete, path, nil, nil, nil); err != nil && !isNotFound(err) {
		return err
	}
	return nil
}

func subscriptionPath(s subscription) (string, error) {
	if !objectID.MatchString(s.ID) {
		return "", fmt.Errorf("pagerduty: %q is not the id of a webhook subscription", s.ID)
	}
	return "/webhook_subscriptions/" + s.ID, nil
}
