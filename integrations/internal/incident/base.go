package incident

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

// spareConns are the connections beside those of the workers, for checks and questions about who is on call.
const spareConns = 4

// Options are what an integration gets from the server, as far as it is the same for all.
type Options struct {
	// Log receives what does not fit into an error; nil means none.
	Log *slog.Logger
	// Observe is told of every call to the vendor: method, status (0 for no answer) and time taken.
	Observe func(method string, code int, took time.Duration)
	// Transport replaces the network, for tests.
	Transport http.RoundTripper
}

// Base is the part of an integration that does not depend on the vendor. An integration embeds it.
type Base struct {
	// Log is the integration's log, with its name.
	Log *slog.Logger
	// HTTP is the account's client, with all limits and guards.
	HTTP *http.Client

	name    string
	set     Common
	account *httpx.Account
}

// NewBase makes the base of an integration of a kind, such as jira, from checked settings. It makes no call. Its error begins with the kind.
func NewBase(kind, name string, s Common, o Options) (Base, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	client, account, err := httpx.New(httpx.Options{
		Integration:   name,
		Timeout:       s.Timeout.Std(),
		ProxyURL:      s.Proxy,
		CAFile:        s.CAFile,
		MaxConns:      s.Workers + spareConns,
		RatePerSecond: s.RateLimit,
		Observe:       o.Observe,
		Log:           o.Log,
		Transport:     o.Transport,
	})
	if err != nil {
		return Base{}, fmt.Errorf("%s: %w", kind, err)
	}
	return Base{Log: o.Log.With("integration", name), HTTP: client, name: name, set: s, account: account}, nil
}

// Name is the operator's own name for the integration.
func (b *Base) Name() string { return b.name }

// Traits tell how long an answer may take, how late the vendor may carry out a call, and how late a search or listing may be.
func (b *Base) Traits() bridge.Traits {
	return bridge.Traits{Timeout: b.set.Timeout.Std(), ApplyWithin: b.set.ApplyWithin.Std(), SearchLag: b.set.SearchLag.Std()}
}

// Workers is how many calls may be made at once.
func (b *Base) Workers() int { return b.set.Workers }

// Mode is ModeWebhook or ModePoll.
func (b *Base) Mode() string { return b.set.Mode }

// PollEvery is how often changed objects are to be listed in ModePoll.
func (b *Base) PollEvery() time.Duration { return b.set.PollEvery.Std() }

// ResyncEvery is how often changed objects are to be listed in ModeWebhook.
func (b *Base) ResyncEvery() time.Duration { return b.set.ResyncEvery.Std() }

// Account is the state of the account at the vendor: whether calls are held back, and why.
func (b *Base) Account() httpx.State { return b.account.State() }

// BusyUntil is the time before which no call will be made: the vendor asked for a pause, or failed too often in a row.
func (b *Base) BusyUntil() time.Time { return b.account.State().Until }
