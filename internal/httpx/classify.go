package httpx

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// defaultPause is kept after a 429 that names no time.
	defaultPause = 5 * time.Second
	minPause     = time.Second
	maxPause     = 5 * time.Minute
)

// StatusError is an answer of the vendor that is not a success.
type StatusError struct {
	// Method and URL name the call; the URL is without user, password and query.
	Method, URL string
	// Code is the HTTP status.
	Code int
	// Message is the vendor's own text, cut to 300 runes.
	Message string
	// Body is the beginning of the answer, at most 64 KiB, for the fields only one vendor has. It is never printed.
	Body []byte
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.Code, http.StatusText(e.Code))
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Classify turns the outcome of a call into an error with its class, or nil for a success. It reads the answer's body unless the
// call succeeded and leaves closing it to the caller. An error beside a successful answer means that the answer could not be read:
// the effect is then unknown.
//
//   - not connected, held back by a pause or the circuit breaker: nothing was sent, bridge.NoEffect is true
//   - 429: wait as long as the vendor says, 5 seconds without a word, at most 5 minutes
//   - 503 with Retry-After: wait, the effect is unknown
//   - 409 and 425: try again, there was no effect; 408, other 5xx, a timeout, a broken connection: try again, the effect is unknown
//   - every other answer: terminal
func Classify(resp *http.Response, err error) error {
	if resp == nil {
		if err == nil {
			return nil
		}
		return classifyError(err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		if err == nil {
			return nil
		}
		return &bridge.Error{Class: bridge.ClassRetry, Err: fmt.Errorf("%s: reading the answer: %w", callName(resp), unread(resp, err))}
	}
	return classifyStatus(resp)
}

func classifyError(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		// The standard error repeats the whole address, with its query; the operation and the host are enough.
		err = fmt.Errorf("%s %s: %w", ue.Op, cleanURL(ue.URL), ue.Err)
	}
	if be, ok := errors.AsType[*bridge.Error](err); ok {
		return &bridge.Error{Class: be.Class, After: be.After, Unsent: be.Unsent, Err: err}
	}
	return &bridge.Error{Class: bridge.ClassRetry, Unsent: neverSent(err), Err: err}
}

func classifyStatus(resp *http.Response) error {
	e := newStatusError(resp)
	after, asked := retryAfter(resp.Header)
	switch {
	case e.Code == http.StatusTooManyRequests:
		return bridge.RetryAfter(after, e)
	case e.Code == http.StatusServiceUnavailable && asked:
		return &bridge.Error{Class: bridge.ClassWait, After: after, Err: e}
	case e.Code == http.StatusConflict, e.Code == http.StatusTooEarly:
		return bridge.Unsent(e)
	case e.Code == http.StatusRequestTimeout, e.Code >= http.StatusInternalServerError:
		return &bridge.Error{Class: bridge.ClassRetry, Err: e}
	case e.Code >= 300 && e.Code <= 399:
		return bridge.Terminal(fmt.Errorf("redirected to another place, check the configured address: %w", e))
	default:
		return bridge.Terminal(e)
	}
}

// neverSent reports whether err alone proves that no byte of the call left.
func neverSent(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &cert)
}

// retryAfter reads the Retry-After header, seconds or a date (RFC 9110, 10.2.3), within bounds. The second result is false when
// the header is missing or makes no sense; the first is then the default pause.
func retryAfter(h http.Header) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		// The bound comes first: a huge number of seconds does not fit a duration.
		return min(max(time.Duration(min(n, 3600))*time.Second, minPause), maxPause), true
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), minPause), maxPause), true
	}
	return defaultPause, false
}
