package httpx

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is a transport that always gives the same answer and counts its calls.
func answer(calls *int, code int, header ...string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		*calls++
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
	}
}

func client(t *testing.T, o Options) (*http.Client, *Account) {
	t.Helper()
	c, a, err := New(o)
	require.NoError(t, err)
	return c, a
}

// call makes one call and returns its classified error.
func call(t *testing.T, c *http.Client, method, address string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	resp, err := c.Do(req)
	if resp != nil {
		defer resp.Body.Close()
	}
	return Classify(resp, err)
}

func TestP6_EveryStatusHasItsClass(t *testing.T) {
	cases := []struct {
		code     int
		header   []string
		class    bridge.Class
		noEffect bool
		after    time.Duration
	}{
		{code: 301, class: bridge.ClassTerminal, noEffect: true},
		{code: 400, class: bridge.ClassTerminal, noEffect: true},
		{code: 401, class: bridge.ClassTerminal, noEffect: true},
		{code: 403, class: bridge.ClassTerminal, noEffect: true},
		{code: 404, class: bridge.ClassTerminal, noEffect: true},
		{code: 405, class: bridge.ClassTerminal, noEffect: true},
		{code: 408, class: bridge.ClassRetry},
		{code: 409, class: bridge.ClassRetry, noEffect: true},
		{code: 410, class: bridge.ClassTerminal, noEffect: true},
		{code: 413, class: bridge.ClassTerminal, noEffect: true},
		{code: 422, class: bridge.ClassTerminal, noEffect: true},
		{code: 425, class: bridge.ClassRetry, noEffect: true},
		{code: 429, class: bridge.ClassWait, noEffect: true, after: 5 * time.Second},
		{code: 429, header: []string{"Retry-After", "17"}, class: bridge.ClassWait, noEffect: true, after: 17 * time.Second},
		{code: 429, header: []string{"Retry-After", "0"}, class: bridge.ClassWait, noEffect: true, after: time.Second},
		{code: 429, header: []string{"Retry-After", "99999999999"}, class: bridge.ClassWait, noEffect: true, after: 5 * time.Minute},
		{code: 429, header: []string{"Retry-After", "soon"}, class: bridge.ClassWait, noEffect: true, after: 5 * time.Second},
		{code: 500, class: bridge.ClassRetry},
		{code: 502, class: bridge.ClassRetry},
		{code: 503, class: bridge.ClassRetry},
		{code: 503, header: []string{"Retry-After", "3"}, class: bridge.ClassWait, after: 3 * time.Second},
		{code: 504, class: bridge.ClassRetry},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.code, c.header), func(t *testing.T) {
			var calls int
			hc, _ := client(t, Options{Transport: answer(&calls, c.code, c.header...)})
			err := call(t, hc, http.MethodPost, "https://vendor.example/x?secret=1")
			class, after := bridge.ClassOf(err)
			require.Equal(t, c.class, class)
			require.Equal(t, c.after, after)
			require.Equal(t, c.noEffect, bridge.NoEffect(err), "%v", err)
			var se *StatusError
			require.ErrorAs(t, err, &se)
			require.Equal(t, c.code, se.Code)
			require.NotContains(t, err.Error(), "secret")
		})
	}
	for _, code := range []int{200, 201, 204} {
		var calls int
		hc, _ := client(t, Options{Transport: answer(&calls, code)})
		require.NoError(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
	}
}

func TestRetryAfterAsDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.Header{"Retry-After": {time.Now().Add(42 * time.Second).UTC().Format(http.TimeFormat)}}
		after, ok := retryAfter(h)
		require.True(t, ok)
		require.Equal(t, 42*time.Second, after)
		h.Set("Retry-After", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		after, ok = retryAfter(h)
		require.True(t, ok)
		require.Equal(t, time.Second, after)
	})
}

func TestW9_NothingIsSentDuringThePauseTheVendorAskedFor(t *testing.T) {
	for _, code := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			var calls int
			hc, account := client(t, Options{Transport: answer(&calls, code, "Retry-After", "30")})
			require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
			require.Equal(t, 1, calls)

			<-time.After(10 * time.Second)
			err := call(t, hc, http.MethodGet, "https://vendor.example/x")
			class, after := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassWait, class)
			require.Equal(t, 20*time.Second, after)
			require.True(t, bridge.NoEffect(err), "a call that was held back has no effect")
			require.Equal(t, 1, calls)
			require.True(t, account.State().Open)
			require.Equal(t, 20*time.Second, time.Until(account.State().Until))

			<-time.After(20 * time.Second)
			require.False(t, account.State().Open)
			require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
			require.Equal(t, 2, calls)
		})
	}
}

func TestP6_BreakerOpensAfterFiveFailuresAndTriesOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		code := 500
		hc, account := client(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return answer(&calls, code)(r)
		})})
		for range 5 {
			require.False(t, account.State().Open)
			require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		}
		require.Equal(t, State{Open: true, Until: time.Now().Add(10 * time.Second), LastError: "the vendor answered 500"}, account.State())

		<-time.After(4 * time.Second)
		err := call(t, hc, http.MethodGet, "https://vendor.example/x")
		class, after := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassWait, class)
		require.Equal(t, 6*time.Second, after)
		require.True(t, bridge.NoEffect(err))
		require.Equal(t, 5, calls)

		<-time.After(6*time.Second + time.Millisecond)
		require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"), "the probe fails and opens it again")
		require.Equal(t, 6, calls)
		require.True(t, account.State().Open)

		<-time.After(10*time.Second + time.Millisecond)
		code = 200
		require.NoError(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		require.NoError(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		require.Equal(t, State{}, account.State())
	})
}

// While one call tries the vendor again, the others wait for what comes of it, but not for ever.
func TestP6_OthersWaitForTheCallThatTriesTheVendorAgain(t *testing.T) {
	for name, c := range map[string]struct {
		takes time.Duration
		code  int
		sent  bool
		after time.Duration
	}{
		"it succeeds":   {500 * time.Millisecond, 200, true, 0},
		"it fails":      {500 * time.Millisecond, 500, false, 10 * time.Second},
		"it takes long": {5 * time.Second, 200, false, time.Second},
		"it fails late": {5 * time.Second, 500, false, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls int
				code, takes := 500, time.Duration(0)
				hc, _ := client(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					<-time.After(takes)
					return answer(&calls, code)(r)
				})})
				for range 5 {
					require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
				}
				<-time.After(10*time.Second + time.Millisecond)
				code, takes = c.code, c.takes
				probe, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://vendor.example/x", nil)
				require.NoError(t, err)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					if resp, err := hc.Do(probe); err == nil {
						_ = resp.Body.Close()
					}
				}()
				synctest.Wait()
				err = call(t, hc, http.MethodGet, "https://vendor.example/x")
				if c.sent {
					require.NoError(t, err)
					require.Equal(t, 7, calls)
				} else {
					class, after := bridge.ClassOf(err)
					require.Equal(t, bridge.ClassWait, class)
					require.Equal(t, c.after, after)
					require.True(t, bridge.NoEffect(err))
				}
				<-ended
			})
		})
	}
}

func TestBreakerIgnoresRefusalsAndCallersWhoGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		hc, account := client(t, Options{Transport: answer(&calls, 403)})
		for range 20 {
			require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		}
		require.Equal(t, 20, calls)
		require.Equal(t, State{}, account.State())

		hc, account = client(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://vendor.example/x", nil)
			require.NoError(t, err)
			_, err = hc.Do(req) //nolint:bodyclose // there is no answer
			require.ErrorIs(t, Classify(nil, err), context.Canceled)
		}
		require.Equal(t, State{}, account.State())
	})
}

func TestRateLimitSpreadsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		hc, _ := client(t, Options{Transport: answer(&calls, 200), RatePerSecond: 10, Burst: 2})
		start := time.Now()
		for range 12 {
			require.NoError(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		}
		require.Equal(t, time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://vendor.example/x", strings.NewReader("{}"))
		require.NoError(t, err)
		_, err = hc.Do(req) //nolint:bodyclose // there is no answer
		require.True(t, bridge.NoEffect(Classify(nil, err)), "a call that waits for the limit was not sent")
		require.Equal(t, 12, calls)
	})
}

func TestObserveCountsOnlyCallsThatWereSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			method string
			code   int
			took   time.Duration
		}
		var got []seen
		var calls int
		hc, _ := client(t, Options{
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-time.After(3 * time.Second)
				if r.Method == http.MethodPost {
					return nil, errors.New("broken")
				}
				require.Equal(t, UserAgent(), r.Header.Get("User-Agent"))
				return answer(&calls, 429, "Retry-After", "60")(r)
			}),
			Observe: func(m string, c int, d time.Duration) { got = append(got, seen{m, c, d}) },
		})
		require.Error(t, call(t, hc, http.MethodPost, "https://vendor.example/x"))
		require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		require.Error(t, call(t, hc, http.MethodGet, "https://vendor.example/x"))
		require.Equal(t, []seen{{"POST", 0, 3 * time.Second}, {"GET", 429, 3 * time.Second}}, got)
	})
}

func TestUnsentIsToldFromUnknown(t *testing.T) {
	const dead = "http://127.0.0.1:1"
	hc, _ := client(t, Options{})

	t.Run("connection refused", func(t *testing.T) {
		require.True(t, bridge.NoEffect(call(t, hc, http.MethodPost, dead)))
	})
	t.Run("certificate not trusted", func(t *testing.T) {
		srv := httptest.NewTLSServer(http.NotFoundHandler())
		defer srv.Close()
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		err := call(t, hc, http.MethodPost, srv.URL)
		require.True(t, bridge.NoEffect(err), "%v", err)
	})
	t.Run("not TLS at all", func(t *testing.T) {
		srv := httptest.NewServer(http.NotFoundHandler())
		defer srv.Close()
		require.True(t, bridge.NoEffect(call(t, hc, http.MethodPost, strings.Replace(srv.URL, "http:", "https:", 1))))
	})
	t.Run("connection reset after the effect", func(t *testing.T) {
		var effects atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			effects.Add(1)
			panic(http.ErrAbortHandler)
		}))
		defer srv.Close()
		err := call(t, hc, http.MethodPost, srv.URL)
		require.Error(t, err)
		require.False(t, bridge.NoEffect(err), "%v", err)
		require.EqualValues(t, 1, effects.Load())
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class)
	})
	t.Run("timeout after the effect", func(t *testing.T) {
		var effects atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			effects.Add(1)
			<-r.Context().Done()
		}))
		defer srv.Close()
		var err error
		// On a slow machine the time may be over before the call was sent.
		for timeout := 20 * time.Millisecond; effects.Load() == 0; timeout *= 2 {
			hc, _ := client(t, Options{Timeout: timeout})
			err = call(t, hc, http.MethodPost, srv.URL)
			require.Error(t, err)
		}
		require.False(t, bridge.NoEffect(err), "%v", err)
	})
	t.Run("answer broken off", func(t *testing.T) {
		resp := &http.Response{StatusCode: 201}
		err := Classify(resp, io.ErrUnexpectedEOF)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.False(t, bridge.NoEffect(err))
	})
}

func TestP7_ErrorsCarryNoSecret(t *testing.T) {
	const user, password = "bot@example.com", "s3cr3t-token"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A vendor that sends back all it was given.
		auth := r.Header.Get("Authorization")
		u, p, _ := r.BasicAuth()
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errorMessages":["header %s, user %s, password %s"],"errors":{"reporter":"is not valid"}}`, auth, u, p)
	}))
	defer srv.Close()
	hc, _ := client(t, Options{})
	for name, set := range map[string]func(*http.Request){
		"basic":  func(r *http.Request) { r.SetBasicAuth(user, password) },
		"bearer": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+password) },
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(srv.URL)
			require.NoError(t, err)
			u.User, u.RawQuery = url.UserPassword("someone", "else-secret"), "q=private"
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u.String(), strings.NewReader("our own body"))
			require.NoError(t, err)
			set(req)
			resp, err := hc.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			text := Classify(resp, nil).Error()
			for _, s := range []string{password, req.Header.Get("Authorization"), "else-secret", "private", "our own body"} {
				require.NotContains(t, text, s)
			}
			require.Contains(t, text, "reporter: is not valid")
			require.Contains(t, text, "400 Bad Request")
		})
	}
	err := call(t, hc, http.MethodGet, "http://someone:else-secret@127.0.0.1:1/x?q=private")
	require.NotContains(t, err.Error(), "else-secret")
	require.NotContains(t, err.Error(), "private")
}

func TestVendorMessageIsCutOnARune(t *testing.T) {
	text := message("text/plain", []byte(strings.Repeat("ü\n", 500)))
	cutText := cut(text, maxMessage)
	require.Len(t, []rune(cutText), maxMessage)
	require.True(t, strings.HasSuffix(cutText, "ü…") || strings.HasSuffix(cutText, " …"))
	require.Equal(t, "short", cut("short", maxMessage))
	require.Equal(t, "an HTML page instead of an answer", message("text/html", []byte("<html>login</html>")))
	require.Equal(t, "a; b: c; d", message("", []byte(`{"errorMessages":["a"],"errors":{"b":"c"},"message":"d"}`)))
	require.Equal(t, "code: 7x", message("", []byte(`{"error":{"code":"7x","n":1}}`)))
}

func TestLongAnswersAreRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 1000
		if r.URL.Path == "/long" {
			n = 1001
		}
		fmt.Fprint(w, strings.Repeat("x", n))
	}))
	defer srv.Close()
	hc, _ := client(t, Options{MaxBody: 1000})
	for path, want := range map[string]error{"/": nil, "/long": errTooLong} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		require.NoError(t, err)
		resp, err := hc.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, resp.Body.Close())
		require.ErrorIs(t, err, want)
		require.Len(t, body, 1000)
	}
}

func TestP7_RedirectsNeverCarryCredentialsAway(t *testing.T) {
	var leaked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/here":
			if r.Header.Get("Authorization") != "Bearer x" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer srv.Close()
	hc, _ := client(t, Options{})
	try := func(method, path string) error {
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer x")
		resp, err := hc.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		return Classify(resp, nil)
	}
	for _, c := range [][2]string{{"GET", "/away"}, {"POST", "/away"}, {"POST", "/moved"}, {"GET", "/loop"}} {
		err := try(c[0], c[1])
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class, "%v", c)
		require.ErrorContains(t, err, "check the configured address")
	}
	require.NoError(t, try("GET", "/moved"))
	require.Zero(t, leaked.Load())
}

func TestCustomCAProxyAndTLSFloor(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, block, 0o600))
	hc, _ := client(t, Options{CAFile: ca})
	require.NoError(t, call(t, hc, http.MethodGet, srv.URL))

	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	old.StartTLS()
	defer old.Close()
	require.True(t, bridge.NoEffect(call(t, hc, http.MethodGet, old.URL)))

	var viaProxy atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "vendor.example" {
			viaProxy.Add(1)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer proxy.Close()
	hc, _ = client(t, Options{ProxyURL: proxy.URL})
	require.NoError(t, call(t, hc, http.MethodGet, "http://vendor.example/x"))
	require.EqualValues(t, 1, viaProxy.Load())

	for _, o := range []Options{{CAFile: "does-not-exist"}, {CAFile: os.Args[0]}, {ProxyURL: "user:pa55@@proxy"}} {
		_, _, err := New(o)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "pa55")
	}
}
