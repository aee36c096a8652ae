package simulation

import (
	"bytes"
	"net/http"
)

// forge sends a webhook of a vendor once more, to every instance: as it was, which is a replay, or with a proof that is almost right.
func (w *world) forge(s step) {
	sent := w.sites[s.Where].Deliveries()
	if len(sent) == 0 {
		w.note("   there is none yet")
		return
	}
	newest := sent[len(sent)-1]
	header := newest.Headers.Clone()
	if s.Text == "forged" {
		for _, name := range []string{"X-Hub-Signature", "X-PagerDuty-Signature", "Authorization"} {
			if proof := header.Get(name); proof != "" {
				header.Set(name, proof[:len(proof)-1]+"!")
			}
		}
	}
	for _, i := range w.living() {
		req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, newest.URL, bytes.NewReader(newest.Body))
		if err != nil {
			w.note("   %v", err)
			return
		}
		req.Header = header
		resp, err := i.client.Do(req)
		if err != nil {
			w.note("   not taken by %s", i.name)
			continue
		}
		_ = resp.Body.Close()
		w.note("   %s answers %d", i.name, resp.StatusCode)
		if s.Text == "forged" && resp.StatusCode < http.StatusBadRequest {
			w.broken("P3", "%s took a forged webhook of %s: %d", i.name, s.Where, resp.StatusCode)
		}
	}
}
