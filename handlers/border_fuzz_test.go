package handlers

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// echoed is a vendor that takes every delivery whose body begins with "ok", and names the rest of it as the delivery.
type echoed struct{ source }

func (e *echoed) Verify(in bridge.Inbound) error {
	if !bytes.HasPrefix(in.Body, []byte("ok")) {
		return &bridge.Refused{Status: http.StatusUnauthorized, Why: "unproven"}
	}
	return nil
}

func (e *echoed) Decode(in bridge.Inbound) (bridge.Delivery, error) {
	return bridge.Delivery{ID: string(in.Body[2:]), Hints: []bridge.Hint{{ObjectID: "1"}}}, nil
}

// FuzzBorder holds the public listener to this, whatever anybody sends: it answers with a status alone, takes nothing that is not proven,
// believes a forwarded address only from a proxy, and passes on no endless identifier.
func FuzzBorder(f *testing.F) {
	f.Add("POST", "/webhooks/itsm", "192.0.2.1", "id", []byte("ok 7"))
	f.Add("POST", "/webhooks/itsm", "203.0.113.5, 10.1.1.1,", strings.Repeat("x", 300), []byte("ok"+strings.Repeat("\xff", 200)))
	f.Add("POST", "/webhooks/%2e%2e/status", ",,", "", []byte("no"))
	f.Add("GET", "/webhooks/itsm?x=/../", "[::1]:80", "\x7f", []byte{})
	f.Add("DELETE", "//", "::ffff:10.0.0.1", "é", []byte("ok"))
	_, proxies, err := net.ParseCIDR("10.0.0.0/8")
	require.NoError(f, err)
	log, out := logtest.New()
	var hints []bridge.Hint
	routers := map[string]*echo.Echo{"198.51.100.7": NewRouter(RouterOptions{Log: log}), "10.0.0.1": NewRouter(RouterOptions{Log: log, TrustedProxies: []*net.IPNet{proxies}})}
	source := ""
	for _, e := range routers {
		e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error { source = c.RealIP(); return next(c) }
		})
		(&Webhooks{
			Sources: map[string]bridge.WebhookSource{"itsm": &echoed{}}, Log: log, Count: func(string, string) {},
			Hint: func(_ string, h bridge.Hint) bool { hints = append(hints, h); return true },
		}).Register(e)
	}
	f.Fuzz(func(t *testing.T, method, path, forwarded, id string, body []byte) {
		for peer, e := range routers {
			r, err := http.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
			if err != nil || r.URL.Path == "" {
				t.Skip("not a request")
			}
			r.RemoteAddr = peer + ":4711"
			r.Header.Set("X-Forwarded-For", forwarded)
			r.Header.Set("X-Request-Id", id)
			hints, source = nil, ""
			out.Reset()
			answer := httptest.NewRecorder()
			e.ServeHTTP(answer, r)

			require.Empty(t, answer.Body.String())
			require.NotContains(t, out.String(), "panicked")
			for _, h := range hints {
				require.True(t, bytes.HasPrefix(body, []byte("ok")), "taken without proof")
				require.LessOrEqual(t, len(h.DeliveryID), longestDeliveryID)
				require.True(t, utf8.ValidString(h.DeliveryID))
			}
			require.Equal(t, len(hints) > 0, answer.Code == http.StatusOK)
			if peer == "198.51.100.7" && source != "" {
				require.Equal(t, peer, source)
			} else if source != "" {
				_, err := netip.ParseAddr(source)
				require.NoError(t, err, "the source is an address")
			}
		}
	})
}
