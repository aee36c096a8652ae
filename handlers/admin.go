package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Admin answers on the private listener.
type Admin struct {
	// Ready returns why the bridge is not ready, nil when it is. It never depends on a vendor: one vendor's outage must not take
	// all instances out of rotation.
	Ready func() error
	// Status returns the state of the bridge for people and scripts; it is sent as JSON.
	Status func() any
	// Metrics answers with the metrics.
	Metrics http.Handler
}

// Register adds the routes /healthz, /readyz, /metrics and /status.
func (a *Admin) Register(e *echo.Echo) {
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", func(c echo.Context) error {
		if err := a.Ready(); err != nil {
			return c.String(http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		}
		return c.String(http.StatusOK, "ready\n")
	})
	e.GET("/metrics", echo.WrapHandler(a.Metrics))
	e.GET("/status", func(c echo.Context) error { return c.JSONPretty(http.StatusOK, a.Status(), "  ") })
}
