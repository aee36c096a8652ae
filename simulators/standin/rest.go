package standin

import (
	"maps"
	"net/http"
	"sync/atomic"
	"time"
)

// rest answers the REST API.
type rest[C any] struct {
	opt     Options
	dialect Dialect[C]
	routes  []*route[C]
	faults  faults
	other   atomic.Int64 // calls that matched no route
}

func (t *rest[C]) serveREST(w http.ResponseWriter, r *http.Request, path string) {
	prefix, path, ok := below(path, t.dialect.Prefixes)
	if !ok {
		t.other.Add(1)
		t.dialect.refuse(w, &Problem{Status: http.StatusNotFound, Path: r.URL.Path})
		return
	}
	rt, params, err := t.match(r.Method, path)
	if err != nil {
		t.other.Add(1)
		t.dialect.refuse(w, err)
		return
	}
	rt.calls.Add(1)
	// Read first: only then does net/http notice that a waiting caller went away.
	body, err := readBody(r)
	if err != nil {
		t.dialect.refuse(w, err)
		return
	}
	if !sleep(r.Context(), t.opt.Latency) {
		return
	}
	fault := t.faults.pick(r.Method, path)
	if !fault.waits(r.Context()) {
		return
	}
	if fault.breaks() && !fault.AfterEffect {
		t.breakCall(w, r, fault)
		return
	}
	c := &Call{Request: r, Route: rt.name, Prefix: prefix, Path: params, Query: r.URL.Query(), Content: body}
	t.answer(w, c, rt, fault)
}

// answer lets the handler work, and then answers its reply or the fault.
func (t *rest[C]) answer(w http.ResponseWriter, c *Call, rt *route[C], fault *Fault) {
	started := time.Now()
	out, err := t.run(c, rt)
	t.opt.Log.Debug("rest call", "route", rt.name, "path", c.URL.Path, "error", err, "took", time.Since(started))
	if fault.breaks() {
		t.breakCall(w, c.Request, fault)
		return
	}
	if t.dialect.Always != nil {
		t.dialect.Always(w.Header())
	}
	if err != nil {
		t.dialect.refuse(w, err)
		return
	}
	maps.Copy(w.Header(), out.Header)
	WriteJSON(w, out.Status, t.dialect.contentType(), out.Body)
}

func (t *rest[C]) run(c *Call, rt *route[C]) (Reply, error) {
	own, err := t.dialect.Accept(c)
	if err != nil {
		return Reply{}, err
	}
	return rt.handle(own)
}

// Calls counts REST calls by route, such as "POST /incidents" or "GET /incidents/{id}"; calls of no route count as "other".
// Calls that met a fault count too.
func (t *rest[C]) Calls() map[string]int {
	out := map[string]int{}
	for _, rt := range t.routes {
		if n := rt.calls.Load(); n > 0 {
			out[rt.name] = int(n)
		}
	}
	if n := t.other.Load(); n > 0 {
		out["other"] = int(n)
	}
	return out
}

// TotalCalls is the sum of Calls.
func (t *rest[C]) TotalCalls() int {
	total := 0
	for _, n := range t.Calls() {
		total += n
	}
	return total
}

// ResetCalls starts counting again from zero.
func (t *rest[C]) ResetCalls() {
	for _, rt := range t.routes {
		rt.calls.Store(0)
	}
	t.other.Store(0)
}
