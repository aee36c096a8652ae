package alertsuite

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/httpx"
	"github.com/accessbridge/accessbridge/internal/logtest"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

// Alias is what ties the alert of testkit.Marker to its request, as Teleport's own plugin has it.
const Alias = "teleport-access-request/" + testkit.RequestID

// Integration is everything that a product on top of package alerting can do.
type Integration interface {
	bridge.Ticketer
	bridge.BulkDecisionSource
	bridge.OnCallSource
	bridge.WebhookSource
	bridge.GroupSource
	bridge.Previewer
	bridge.Throttled
	// Account tells whether calls are held back.
	Account() httpx.State
}

// Server is a simulator: what its account holds, and how it is reached.
type Server struct {
	*account.Account
	Wire
}

// Wire is the part of a simulator that is the same for all vendors.
type Wire interface {
	http.Handler
	URL() string
	Stop()
	Inject(f standin.Fault) (cancel func())
	Calls() map[string]int
	TotalCalls() int
	ResetCalls()
	WaitDeliveries(ctx context.Context) error
}

// Options are what an integration gets from the server, and the network of the test.
type Options struct {
	Log       *slog.Logger
	Targets   []*alerting.Target
	Transport http.RoundTripper
}

// Setup says what is special about a simulator and the integration that works with it. The zero value is a good setup.
type Setup struct {
	// Account is what the account holds. RefuseUnknown makes the product refuse at once to change an alert that does not exist.
	Account       account.Options
	RefuseUnknown bool
	// Settings change those that work. Key replaces the key.
	Settings func(*alerting.Settings)
	Key      config.Secret
	// Targets are the settings that routes give. Transport stands between the integration and the simulator.
	Targets   []*alerting.Target
	Transport testkit.Wrap
}

// Site is a simulator and an integration that works with it.
type Site struct {
	Integration
	Server
	// Log is what the integration has logged, Sent the calls that it has made.
	Log  *logtest.Log
	Sent *testkit.Recorder

	vendor Vendor
	setup  Setup
}

// Site starts a simulator and makes an integration that works with it.
func (v Vendor) Site(t *testing.T, s Setup) *Site {
	t.Helper()
	return v.Around(t, v.Start(t, s), s)
}

// Around is one more integration, as after a restart, at the same simulator.
func (v Vendor) Around(t *testing.T, srv Server, s Setup) *Site {
	t.Helper()
	set := v.configured(srv.URL(), s)
	testkit.Valid(t, set)
	site := &Site{Server: srv, Log: &logtest.Log{}, Sent: testkit.Network(t, s.Transport, "Content-Type", "Accept"), vendor: v, setup: s}
	var err error
	site.Integration, err = v.New(set, Options{Log: site.Log.Logger(), Targets: s.Targets, Transport: site.Sent})
	require.NoError(t, err)
	return site
}

// Again is one more integration at the simulator of a site.
func (s *Site) Again(t *testing.T, setup Setup) *Site {
	t.Helper()
	return s.vendor.Around(t, s.Server, setup)
}

// restarted is one more integration of the same setup, as after a restart.
func (s *Site) restarted(t *testing.T) *Site {
	t.Helper()
	return s.Again(t, s.setup)
}

// Plain is an integration without a simulator, that takes deliveries with the secrets old and new.
func (v Vendor) Plain(t testing.TB, change func(*alerting.Settings)) Integration {
	t.Helper()
	set := v.configured("https://vendor.example", Setup{Settings: func(s *alerting.Settings) {
		s.Webhook.Secrets = testkit.Secrets("old", "new")
		if change != nil {
			change(s)
		}
	}})
	o, err := v.New(set, Options{})
	require.NoError(t, err)
	return o
}

func (v Vendor) configured(address string, s Setup) config.Settings {
	key := s.Key
	if !key.IsSet() {
		key = config.NewSecret(v.Key)
	}
	set, alerts := v.Settings(address, key)
	if s.Settings != nil {
		s.Settings(alerts)
	}
	return set
}

// Clocked runs a test with a site whose calls do not leave the process, so that the clock of the test is the only one.
func (v Vendor) Clocked(t *testing.T, s Setup, test func(t *testing.T, s *Site)) {
	t.Helper()
	srv, inner := v.Start(t, s), s.Transport
	s.Transport = func(http.RoundTripper) http.RoundTripper {
		direct := testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			given := r.Clone(r.Context())
			if given.RequestURI = r.URL.RequestURI(); given.Body == nil {
				given.Body = http.NoBody
			}
			srv.ServeHTTP(answer, given)
			return answer.Result(), nil
		})
		if inner != nil {
			return inner(direct)
		}
		return direct
	}
	synctest.Test(t, func(t *testing.T) { test(t, v.Around(t, srv, s)) })
}

// Ticking is a clock that shows another millisecond each time: times of alerts have no finer ones, and nobody writes a note within the
// millisecond in which an alert is made.
func Ticking() func() time.Time {
	var ticks atomic.Int64
	return func() time.Time { return time.Now().Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
}

// Waits checks that an error asks for another try soon, and returns when.
func Waits(t *testing.T, err error) time.Duration {
	t.Helper()
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class, "%v", err)
	require.Positive(t, after)
	require.ErrorContains(t, err, "not carried out yet")
	return after
}

// Terminal checks that trying again is of no use.
func Terminal(t *testing.T, err error) {
	t.Helper()
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class, "%v", err)
}

// Opened is the alert of testkit.Draft.
func (s *Site) Opened(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.NoError(t, err)
	return ref
}

// Shown is the simulator's view of the alert.
func (s *Site) Shown(t *testing.T) account.Alert {
	t.Helper()
	a, ok := s.Alert(Alias)
	require.True(t, ok)
	return a
}

// Texts are the texts of the alert's notes.
func (s *Site) Texts(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, n := range s.Shown(t).Notes {
		out = append(out, n.Text)
	}
	return out
}

// Responders are the alert's responders, each as its type and name.
func (s *Site) Responders(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, r := range s.Shown(t).Responders {
		out = append(out, r.Type+" "+r.Name)
	}
	return out
}

// Said is the evidence at an alert.
func (s *Site) Said(t *testing.T, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	return testkit.Evidence(t, s, ref)
}

// Glances are the alerts that a listing shows, and whether it says that they may be decided.
func (s *Site) Glances(t *testing.T, since time.Time) map[string]bool {
	t.Helper()
	return testkit.Glances(t, s, since)
}

// Counted are the calls since the last ResetCalls, by their routes without the prefix, and without those aside.
func (s *Site) Counted() map[string]int {
	out := map[string]int{}
	for route, n := range s.Calls() {
		out[strings.Replace(route, " "+s.vendor.Prefix, " ", 1)] = n
	}
	maps.DeleteFunc(out, func(route string, _ int) bool { return slices.Contains(s.vendor.Aside, route) })
	return out
}

var made = regexp.MustCompile(`(/v\d/alerts/(?:requests/)?)[0-9a-f]{8}-[0-9a-f-]{27}(-[0-9]{13})?`)

// Golden compares the calls so far with a file of the vendor's folder, in which the ids that are made up are left out.
func (s *Site) Golden(t *testing.T, file string) {
	t.Helper()
	golden.Assert(t, made.ReplaceAllString(s.Sent.Golden(t), "${1}ID"), file)
}

// Breaks is a fault of calls whose address contains a path.
func Breaks(method, path string, status int) standin.Fault {
	return standin.Fault{Method: method, PathContains: path, Status: status}
}

// LosesAnswer is a fault that carries out one call and cuts the connection instead of an answer.
func LosesAnswer(method, path string) standin.Fault {
	return standin.Fault{Method: method, PathContains: path, AfterEffect: true, Reset: true, Count: 1}
}

// Answer is an answer to a call.
func Answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}
