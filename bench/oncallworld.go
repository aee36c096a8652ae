package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/gravitational/teleport/api/client"

	pagersim "github.com/accessbridge/accessbridge/simulators/pagerduty"
)

const (
	// pager is the name of the PagerDuty account in the bridge's configuration.
	pager = "pager"
	// servicesAnnotation names further services to be on call for.
	servicesAnnotation = "pagerduty_services"
	// spares is how many further services there are. So many one at a time take longer than the bridge lets an answer about who is on call
	// be shared, so that each has to ask.
	spares = 4 * idleTurn
)

// onCallWorld is a Teleport and a PagerDuty in this process, a bridge in its own, and the floor's clients. Who requests is on call.
type onCallWorld struct {
	*world
	pager *pagersim.Server
	floor *onCallFloor
}

// newOnCallWorld makes everything but the bridge.
func newOnCallWorld(ctx context.Context, r *rig) (context.Context, *onCallWorld, error) {
	w := &onCallWorld{}
	ctx, inner, err := makeWorld(ctx, r,
		func(_ context.Context, w *world) error { return errors.Join(w.startTeleport(), w.makeCertificates()) },
		func(_ context.Context, inner *world) (err error) {
			w.pager, err = startPager(&inner.config)
			return err
		},
		func(_ context.Context, inner *world) error {
			return inner.writeConfig(pager, pagersim.DefaultToken, onCallTemplate)
		},
		func(ctx context.Context, inner *world) (err error) {
			w.floor, err = newOnCallFloor(ctx, inner.config)
			return err
		})
	if err != nil {
		w.closeVendor()
		return nil, nil, err
	}
	w.world = inner
	w.pager.AddSubscription(pagersim.Subscription{
		URL: w.config.webhookURL(), Secrets: []string{webhookSecret}, Events: []string{"incident.annotated"},
	})
	return ctx, w, nil
}

// startPager starts a PagerDuty with its ordinary service and the spare ones.
func startPager(s *settings) (*pagersim.Server, error) {
	serving, err := s.vendorTLS()
	if err != nil {
		return nil, err
	}
	roots, err := readPool(s.CA)
	if err != nil {
		return nil, err
	}
	o := pagersim.Options{
		Latency: vendorLatency, TLS: serving, Webhooks: pagersim.Sending{Roots: roots},
		Services: pagersim.DefaultServices(), Policies: pagersim.DefaultPolicies(), Schedules: pagersim.DefaultSchedules(time.Now()),
	}
	for i := range spares {
		policy := pagersim.Policy{ID: sparePolicy(i), Name: spareService(i) + " EP", Rules: o.Policies[0].Rules}
		o.Policies = append(o.Policies, policy)
		o.Services = append(o.Services, pagersim.Service{ID: fmt.Sprintf("PSPARE%02d", i), Name: spareService(i), Policy: policy.ID})
	}
	server, err := pagersim.New(o)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		server.Close()
		return nil, err
	}
	s.PagerDuty, s.Service, s.User = server.URL(), pagersim.DefaultService, pagersim.DefaultBotEmail
	return server, nil
}

// ordinaryPolicy is the id of the escalation policy of the ordinary service.
func ordinaryPolicy() string { return pagersim.DefaultPolicies()[0].ID }

func spareService(i int) string { return fmt.Sprintf("Spare %02d", i) }

func sparePolicy(i int) string { return fmt.Sprintf("PPOLICY%02d", i) }

// createSpare makes a request whose requester may also be on call for a spare service.
func (w *onCallWorld) createSpare(role string, spare int) (string, error) {
	r := newRequest(role)
	r.Annotations = map[string][]string{servicesAnnotation: {spareService(spare)}}
	return w.teleport.CreateRequest(r)
}

func (w *onCallWorld) calls() calls {
	return calls{vendor: w.pager.Calls(), teleport: w.teleport.Calls()}
}

// settled waits until nothing is left to do for approved requests, and returns how many of them had an incident. One that is approved
// before its incident is opened gets none.
func (w *onCallWorld) settled(ctx context.Context, ids []string) (incidents int, err error) {
	if err := w.quiet(ctx); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if w.link(id) == "" {
			continue
		}
		if err := w.waitPhase(ctx, []string{id}, "closed"); err != nil {
			return 0, err
		}
		incidents++
	}
	return incidents, w.quiet(ctx)
}

// faults says what is wrong with the incidents: every one belongs to one request, is resolved, and tells of its end by a note.
func faults(incidents []pagersim.Incident) error {
	seen := map[string]bool{}
	var doubled, open, silent int
	for _, i := range incidents {
		if seen[i.Key] {
			doubled++
		}
		seen[i.Key] = true
		if i.Open() {
			open++
		}
		if len(i.Notes) != 1 {
			silent++
		}
	}
	if doubled+open+silent > 0 {
		return fmt.Errorf("of %d incidents %d are doubled, %d not resolved, and %d without exactly one note", len(incidents), doubled, open, silent)
	}
	return nil
}

// lookups counts the calls that read anything but who is on call.
func lookups(t tally) int {
	sum := 0
	for name, n := range t {
		if strings.HasPrefix(name, "GET ") && name != onCallRead {
			sum += n
		}
	}
	return sum
}

// onCallRead is the call that reads who is on call.
const onCallRead = "GET /oncalls"

// close ends the bridge first, then what it talks to.
func (w *onCallWorld) close() error {
	err := w.world.close()
	w.closeVendor()
	return err
}

func (w *onCallWorld) closeVendor() {
	if w.floor != nil {
		w.floor.close()
	}
	if w.pager != nil {
		w.pager.Close()
	}
}

// onCallFloor reads who is on call and submits a review, with the client libraries the bridge uses.
type onCallFloor struct {
	teleport *client.Client
	pager    *pd.Client
	http     *http.Transport
}

func newOnCallFloor(ctx context.Context, s settings) (*onCallFloor, error) {
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	api, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	vendor := pd.NewClient(pagersim.DefaultToken, pd.WithAPIEndpoint(s.PagerDuty), func(c *pd.Client) { c.HTTPClient = &http.Client{Transport: transport} })
	return &onCallFloor{teleport: api, pager: vendor, http: transport}, nil
}

func (f *onCallFloor) close() {
	_ = f.teleport.Close() // nothing is lost with it
	f.http.CloseIdleConnections()
}

// approve reads who is on call for escalation policies, as the bridge does, and submits one review.
func (f *onCallFloor) approve(ctx context.Context, requestID string, policies ...string) error {
	read, err := f.pager.ListOnCallsWithContext(ctx, pd.ListOnCallOptions{EscalationPolicyIDs: policies, Includes: []string{"users"}, Limit: 100})
	if err != nil {
		return fmt.Errorf("read who is on call: %w", err)
	}
	for _, o := range read.OnCalls {
		if o.User.Email == requester && o.EscalationLevel == 1 {
			return approve(ctx, f.teleport, requestID, requester+" is on call by "+o.Schedule.Summary)
		}
	}
	return fmt.Errorf("%s is not on call", requester)
}
