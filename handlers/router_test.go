package handlers

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

func network(t *testing.T, text string) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(text)
	require.NoError(t, err)
	return n
}

// ask sends a request to the router from the address, and returns the answer.
func ask(t *testing.T, e *echo.Echo, method, path string, body io.Reader, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, path, body)
	for _, f := range change {
		f(request)
	}
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, request)
	return answer
}

func from(address, forwarded string) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = address + ":4711"
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
			r.Header.Set("X-Real-Ip", forwarded)
		}
	}
}

func TestErrorsAreAnsweredWithTheirStatusAlone(t *testing.T) {
	t.Parallel()
	secret := errors.New("the secret reason")
	cases := map[string]struct {
		err    error
		status int
	}{
		"unknown":            {secret, http.StatusInternalServerError},
		"of echo":            {echo.NewHTTPError(http.StatusTeapot, "the secret reason"), http.StatusTeapot},
		"of echo, inside":    {errors.Join(echo.NewHTTPError(http.StatusConflict, "the secret reason"), io.EOF), http.StatusConflict},
		"too large":          {&http.MaxBytesError{Limit: 1}, http.StatusRequestEntityTooLarge},
		"out of time":        {context.DeadlineExceeded, http.StatusServiceUnavailable},
		"with internal text": {echo.NewHTTPError(http.StatusBadGateway).SetInternal(secret), http.StatusBadGateway},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, _ := logtest.New()
			e := NewRouter(RouterOptions{Log: log})
			e.POST("/x", func(echo.Context) error { return c.err })
			answer := ask(t, e, http.MethodPost, "/x", nil)
			require.Equal(t, c.status, answer.Code)
			require.Empty(t, answer.Body.String())
		})
	}
}

func TestOnlyUnknownErrorsAreLoggedAsErrors(t *testing.T) {
	t.Parallel()
	log, out := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	e.POST("/known", func(echo.Context) error { return echo.ErrUnauthorized })
	e.POST("/unknown", func(echo.Context) error { return errors.New("disk full") })
	ask(t, e, http.MethodPost, "/known", nil)
	ask(t, e, http.MethodPost, "/missing", nil)
	require.NotContains(t, out.String(), "level=ERROR")
	ask(t, e, http.MethodPost, "/unknown", nil)
	require.Contains(t, out.String(), "level=ERROR")
	require.Contains(t, out.String(), "disk full")
}

// An error after the answer has begun must not write a second one into it.
func TestErrorAfterTheAnswerChangesNothing(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	e.POST("/x", func(c echo.Context) error { return errors.Join(c.String(http.StatusOK, "ok"), errors.New("too late")) })
	answer := ask(t, e, http.MethodPost, "/x", nil)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, "ok", answer.Body.String())
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	for name, newRouter := range map[string]func(*slog.Logger) *echo.Echo{
		"public": func(log *slog.Logger) *echo.Echo { return NewRouter(RouterOptions{Log: log}) },
		"admin":  NewAdminRouter,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, out := logtest.New()
			e := newRouter(log)
			e.POST("/x", func(echo.Context) error { panic("the secret reason") })
			answer := ask(t, e, http.MethodPost, "/x", nil)
			require.Equal(t, http.StatusInternalServerError, answer.Code)
			require.Empty(t, answer.Body.String())
			require.Contains(t, out.String(), `msg="handler panicked" error="the secret reason"`)
		})
	}
}

func TestW14_BodyIsLimitedWithAndWithoutItsLength(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	read := 0
	e.POST("/x", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		read = len(body)
		return err
	})
	large := strings.Repeat("x", 2<<20)
	require.Equal(t, http.StatusRequestEntityTooLarge, ask(t, e, http.MethodPost, "/x", strings.NewReader(large)).Code)
	require.Zero(t, read, "a length that is too large is refused unread")
	answer := ask(t, e, http.MethodPost, "/x", io.MultiReader(strings.NewReader(large)), func(r *http.Request) { r.ContentLength = -1 })
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
	require.Less(t, read, len(large))
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, "/x", strings.NewReader(large[:900_000])).Code)
}

func TestHandlersHaveLessTimeThanAnyVendorWaits(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	e.POST("/x", func(c echo.Context) error {
		deadline, ok := c.Request().Context().Deadline()
		require.True(t, ok)
		require.Less(t, time.Until(deadline), 3*time.Second)
		return nil
	})
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, "/x", nil).Code)
}

func TestSourceAddressIsBelievedOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	proxies := []*net.IPNet{network(t, "10.0.0.0/8"), network(t, "2001:db8::/32")}
	cases := map[string]struct {
		trusted                  []*net.IPNet
		peer, forwarded, address string
	}{
		"no proxies":                        {nil, "198.51.100.7", "192.0.2.1", "198.51.100.7"},
		"no proxies, loopback":              {nil, "127.0.0.1", "192.0.2.1", "127.0.0.1"},
		"no proxies, private":               {nil, "10.1.2.3", "192.0.2.1", "10.1.2.3"},
		"trusted":                           {proxies, "10.1.2.3", "192.0.2.1", "192.0.2.1"},
		"trusted, of version 6":             {proxies, "[2001:db8::7]", "192.0.2.1", "192.0.2.1"},
		"trusted, nothing forwarded":        {proxies, "10.1.2.3", "", "10.1.2.3"},
		"not trusted":                       {proxies, "198.51.100.7", "192.0.2.1", "198.51.100.7"},
		"loopback is not trusted by itself": {proxies, "127.0.0.1", "192.0.2.1", "127.0.0.1"},
		"private is not trusted by itself":  {proxies, "192.168.0.9", "192.0.2.1", "192.168.0.9"},
		"the sender's own part is ignored":  {proxies, "10.1.2.3", "203.0.113.5, 192.0.2.1", "192.0.2.1"},
		"through two proxies":               {proxies, "10.1.2.3", "192.0.2.1, 10.9.9.9", "192.0.2.1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, _ := logtest.New()
			e := NewRouter(RouterOptions{TrustedProxies: c.trusted, Log: log})
			e.POST("/x", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) })
			require.Equal(t, c.address, ask(t, e, http.MethodPost, "/x", nil, from(c.peer, c.forwarded)).Body.String())
		})
	}
}

func TestW14_RateIsLimitedBySource(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{RatePerSecond: 0.001, Burst: 2, Log: log})
	e.POST("/x", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	for _, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		answer := ask(t, e, http.MethodPost, "/x", nil, from("192.0.2.1", ""))
		require.Equal(t, want, answer.Code)
		require.Empty(t, answer.Body.String())
	}
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, "/x", nil, from("192.0.2.2", "")).Code)
	require.Equal(t, http.StatusTooManyRequests, ask(t, e, http.MethodPost, "/x", nil, from("192.0.2.1", "192.0.2.3")).Code,
		"a header must not buy a new allowance")

	for _, c := range []struct {
		address string
		status  int
	}{
		{"[2001:db8:1:1::1]", http.StatusOK},
		{"[2001:db8:1:1:ffff::2]", http.StatusOK},
		{"[2001:db8:1:1:1:2:3:4]", http.StatusTooManyRequests},
		{"[2001:db8:1:2::1]", http.StatusOK},
		{"[::ffff:192.0.2.9]", http.StatusOK},
		{"[::ffff:192.0.2.8]", http.StatusOK},
		{"[::ffff:192.0.2.7]", http.StatusOK},
	} {
		require.Equal(t, c.status, ask(t, e, http.MethodPost, "/x", nil, from(c.address, "")).Code,
			"whoever has an IPv6 address has all those with the same first half: %s", c.address)
	}

	unlimited := NewRouter(RouterOptions{Log: log})
	unlimited.POST("/x", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	for range 500 {
		require.Equal(t, http.StatusOK, ask(t, unlimited, http.MethodPost, "/x", nil).Code)
	}
}

func TestRequestsAreLoggedWithoutTheirQuery(t *testing.T) {
	t.Parallel()
	log, out := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	e.POST("/x", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	answer := ask(t, e, http.MethodPost, "/x?token=planted", nil, from("192.0.2.1", ""))
	require.NotEmpty(t, answer.Header().Get(echo.HeaderXRequestID))
	require.Contains(t, out.String(), "path=/x ")
	require.Contains(t, out.String(), "source=192.0.2.1")
	require.NotContains(t, out.String(), "planted")
}
