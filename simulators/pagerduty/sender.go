package pagerduty

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// sending is PagerDuty's way: while an event is retried, the later ones of the incident wait.
func (s *Server) sending() standin.Sending {
	transport := standin.NewTransport()
	// PagerDuty speaks TLS 1.2 only to receivers.
	transport.TLSClientConfig = &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, RootCAs: s.opt.Webhooks.Roots,
	}
	return standin.Sending{
		Client: &http.Client{
			Timeout: s.opt.Webhooks.Timeout, Transport: orDefault[http.RoundTripper](s.opt.Webhooks.Transport, transport),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Attempts: s.opt.Webhooks.Attempts, RetryDelay: s.opt.Webhooks.RetryDelay, Retry: s.retry, Skip: s.skip,
	}
}

// event queues an incident's event for every subscription that wants it. By is a user's id; automation has no agent.
func (s *Server) event(name, by string, in *Incident, data func(*Incident) map[string]any) {
	subs := s.subs.wanting(name, in.Service, s.now())
	if len(subs) == 0 {
		return
	}
	var agent *reference
	if by != "" {
		ref := s.userRef(by)
		agent = &ref
	}
	e := event{name: name, incident: in.ID, at: s.now()}
	body, err := render("01EVENT"+rand.Text()[:19], name, "incident", agent, data(in), e.at)
	if err != nil {
		s.log.Error("an event could not be rendered", "event", name, "error", err)
	}
	e.body = body
	for _, sub := range subs {
		s.Send(s.message(sub, e))
	}
}

func (s *Server) message(sub *Subscription, e event) standin.Message {
	return standin.Message{
		To: sub, URL: sub.URL, Event: e.name, Object: e.incident, At: e.at,
		Render: func(m *standin.Message, _ int) ([]byte, http.Header, error) {
			return e.body, s.subs.header(sub, m.ID, e.body), nil
		},
	}
}

// skip throws away what still waits for a subscription that was disabled.
func (s *Server) skip(m *standin.Message) bool {
	sub, isSub := m.To.(*Subscription)
	return isSub && s.subs.gone(sub, s.now())
}

// retry is PagerDuty's rule. It counts the refusals, the third of which disables the subscription.
func (s *Server) retry(m *standin.Message, d standin.Delivery, err error) bool {
	sub, isSub := m.To.(*Subscription)
	switch {
	case !isSub:
		return false
	case d.Status >= 200 && d.Status < 300:
		s.subs.took(sub)
	case d.Status >= 500 || d.Status == http.StatusTooManyRequests || (d.Status == 0 && !badTLS(err)):
		return !s.subs.gone(sub, s.now())
	default:
		s.subs.refused(sub, s.now())
	}
	return false
}

// badTLS says whether an error is one of TLS other than an expired certificate: those are not retried.
func badTLS(err error) bool {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid.Reason != x509.Expired
	}
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return verification || record || alert
}
