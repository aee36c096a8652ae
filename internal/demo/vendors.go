package demo

import (
	"crypto/tls"
	"fmt"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// startVendors starts the simulated vendors. In PagerDuty alice is on call at the first level, bob at the second; in Opsgenie and Jira
// Service Management alice by the schedule primary, bob by secondary.
func (w *world) startVendors() error {
	pair, err := tls.LoadX509KeyPair(w.path("tls.crt"), w.path("tls.key"))
	if err != nil {
		return fmt.Errorf("loading the vendors' certificate: %w", err)
	}
	serving := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	for _, start := range []func(*tls.Config) error{w.startJira, w.startPagerDuty, w.startOpsgenie, w.startJSM} {
		if err := start(serving); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) startJira(serving *tls.Config) (err error) {
	board := jira.DefaultProject(project)
	// People can take a decision back, as on most boards.
	board.Workflow.Transitions = append(board.Workflow.Transitions,
		jira.Transition{ID: "81", Name: "Take back", From: []string{"Approved", "Denied"}, To: "Pending"})
	if w.jira, err = jira.New(jira.Options{TLS: serving, Projects: []jira.Project{board}}); err != nil {
		return err
	}
	return w.jira.Start()
}

func (w *world) startPagerDuty(serving *tls.Config) (err error) {
	w.pager, err = pagerduty.New(pagerduty.Options{TLS: serving, Webhooks: pagerduty.Sending{RetryDelay: retryDelay, Roots: w.pool}})
	if err != nil {
		return err
	}
	return w.pager.Start()
}

func (w *world) startOpsgenie(serving *tls.Config) (err error) {
	if w.opsgenie, err = opsgenie.New(opsgenie.Options{TLS: serving, Account: w.alertAccount()}); err != nil {
		return err
	}
	return w.opsgenie.Start()
}

func (w *world) startJSM(serving *tls.Config) (err error) {
	if w.jsm, err = jsm.New(jsm.Options{TLS: serving, Account: w.alertAccount()}); err != nil {
		return err
	}
	return w.jsm.Start()
}

func (w *world) alertAccount() alerting.Options {
	return alerting.Options{Webhooks: alerting.Sending{Attempts: 3, RetryDelay: retryDelay, Roots: w.pool}}
}
