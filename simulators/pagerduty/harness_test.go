package pagerduty_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// account is a started simulator and a client logged in with the account's key, acting as the bot.
type account struct {
	*pagerduty.Server
	*standintest.Client
}

func start(t *testing.T, opt pagerduty.Options) *account {
	t.Helper()
	if opt.Webhooks.RetryDelay == 0 {
		opt.Webhooks.RetryDelay = time.Millisecond
	}
	opt.Webhooks.Timeout = time.Minute // a delivery that takes long on a slow machine is no second one
	srv := standintest.Started(pagerduty.New(opt))(t)
	return &account{Server: srv, Client: standintest.NewClient(t, srv.URL, login)}
}

// login sends the account's key and acts as the bot.
func login(r *http.Request) {
	for name, value := range map[string]string{
		"Authorization": "Token token=" + pagerduty.DefaultToken, "From": pagerduty.DefaultBotEmail,
		"Accept": "application/vnd.pagerduty+json;version=2", "Content-Type": "application/json",
	} {
		r.Header.Set(name, value)
	}
}

// with is the same account called with another header; an empty value takes the header away.
func (a *account) with(name, value string) *account {
	return &account{Server: a.Server, Client: a.As(func(r *http.Request) {
		a.Login(r)
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	})}
}

// problem is the body of a refusal.
func problem(t *testing.T, a standintest.Answer) (code int, message string, details []string) {
	t.Helper()
	var out struct {
		Error struct {
			Code    int
			Message string
			Errors  []string
		}
	}
	require.NoError(t, json.Unmarshal(a.Body, &out), "%s", a.Body)
	return out.Error.Code, out.Error.Message, out.Error.Errors
}

// draft is the least a create needs, with more on top.
func draft(more map[string]any) map[string]any {
	in := map[string]any{
		"type": "incident", "title": "Access to prod-db", "service": map[string]any{"id": "PSERVIC", "type": "service_reference"},
	}
	maps.Copy(in, more)
	return map[string]any{"incident": in}
}

// create opens an incident and returns its id.
func (a *account) create(more map[string]any) string {
	a.T.Helper()
	id, isText := a.Do(http.StatusCreated, "POST", "/incidents", draft(more)).Object(a.T).At("incident", "id").(string)
	require.True(a.T, isText)
	return id
}

// change is the body of an update.
func change(fields map[string]any) map[string]any {
	in := map[string]any{"type": "incident_reference"}
	maps.Copy(in, fields)
	return map[string]any{"incident": in}
}

func note(text string) map[string]any { return map[string]any{"note": map[string]any{"content": text}} }
