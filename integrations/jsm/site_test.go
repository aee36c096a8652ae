package jsm

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func TestTheIdOfTheSiteIsAskedForOnce(t *testing.T) {
	s := newSite(t, setup{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := s.Find(t.Context(), marker); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, s.Calls()["GET /tenant_info"])

	s = newSite(t, setup{settings: func(s *Settings) { s.CloudID, s.Site = sim.DefaultCloudID, "https://unreachable.invalid" }})
	_, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Zero(t, s.Calls()["GET /tenant_info"], "a configured id is not asked for")
}

// Only Jira and the gateway get the credentials: the id of the site is what anybody may ask for.
func TestP7_CredentialsGoToTheConfiguredAddressesOnly(t *testing.T) {
	authorized := map[string]bool{}
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			prefix := strings.Join(strings.Split(r.URL.Path, "/")[:3], "/")
			_, _, authorized[prefix] = r.BasicAuth()
			return next.RoundTrip(r)
		})
	}})
	ref := s.Opened(t)
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.Len(t, s.Said(t, ref), 1)
	require.Equal(t, map[string]bool{"/_edge/tenant_info": false, "/jsm/ops": true, "/rest/api": true}, authorized)
}

func TestP3_WithoutTheIdOfTheSiteNothingIsCalled(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		class  bridge.Class
	}{
		"no such site":    {404, `<html>Your Atlassian Cloud site is currently unavailable.</html>`, bridge.ClassTerminal},
		"a page":          {200, `<html>Sign in</html>`, bridge.ClassRetry},
		"no id":           {200, `{}`, bridge.ClassTerminal},
		"another id":      {200, `{"cloudId":"../../../ex/jira"}`, bridge.ClassTerminal},
		"an empty id":     {200, `{"cloudId":""}`, bridge.ClassTerminal},
		"down":            {502, ``, bridge.ClassRetry},
		"too many calls":  {429, ``, bridge.ClassWait},
		"a list":          {200, `[]`, bridge.ClassRetry},
		"redirected away": {302, ``, bridge.ClassTerminal},
	} {
		t.Run(name, func(t *testing.T) {
			var others atomic.Int64
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { others.Add(1) }))
			t.Cleanup(other.Close)
			host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/_edge/tenant_info" {
					others.Add(1)
				}
				w.Header().Set("Location", other.URL+"/_edge/tenant_info")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(host.Close)
			s := newSite(t, setup{settings: func(s *Settings) { s.Site, s.Responders.Schedules = host.URL, nil }})
			_, err := s.Open(t.Context(), marker, testkit.Draft())
			require.Error(t, err)
			require.True(t, bridge.NoEffect(err), "%v", err)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, c.class, class, "%v", err)
			ref := bridge.Ref{ID: alias}
			_, err = s.Evidence(t.Context(), ref)
			require.Error(t, err)
			require.NotErrorIs(t, err, bridge.ErrGone)
			found, err := s.Find(t.Context(), marker)
			require.Error(t, err, "that nothing was found must not be said")
			require.Nil(t, found)
			require.Zero(t, others.Load())
			require.Zero(t, s.TotalCalls())
		})
	}
}

// The site that answers may be another than the one that the token is for.
func TestP3_TheIdOfAnotherSiteFindsNothingAndLosesNothing(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.Opened(t)
	wrong := around(t, s, setup{settings: func(s *Settings) { s.CloudID = "6a736d00-c10d-4000-8000-0000000000ff" }})
	_, err := wrong.Find(t.Context(), marker)
	require.Error(t, err)
	_, err = wrong.Evidence(t.Context(), ref)
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone)
}

func TestAFailedQuestionForTheIdIsNotRemembered(t *testing.T) {
	s := newSite(t, setup{})
	cancel := s.Inject(standin.Fault{PathContains: "/tenant_info", Status: 502})
	_, err := s.Find(t.Context(), marker)
	require.Error(t, err)
	cancel()
	_, err = s.Find(t.Context(), marker)
	require.NoError(t, err)
}

// Links to other pages are never followed: what they say is taken, not where they lead.
func TestP7_LinksToOtherHostsAreNotFollowed(t *testing.T) {
	var strangers atomic.Int64
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		led := testkit.Rewrite(func(_ *http.Request, body string) string {
			return strings.ReplaceAll(body, `"next":"/v1`, `"next":"https://evil.example/v1`)
		})(next)
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "evil.example" {
				strangers.Add(1)
			}
			return led.RoundTrip(r)
		})
	}})
	ref := s.Opened(t)
	for range 250 {
		require.NoError(t, s.Note("bob", alias, "x"))
	}
	require.NoError(t, s.Note("alice", alias, "approve"))
	require.Len(t, s.Said(t, ref), 1)
	require.Zero(t, strangers.Load())
}

func TestLinksMayBeWholeAddresses(t *testing.T) {
	for _, o := range []sim.Options{{AbsoluteLinks: true}, {OldestFirst: true}, {CreateAccepted: true, PlainStatus: true, RefuseUnknown: true}} {
		s := newSite(t, setup{sim: o})
		ref := s.Opened(t)
		for range 150 {
			require.NoError(t, s.Note("bob", alias, "x"))
		}
		require.NoError(t, s.Note("alice", alias, "deny: no"))
		require.NoError(t, s.Acknowledge("bob", alias))
		require.Len(t, s.Said(t, ref), 1)
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		require.False(t, s.Shown(t).Open())
	}
}

func TestTheAPIIsAskedAsItIsDescribed(t *testing.T) {
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			user, token, given := r.BasicAuth()
			if strings.HasPrefix(r.URL.Path, "/_edge/") == given || given && user+token != sim.DefaultEmail+sim.DefaultAPIToken {
				t.Errorf("%s %s with the credentials of %q", r.Method, r.URL, user)
			}
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			require.Contains(t, r.Header.Get("User-Agent"), "accessbridge/")
			return next.RoundTrip(r)
		})
	}})
	s.Opened(t)
}
