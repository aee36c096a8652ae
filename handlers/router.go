package handlers

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"
)

const (
	// bodyLimit is far above what any vendor sends; PagerDuty, the most generous, guarantees 55 KB.
	bodyLimit = "1M"
	// forgetSource is how long a source address keeps its allowance after its last delivery.
	forgetSource = 3 * time.Minute
)

// RouterOptions are the settings of the public router.
type RouterOptions struct {
	// TrustedProxies may name the client in X-Forwarded-For; without any, the address of the connection counts.
	TrustedProxies []*net.IPNet
	// RatePerSecond and Burst limit the deliveries of one source address; zero means no limit.
	RatePerSecond float64
	Burst         int
	Log           *slog.Logger
}

// NewRouter returns the router of the public listener, with every guard in front of the handlers.
func NewRouter(o RouterOptions) *echo.Echo {
	e := newEcho(o.Log)
	e.IPExtractor = echo.ExtractIPDirect()
	if len(o.TrustedProxies) > 0 {
		trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, p := range o.TrustedProxies {
			trust = append(trust, echo.TrustIPRange(p))
		}
		e.IPExtractor = echo.ExtractIPFromXFFHeader(trust...)
	}
	e.Use(recovered(o.Log), identified(), logRequests(o.Log))
	if o.RatePerSecond > 0 {
		e.Use(limitRate(o))
	}
	e.Use(middleware.BodyLimit(bodyLimit), limitTime)
	return e
}

// identified gives each request an id, which its answer and its line in the log show.
func identified() echo.MiddlewareFunc {
	return middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: rand.Text})
}

// limitRate refuses deliveries of a source that sends too many. It stands before the guards that cost more.
func limitRate(o RouterOptions) echo.MiddlewareFunc {
	return middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		IdentifierExtractor: sender,
		Store: middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
			Rate: rate.Limit(o.RatePerSecond), Burst: o.Burst, ExpiresIn: forgetSource,
		}),
	})
}

// sender is what deliveries are counted by: the sender's address, or for IPv6 the first half of it, because the other half is the sender's own
// to choose.
func sender(c echo.Context) (string, error) {
	text := c.RealIP()
	address, err := netip.ParseAddr(text)
	if err != nil || address.Is4() || address.Is4In6() {
		return text, nil
	}
	network, err := address.Prefix(64)
	return network.String(), err
}

// NewAdminRouter returns the router of the private listener.
func NewAdminRouter(log *slog.Logger) *echo.Echo {
	e := newEcho(log)
	e.Use(recovered(log))
	return e
}

func newEcho(log *slog.Logger) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = answerError(log)
	return e
}

// recovered turns a panic into an error, and logs where it happened.
func recovered(log *slog.Logger) echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableStackAll: true,
		LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
			log.Error("handler panicked", "error", err, "stack", string(stack))
			return err
		},
	})
}

// answerError answers every error with its status and nothing else: no detail goes to a sender that is not known.
func answerError(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		status := http.StatusInternalServerError
		var known *echo.HTTPError
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			status = http.StatusRequestEntityTooLarge
		case errors.As(err, &known):
			status = known.Code
		default:
			log.Error("request failed", "error", err)
		}
		if err := c.NoContent(status); err != nil {
			log.Debug("answer not sent", "error", err)
		}
	}
}

func logRequests(log *slog.Logger) echo.MiddlewareFunc {
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		// What is written at debug level only is not put together for nobody.
		Skipper:   func(c echo.Context) bool { return !log.Enabled(c.Request().Context(), slog.LevelDebug) },
		LogStatus: true, LogMethod: true, LogURIPath: true, LogLatency: true, LogRemoteIP: true, LogRequestID: true, HandleError: true,
		LogValuesFunc: func(c echo.Context, v middleware.RequestLoggerValues) error {
			log.LogAttrs(c.Request().Context(), slog.LevelDebug, "request served",
				slog.String("method", v.Method), slog.String("path", v.URIPath), slog.Int("status", v.Status),
				slog.Duration("took", v.Latency), slog.String("source", v.RemoteIP), slog.String("http_request_id", v.RequestID))
			return nil
		},
	})
}
