package admin

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

// api is the HTTP API over one world.
type api struct {
	world *World

	mu     sync.Mutex
	faults map[string]func() // what ends each fault, by its id
	last   int
}

// endpoint is one line of the API. Its handler returns what is answered as JSON, nil for nothing.
type endpoint struct {
	method, path string
	does         string
	// query and body complete the example.
	query, body string
	handle      func(*http.Request) (any, error)
}

func (e endpoint) pattern() string { return e.method + " " + e.path }

// Handler serves the admin API of a world. GET / lists its endpoints with an example for each.
func Handler(w *World) http.Handler {
	a := &api{world: w, faults: map[string]func(){}}
	endpoints := a.endpoints()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(out http.ResponseWriter, r *http.Request) { help(out, r, w, endpoints) })
	for _, e := range endpoints {
		mux.HandleFunc(e.pattern(), func(w http.ResponseWriter, r *http.Request) {
			result, err := e.handle(r)
			answer(w, result, err)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		answer(w, nil, notFound("there is no %s %s; GET / lists all endpoints", r.Method, r.URL.Path))
	})
	return mux
}

func (a *api) endpoints() []endpoint {
	all := append(a.requestEndpoints(), a.issueEndpoints()...)
	if a.world.PagerDuty != nil {
		all = append(all, incidentEndpoints(a.world.PagerDuty)...)
	}
	if a.world.Opsgenie != nil {
		all = append(all, alertEndpoints(Opsgenie, a.world.Opsgenie.Account)...)
	}
	if a.world.JSM != nil {
		all = append(all, alertEndpoints(JSM, a.world.JSM.Account)...)
	}
	all = append(all, a.teleportEndpoints()...)
	for _, v := range a.world.vendors {
		all = append(all, a.vendorEndpoints(v)...)
	}
	return append(all, a.controlEndpoints()...)
}

func (a *api) requestEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/requests", does: "All Access Requests.", handle: a.listRequests},
		{
			method: "GET", path: "/requests/{id}", does: "One Access Request, with the plugin data kept for it.",
			handle: a.getRequest,
		},
		{
			method: "POST", path: "/requests", handle: a.createRequest,
			does: "A person requests access. Also: resources (kind, name, cluster), suggested_reviewers, threshold_approve, threshold_deny, pending_ttl.",
			body: `{"user":"alice@example.com","roles":["prod-admin"],"reason":"deploy"}`,
		},
		{
			method: "POST", path: "/requests/{id}/review", does: "A person reviews in Teleport itself.", handle: a.reviewRequest,
			body: `{"user":"bob@example.com","approve":true,"reason":"fine"}`,
		},
		{
			method: "POST", path: "/requests/{id}/state", handle: a.setState,
			does: "An administrator approves or denies past all thresholds. Also: user.",
			body: `{"state":"denied","reason":"not today"}`,
		},
		{method: "DELETE", path: "/requests/{id}", does: "The request is deleted; watchers are told.", handle: a.deleteRequest},
		{method: "POST", path: "/requests/{id}/expire", does: "The request's time ends; watchers are not told.", handle: a.expireRequest},
		{
			method: "POST", path: "/requests/{id}/promote", does: "The request becomes part of an access list.", handle: a.promoteRequest,
			body: `{"list":"prod-admins"}`,
		},
	}
}

func (a *api) issueEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/issues", does: "All issues, with comments and history.", handle: a.listIssues},
		{
			method: "POST", path: "/issues/{key}/move", handle: a.moveIssue,
			does: "A person moves the issue to a status. Also: comment, written first.",
			body: `{"user":"bob@example.com","status":"Approved"}`,
		},
		{
			method: "POST", path: "/issues/{key}/comment", does: "A person comments.", handle: a.commentIssue,
			body: `{"user":"bob@example.com","body":"reason: agreed with the owner"}`,
		},
		{
			method: "DELETE", path: "/issues/{key}", query: "?user=bob@example.com", does: "A person deletes the issue.",
			handle: a.deleteIssue,
		},
	}
}

func (a *api) teleportEndpoints() []endpoint {
	return []endpoint{
		{
			method: "POST", path: "/teleport/faults", handle: a.breakTeleport,
			does: "Disturb RPCs. Also: message, after_effect, delay, hang, count, every.",
			body: `{"method":"UpdatePluginData","error":"compare_failed","count":3}`,
		},
		{method: "POST", path: "/teleport/stop", does: "Teleport goes down.", handle: a.stopTeleport},
		{method: "POST", path: "/teleport/start", does: "Teleport comes back.", handle: a.startTeleport},
		{method: "POST", path: "/teleport/break-watchers", does: "End all watch streams.", handle: a.breakWatchers},
		{method: "POST", path: "/teleport/drop-connections", does: "Cut all connections to Teleport.", handle: a.dropConnections},
	}
}

// vendorEndpoints are those that every vendor has, below its name.
func (a *api) vendorEndpoints(v running) []endpoint {
	of := func(do func(simulator, *http.Request) (any, error)) func(*http.Request) (any, error) {
		return func(r *http.Request) (any, error) { return do(v.simulator, r) }
	}
	base := "/" + v.name
	return []endpoint{
		{
			method: "POST", path: base + "/faults", handle: of(a.breakVendor),
			does: "Disturb REST calls. Also: body, after_effect, reset, delay, hang, every.",
			body: `{"method":"POST","path":"` + v.creates() + `","status":503,"retry_after":"2","count":3}`,
		},
		{
			method: "POST", path: base + "/webhook-faults", handle: of(a.breakWebhooks),
			does: "Make the webhook sender unreliable: lose_every, double, reorder, delay. An empty object mends it.",
			body: `{"lose_every":2,"double":true}`,
		},
		{method: "POST", path: base + "/stop", does: v.title + " goes down.", handle: of(a.stopVendor)},
		{method: "POST", path: base + "/start", does: v.title + " comes back.", handle: of(a.startVendor)},
	}
}

func (a *api) controlEndpoints() []endpoint {
	return []endpoint{
		{method: "DELETE", path: "/faults/{id}", does: "End a fault.", handle: a.endFault},
		{method: "GET", path: "/calls", does: "How often each RPC and REST route was called.", handle: a.calls},
		{method: "POST", path: "/calls/reset", does: "Count from zero again.", handle: a.resetCalls},
		{method: "GET", path: "/deliveries", does: "All webhook deliveries, as they were sent and answered.", handle: a.deliveries},
		{
			method: "POST", path: "/identity", handle: a.renewIdentity,
			does: "Write a new identity file for the bridge; a negative ttl makes an expired one.",
			body: `{"ttl":"1h"}`,
		},
	}
}

// help lists the pages and all endpoints, each with a command to try it.
func help(out http.ResponseWriter, r *http.Request, world *World, endpoints []endpoint) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var text strings.Builder
	text.WriteString("Admin API of the simulators. Bodies are JSON objects, durations are written like \"90s\" or \"1h30m\".\n")
	text.WriteString("\nPages where a person can act:\n")
	for _, v := range world.vendors {
		fmt.Fprintf(&text, "  %s  %s\n", v.title, v.BoardURL())
	}
	sample := strings.NewReplacer("{id}", "ID", "{key}", "KEY", "{name}", alerting.PrimarySchedule)
	for _, e := range endpoints {
		fmt.Fprintf(&text, "\n%s\n  %s\n  curl -sS -X %s", e.pattern(), e.does, e.method)
		if e.body != "" {
			fmt.Fprintf(&text, " -d '%s'", e.body)
		}
		fmt.Fprintf(&text, " 'http://%s%s%s'\n", r.Host, sample.Replace(e.path), e.query)
	}
	_, _ = out.Write([]byte(text.String())) // the caller may be gone
}
