// Package handlers holds the HTTP handlers of the two listeners: webhooks on the public one; health, metrics and status on the
// private one. It names no vendor.
package handlers

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/accessbridge/accessbridge/bridge"
)

// The results of a delivery, as counted.
const (
	// DeliveryHinted means that the delivery named a linked object, which will be read.
	DeliveryHinted = "hinted"
	// DeliveryIgnored means that the delivery was genuine and of no concern.
	DeliveryIgnored = "ignored"
	// DeliveryRefused means that the proof of origin was missing or wrong.
	DeliveryRefused = "refused"
	// DeliveryMalformed means that a genuine delivery could not be understood.
	DeliveryMalformed = "malformed"
	// DeliveryUnknown means that no integration has the name in the path.
	DeliveryUnknown = "unknown_name"
)

// DeliveryResults lists all results, so that counters can start at zero.
func DeliveryResults() []string {
	return []string{DeliveryHinted, DeliveryIgnored, DeliveryRefused, DeliveryMalformed, DeliveryUnknown}
}

// Webhooks takes deliveries for all integrations. A delivery is only ever a hint: it is verified on its raw bytes, decoded, and makes
// an object be read again with the bridge's own credentials. Losing it after the answer does no harm, because the next resync
// finds the same (P5).
type Webhooks struct {
	// Sources are the integrations that take webhooks, by name.
	Sources map[string]bridge.WebhookSource
	// Hint passes a hint on; false when no open object is meant.
	Hint func(integration string, h bridge.Hint) bool
	// Count is called once for each delivery.
	Count func(integration, result string)
	Log   *slog.Logger

	// bodies are buffers that bodies are read into, to be used again.
	bodies sync.Pool
}

// Register adds the route POST /webhooks/<name>.
func (w *Webhooks) Register(e *echo.Echo) {
	e.POST("/webhooks/:name", w.take)
}

func (w *Webhooks) take(c echo.Context) error {
	name := c.Param("name")
	source, ok := w.Sources[name]
	if !ok {
		// The name comes from outside and must not become a label.
		w.Count("", DeliveryUnknown)
		return echo.ErrNotFound
	}
	body := w.buffer()
	defer w.release(body)
	if err := read(c.Request(), body); err != nil {
		return unread(w.log(c, name), err)
	}
	in := bridge.Inbound{Header: c.Request().Header, Body: body.Bytes()}
	if err := source.Verify(in); err != nil {
		w.Count(name, DeliveryRefused)
		return refuse(w.log(c, name), err)
	}
	delivery, err := source.Decode(in)
	if err != nil {
		w.Count(name, DeliveryMalformed)
		w.log(c, name).Warn("webhook could not be understood", "error", err)
		return echo.ErrBadRequest
	}
	result := DeliveryIgnored
	id := deliveryID(delivery.ID)
	for _, h := range delivery.Hints {
		h.DeliveryID = id
		if w.Hint(name, h) {
			result = DeliveryHinted
		}
	}
	w.Count(name, result)
	if w.Log.Enabled(c.Request().Context(), slog.LevelDebug) {
		w.log(c, name).Debug("webhook taken", "event", delivery.Event, "delivery", delivery.ID, "result", result)
	}
	return answer(c, delivery.Reply)
}

// log says what a line is about. Most deliveries need none.
func (w *Webhooks) log(c echo.Context, name string) *slog.Logger {
	return w.Log.With("integration", name, "source", c.RealIP())
}

const (
	// readAhead is how much of a body's announced length is believed before anything of it has come.
	readAhead = 16 << 10
	// mostKept is the largest buffer that is kept for other bodies.
	mostKept = 64 << 10
)

func (w *Webhooks) buffer() *bytes.Buffer {
	if kept, ok := w.bodies.Get().(*bytes.Buffer); ok {
		return kept
	}
	return &bytes.Buffer{}
}

func (w *Webhooks) release(b *bytes.Buffer) {
	if b.Cap() <= mostKept {
		b.Reset()
		w.bodies.Put(b)
	}
}

// read reads a body to its end.
func read(r *http.Request, into *bytes.Buffer) error {
	into.Grow(int(min(max(r.ContentLength, 0), readAhead)) + bytes.MinRead)
	_, err := into.ReadFrom(r.Body)
	return err
}

// longestDeliveryID bounds what is kept of an identifier that comes from outside. Vendors use UUIDs and the like.
const longestDeliveryID = 128

// deliveryID is the vendor's identifier as it may be kept: it mostly comes in a header that the proof of origin does not cover.
func deliveryID(id string) string {
	if len(id) > longestDeliveryID {
		id = id[:longestDeliveryID]
	}
	return strings.ToValidUTF8(id, "")
}

// unread answers a body that is too long, or that ended too soon or came too slowly. Everybody can send such, so it is no error of
// the bridge.
func unread(log *slog.Logger, err error) error {
	log.Debug("webhook not read", "error", err)
	if tooLong, ok := errors.AsType[*echo.HTTPError](err); ok {
		return tooLong
	}
	return echo.ErrBadRequest
}

// refuse answers with the status the vendor should see; 401 unless the integration says otherwise.
func refuse(log *slog.Logger, err error) error {
	status, why := http.StatusUnauthorized, "unverified"
	if refused, ok := errors.AsType[*bridge.Refused](err); ok {
		status, why = refused.Status, refused.Why
	}
	log.Warn("webhook refused", "why", why)
	return echo.NewHTTPError(status)
}

func answer(c echo.Context, r bridge.Reply) error {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	if len(r.Body) == 0 {
		return c.NoContent(r.Status)
	}
	return c.Blob(r.Status, r.ContentType, r.Body)
}
