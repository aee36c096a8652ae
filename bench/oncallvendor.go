package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// spares is how many services or schedules there are besides the ordinary one. So many one at a time take longer than the bridge lets an
	// answer about who is on call be shared, so that each has to ask.
	spares = 4 * idleTurn
	// ordinary stands for the service or schedule that requests are about which name no spare one.
	ordinary = -1
)

// onCallVendor is what has to be known of a vendor to measure approvals of who is on call.
type onCallVendor struct {
	// kind is the vendor's type in the configuration, token what the bridge and the floor log in with.
	kind, token string
	// config are the vendor's parts of the configuration.
	config string
	// read is the call that tells who is on call, as the simulator counts it.
	read string
	// start starts the simulator, with the requester on call everywhere, and notes in the settings what the configuration needs.
	start func(o simulatorOptions, s *settings) (onCallSimulator, error)
}

// simulatorOptions are what every simulated vendor is started with.
type simulatorOptions struct {
	latency time.Duration
	// lag is how long it takes until what was accepted is carried out, where a vendor does that later.
	lag     time.Duration
	serving *tls.Config
	roots   *x509.CertPool // for deliveries
}

// onCallSimulator is a simulated vendor.
type onCallSimulator interface {
	Calls() map[string]int
	ResetDeliveries()
	Close()
	// deliver sends deliveries to the bridge from now on: those that the vendor's guide asks for.
	deliver(url string)
	// annotations are those of a request that is about a spare service or schedule, or about the ordinary one.
	annotations(spare int) map[string][]string
	// reader makes the floor's reading of who is on call for a request with those annotations, over a network.
	reader(network *http.Client) onCallReader
	// objects are all incidents or alerts.
	objects() []object
}

// onCallReader reads who is on call, in the one call that the bridge makes, and returns by what the requester is.
type onCallReader func(ctx context.Context, spare int) (via string, err error)

var errNotOnCall = errors.New(requester + " is not on call")

// object is an incident or alert.
type object struct {
	// key is the same for all objects of one request.
	key   string
	open  bool
	notes int
}

// onCallVendors are the vendors that are measured.
func onCallVendors() []onCallVendor { return []onCallVendor{pagerDuty(), opsgenie(), jsm()} }

// row is the name of one of the vendor's rows. PagerDuty was first: its rows have its name only where it always was.
func (v onCallVendor) row(name string) string {
	if v.kind == pagerDutyType && name != idleRatio {
		return "oncall." + name
	}
	return "oncall." + v.kind + "." + name
}

// launch starts the simulator.
func (v onCallVendor) launch(s *settings, lag time.Duration) (onCallSimulator, error) {
	serving, err := s.vendorTLS()
	if err != nil {
		return nil, err
	}
	roots, err := readPool(s.CA)
	if err != nil {
		return nil, err
	}
	s.Type = v.kind
	return v.start(simulatorOptions{latency: vendorLatency, lag: lag, serving: serving, roots: roots}, s)
}

// started starts a simulator, and closes it if it does not.
func started[S interface {
	Start() error
	Close()
}](server S, err error) (S, error) {
	if err != nil {
		return server, err
	}
	if err := server.Start(); err != nil {
		server.Close()
		return server, err
	}
	return server, nil
}

// faults says what is wrong with incidents or alerts: every one belongs to one request, has ended, and tells of its end by a note.
func faults(objects []object) error {
	seen := map[string]bool{}
	var doubled, open, silent int
	for _, o := range objects {
		if seen[o.key] {
			doubled++
		}
		seen[o.key] = true
		if o.open {
			open++
		}
		if o.notes != 1 {
			silent++
		}
	}
	if doubled+open+silent > 0 {
		return fmt.Errorf("of %d incidents %d are doubled, %d not ended, and %d without exactly one note", len(objects), doubled, open, silent)
	}
	return nil
}
