package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	pagersim "github.com/accessbridge/accessbridge/simulators/pagerduty"
)

const (
	pagerDutyType = "pagerduty"
	// servicesAnnotation names further services to be on call for.
	servicesAnnotation = "pagerduty_services"
)

// pager is a simulated PagerDuty. The ordinary service is in the configuration, a spare one in an annotation beside it.
type pager struct {
	*pagersim.Server
}

func pagerDuty() onCallVendor {
	return onCallVendor{kind: pagerDutyType, token: pagersim.DefaultToken, config: pagerDutyTemplate, read: "GET /oncalls", start: startPager}
}

func startPager(o simulatorOptions, s *settings) (onCallSimulator, error) {
	options := pagersim.Options{
		Latency: o.latency, TLS: o.serving, Webhooks: pagersim.Sending{Roots: o.roots},
		Services: pagersim.DefaultServices(), Policies: pagersim.DefaultPolicies(), Schedules: pagersim.DefaultSchedules(time.Now()),
	}
	for i := range spares {
		policy := pagersim.Policy{ID: sparePolicy(i), Name: spareName(i) + " EP", Rules: options.Policies[0].Rules}
		options.Policies = append(options.Policies, policy)
		options.Services = append(options.Services, pagersim.Service{ID: fmt.Sprintf("PSPARE%02d", i), Name: spareName(i), Policy: policy.ID})
	}
	server, err := started(pagersim.New(options))
	if err != nil {
		return nil, err
	}
	s.Vendor, s.Ordinary, s.User = server.URL(), pagersim.DefaultService, pagersim.DefaultBotEmail
	return pager{server}, nil
}

func spareName(i int) string { return fmt.Sprintf("Spare %02d", i) }

func sparePolicy(i int) string { return fmt.Sprintf("PPOLICY%02d", i) }

func (p pager) deliver(url string) {
	p.AddSubscription(pagersim.Subscription{URL: url, Secrets: []string{webhookSecret}, Events: []string{"incident.annotated"}})
}

func (p pager) annotations(spare int) map[string][]string {
	if spare == ordinary {
		return nil
	}
	return map[string][]string{servicesAnnotation: {spareName(spare)}}
}

func (p pager) reader(network *http.Client) onCallReader {
	api := pd.NewClient(pagersim.DefaultToken, pd.WithAPIEndpoint(p.URL()), func(c *pd.Client) { c.HTTPClient = network })
	return func(ctx context.Context, spare int) (string, error) { return readPager(ctx, api, spare) }
}

func readPager(ctx context.Context, api *pd.Client, spare int) (string, error) {
	policies := []string{pagersim.DefaultPolicies()[0].ID}
	if spare != ordinary {
		policies = append(policies, sparePolicy(spare))
	}
	read, err := api.ListOnCallsWithContext(ctx, pd.ListOnCallOptions{EscalationPolicyIDs: policies, Includes: []string{"users"}, Limit: 100})
	if err != nil {
		return "", err
	}
	for _, o := range read.OnCalls {
		if o.User.Email == requester && o.EscalationLevel == 1 {
			return o.Schedule.Summary, nil
		}
	}
	return "", errNotOnCall
}

func (p pager) objects() []object {
	var out []object
	for _, i := range p.Incidents() {
		out = append(out, object{key: i.Key, open: i.Open(), notes: len(i.Notes)})
	}
	return out
}
