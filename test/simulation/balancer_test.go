package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// The mishaps of webhooks.
const (
	// hookVanishes is told to have arrived, and did not.
	hookVanishes mishap = "vanishes"
	// hookTwice arrives twice, hookDelayed overtaken by others.
	hookTwice   mishap = "twice"
	hookDelayed mishap = "delayed"
)

// balancer takes the webhooks of one vendor to any instance that runs.
type balancer struct {
	w      *world
	vendor string
}

func (w *world) balancer(vendor string) http.RoundTripper { return balancer{w, vendor} }

// RoundTrip delivers a webhook.
func (b balancer) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	key := b.w.chance.now(fmt.Sprintf("hook/%s/%d", b.vendor, len(body)))
	f := b.w.hooks.strikes(b.vendor, true, key)
	if err := wait(req.Context(), b.w.chance.between(wayLeast, 4*wayMost, key)); err != nil {
		return nil, err
	}
	switch f.what {
	case hookVanishes:
		b.w.note("webhook of %s vanishes", b.vendor)
		return answered(req, http.StatusOK, "", ""), nil
	case hookDelayed:
		if err := wait(req.Context(), min(f.after, 3*time.Second)); err != nil {
			return nil, err
		}
	case hookTwice:
		if resp, err := b.deliver(req, body, key+"/first"); err == nil {
			_ = resp.Body.Close()
		}
	default:
	}
	return b.deliver(req, body, key)
}

// deliver sends a webhook to an instance.
func (b balancer) deliver(req *http.Request, body []byte, key string) (*http.Response, error) {
	living := b.w.living()
	if len(living) == 0 {
		return nil, errors.New("connection refused")
	}
	i := living[b.w.chance.number(key)%uint64(len(living))]
	sent := req.Clone(req.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := i.client.Do(sent)
	if err != nil {
		b.w.note("webhook of %s not taken by %s", b.vendor, i.name)
		return nil, err
	}
	b.w.note("webhook of %s to %s: %d", b.vendor, i.name, resp.StatusCode)
	return resp, nil
}
