package admin_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/identityfile"
	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestJiraStopsAndStarts(t *testing.T) {
	s := newStage(t)
	addr := strings.TrimPrefix(s.Jira.URL(), "http://")
	key := s.openIssue()
	s.refused(http.StatusConflict, "already started", "POST", "/jira/start", "")
	s.tell("POST", "/jira/stop", "")
	require.False(t, s.listening(addr))
	s.tell("POST", "/jira/start", "")
	require.True(t, s.listening(addr))
	_, ok := s.Jira.Issue(key)
	require.True(t, ok, "issues outlive the stop")
}

func TestVendorsStopAndStart(t *testing.T) {
	for _, v := range admin.Vendors() {
		t.Run(string(v), func(t *testing.T) {
			s := newStage(t, everybody)
			addr, base := strings.TrimPrefix(s.Address(v), "http://"), "/"+string(v)
			s.open(v)
			s.refused(http.StatusConflict, "already started", "POST", base+"/start", "")
			s.tell("POST", base+"/stop", "")
			require.False(t, s.listening(addr))
			require.Equal(t, http.StatusOK, s.jiraStatus(), "the others are up")
			s.tell("POST", base+"/start", "")
			require.Equal(t, http.StatusOK, s.probe(v))
			objects := "/alerts"
			if v == admin.PagerDuty {
				objects = "/incidents"
			}
			var kept []struct{ ID string }
			s.ask("GET", base+objects, "", &kept)
			require.Len(t, kept, 1, "what was open outlives the stop")
		})
	}
}

func TestVendorThatDoesNotRunHasNoEndpoints(t *testing.T) {
	s := newStage(t)
	for _, v := range admin.Vendors() {
		s.refused(http.StatusNotFound, "GET / lists all endpoints", "POST", "/"+string(v)+"/stop", "")
		require.Empty(t, s.Address(v))
		require.Empty(t, s.BoardURL(v))
	}
	var calls map[string]map[string]int
	s.ask("GET", "/calls", "", &calls)
	require.Len(t, calls, 2)
}

func TestTeleportStopsAndStarts(t *testing.T) {
	s := newStage(t)
	id, addr := s.create(), s.Teleport.Addr()
	s.tell("POST", "/teleport/stop", "")
	require.False(t, s.listening(addr))
	s.tell("POST", "/teleport/start", "")
	require.True(t, s.listening(addr))
	var got request
	s.ask("GET", "/requests/"+id, "", &got)
	require.Equal(t, "pending", got.State)
}

func TestWatchersEnd(t *testing.T) {
	s := newStage(t)
	for _, how := range []string{"/teleport/break-watchers", "/teleport/drop-connections"} {
		watcher := watch(t, s.dial())
		s.tell("POST", how, "")
		select {
		case <-watcher.Done():
		case <-time.After(time.Minute):
			t.Fatalf("%s did not end the watch", how)
		}
		require.True(t, s.listening(s.Teleport.Addr()))
	}
}

func watch(t *testing.T, c *client.Client) types.Watcher {
	t.Helper()
	watcher, err := c.NewWatcher(t.Context(), types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessRequest}}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = watcher.Close() }) // it may have been broken on purpose
	select {
	case event := <-watcher.Events():
		require.Equal(t, types.OpInit, event.Type)
	case <-watcher.Done():
		t.Fatalf("the watch ended: %v", watcher.Error())
	}
	return watcher
}

func TestCallsAreCounted(t *testing.T) {
	s := newStage(t)
	s.openIssue()
	_, err := s.dial().Ping(t.Context())
	require.NoError(t, err)
	var got map[string]map[string]int
	s.ask("GET", "/calls", "", &got)
	require.Equal(t, 1, got["jira"]["POST /issue"])
	require.Positive(t, got["teleport"]["Ping"])
	s.tell("POST", "/calls/reset", "")
	got = nil
	s.ask("GET", "/calls", "", &got)
	require.Zero(t, got["jira"]["POST /issue"])
	require.Zero(t, got["teleport"]["Ping"])
}

func TestCallsOfAllVendorsAreCounted(t *testing.T) {
	s := newStage(t, everybody)
	route := map[admin.Vendor]string{
		admin.PagerDuty: "GET /oncalls", admin.Opsgenie: "GET /v2/schedules", admin.JSM: "GET /myself",
	}
	for v := range route {
		require.Equal(t, http.StatusOK, s.probe(v))
	}
	var got map[string]map[string]int
	s.ask("GET", "/calls", "", &got)
	for v, name := range route {
		require.Equal(t, map[string]int{name: 1}, got[string(v)])
	}
	s.tell("POST", "/calls/reset", "")
	got = nil
	s.ask("GET", "/calls", "", &got)
	for v := range route {
		require.Empty(t, got[string(v)])
	}
}

// A delivery must be shown so exactly that it can be sent again by hand.
func TestDeliveriesCanBeReplayed(t *testing.T) {
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	s := newStage(t, func(o *admin.Options) {
		o.Webhook = jira.Webhook{URL: receiver.URL + "/webhooks/itsm"}
		o.WebhookCA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw})
	})
	s.openIssue()
	require.NoError(t, s.Jira.WaitDeliveries(t.Context()))
	all := s.deliveries()
	require.Len(t, all, 1)
	require.Empty(t, all[0].Error)
	require.Equal(t, http.StatusOK, all[0].Status, "the receiver's own authority is trusted")
	require.Equal(t, "jira", all[0].Vendor)
	require.Equal(t, all[0].Object, all[0].Issue)
	require.Equal(t, "jira:issue_created", all[0].Event)
	require.Equal(t, jira.Sign(admin.WebhookSecret, []byte(all[0].Body)), all[0].Headers.Get("X-Hub-Signature"))
}

// Each vendor proves its deliveries to the bridge in its own way, and sends them to its own address there.
func TestVendorsProveTheirDeliveries(t *testing.T) {
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	s := newStage(t, everybody, func(o *admin.Options) {
		o.WebhookBase = receiver.URL + "/webhooks/"
		o.WebhookCA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw})
	})
	opened := map[string]string{}
	for _, v := range admin.Vendors() {
		opened[string(v)] = s.open(v)
		s.wait(v)
	}
	seen := map[string]int{}
	for _, d := range s.deliveries() {
		seen[d.Vendor]++
		require.Empty(t, d.Error)
		require.Equal(t, http.StatusOK, d.Status, "the receiver's own authority is trusted")
		require.Equal(t, receiver.URL+"/webhooks/"+d.Vendor, d.URL)
		require.Equal(t, opened[d.Vendor], d.Object)
		require.Empty(t, d.Issue)
		if d.Vendor == string(admin.PagerDuty) {
			require.Equal(t, pagerduty.Sign([]byte(d.Body), admin.WebhookSecret), d.Headers.Get("X-PagerDuty-Signature"))
		} else {
			require.Equal(t, "Bearer "+admin.WebhookSecret, d.Headers.Get("Authorization"))
		}
	}
	require.Len(t, seen, len(admin.Vendors()))
}

func TestIdentityIsRenewed(t *testing.T) {
	s := newStage(t)
	until := expiry(t, s.Identity)
	require.WithinDuration(t, time.Now().Add(12*time.Hour), until, time.Minute)

	var got struct{ Path string }
	s.ask("POST", "/identity", `{"ttl":"30m"}`, &got)
	require.Equal(t, s.Identity, got.Path)
	require.WithinDuration(t, time.Now().Add(30*time.Minute), expiry(t, s.Identity), time.Minute)
	s.ask("POST", "/identity", `{"ttl":"-1h"}`, &got)
	require.True(t, expiry(t, s.Identity).Before(time.Now()))

	s.refused(http.StatusBadRequest, "ttl is required", "POST", "/identity", `{}`)
	s.refused(http.StatusBadRequest, "tomorrow", "POST", "/identity", `{"ttl":"tomorrow"}`)
}

func expiry(t *testing.T, identity string) time.Time {
	t.Helper()
	file, err := identityfile.ReadFile(identity)
	require.NoError(t, err)
	block, _ := pem.Decode(file.Certs.TLS)
	require.NotNil(t, block)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert.NotAfter
}
