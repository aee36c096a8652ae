package standin_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

func TestStopAndRestartKeepTheAddressAndWhatWasHeld(t *testing.T) {
	a := start(t, setup{})
	url := a.URL()
	a.add("one")
	require.ErrorContains(t, a.Start(), "acme simulator: it is already started")
	a.Stop()
	a.Stop()
	_, err := a.Try("GET", "/things/all", nil)
	require.Error(t, err)
	require.NoError(t, a.Restart())
	require.Equal(t, url, a.URL())
	require.JSONEq(t, `["one"]`, string(a.Do(200, "GET", "/things/all", nil).Body))
	require.NoError(t, a.Restart())
	a.Do(200, "GET", "/things/all", nil)

	other := standin.New(standin.Options{Name: "other", Listen: strings.TrimPrefix(url, "http://")}, standin.Dialect[*call]{}, standin.Sending{})
	require.Empty(t, other.URL())
	require.ErrorContains(t, other.Start(), "other: listen on", "the address is taken")
}

func TestCloseEndsTheLife(t *testing.T) {
	a := start(t, setup{})
	require.NoError(t, a.Life().Err())
	a.Close()
	a.Close()
	require.Error(t, a.Life().Err())
	require.Error(t, a.Start(), "closed for good")
}

func TestTheBasePathStandsBeforeEverything(t *testing.T) {
	for _, base := range []string{"acme", "/acme/", "acme/"} {
		a := start(t, setup{Options: standin.Options{BasePath: base}})
		a.Show("/board", page(a))
		require.True(t, strings.HasSuffix(a.URL(), "/acme"))
		require.Equal(t, a.URL()+"/board", a.BoardURL())
		a.add("one")
		a.Do(200, "GET", "/board", nil)
		root := strings.TrimSuffix(a.URL(), "/acme")
		a.Base = func() string { return root }
		for _, path := range []string{"/things/all", "/board", "/acmes/things/all"} {
			require.Empty(t, a.Do(404, "GET", path, nil).Header.Get("X-Refused"), "not a refusal of the vendor's")
		}
	}
}

func TestTLSSpeaksHTTP1AndCanBeReset(t *testing.T) {
	throwaway := httptest.NewUnstartedServer(nil)
	throwaway.EnableHTTP2 = true // its client would rather speak HTTP/2
	throwaway.StartTLS()
	defer throwaway.Close()
	a := start(t, setup{Options: standin.Options{
		TLS: &tls.Config{Certificates: throwaway.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}},
	}})
	a.HTTP = throwaway.Client()
	require.True(t, strings.HasPrefix(a.URL(), "https://"))
	a.add("one")
	a.Inject(standin.Fault{Reset: true, Count: 1})
	_, err := a.Try("POST", "/things", `{}`)
	require.Error(t, err)
	require.Equal(t, 1, a.Do(200, "GET", "/things/all", nil).ProtoMajor)
}

func TestP6_LatencyIsWaitedSideBySide(t *testing.T) {
	const latency, callers = time.Second, 64
	synctest.Test(t, func(t *testing.T) {
		a := found(t, setup{Options: standin.Options{Latency: latency}})
		var wg sync.WaitGroup
		started := time.Now()
		for range callers {
			wg.Go(func() {
				req, got := httptest.NewRequest(http.MethodPost, "/things", strings.NewReader(`{}`)), httptest.NewRecorder()
				a.Login(req)
				a.ServeHTTP(got, req)
				if got.Code != http.StatusCreated {
					t.Errorf("create: %d %s", got.Code, got.Body)
				}
			})
		}
		wg.Wait()
		require.Equal(t, latency, time.Since(started))
		require.Len(t, a.all(), callers)
	})
}
