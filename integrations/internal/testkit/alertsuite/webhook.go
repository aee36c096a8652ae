package alertsuite

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func webhookCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"P3_OnlyProvenDeliveriesAreTaken":          onlyProvenDeliveriesAreTaken,
		"NoSecretProvesNothing":                    noSecretProvesNothing,
		"DeliveriesAreUnderstoodInAllTheirForms":   deliveriesAreUnderstoodInAllTheirForms,
		"P3_AForgedActorInADeliveryDecidesNothing": aForgedActorInADeliveryDecidesNothing,
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func onlyProvenDeliveriesAreTaken(t *testing.T, v Vendor) {
	bearer, own := func(*alerting.Settings) {}, func(s *alerting.Settings) { s.Webhook.Header = "x-bridge-secret" }
	named := func(s *alerting.Settings) { s.Webhook.User = "vendor" }
	for name, c := range map[string]struct {
		settings func(*alerting.Settings)
		header   http.Header
		why      string
	}{
		"new secret":              {bearer, http.Header{"Authorization": {"Bearer new"}}, ""},
		"old secret":              {bearer, http.Header{"Authorization": {"Bearer old"}}, ""},
		"own header":              {own, http.Header{"X-Bridge-Secret": {"new"}}, ""},
		"basic":                   {named, http.Header{"Authorization": {basic("vendor", "old")}}, ""},
		"no header":               {bearer, http.Header{}, "unproven"},
		"an empty header":         {bearer, http.Header{"Authorization": {" "}}, "unproven"},
		"another header":          {own, http.Header{"Authorization": {"Bearer new"}}, "unproven"},
		"another secret":          {bearer, http.Header{"Authorization": {"Bearer other"}}, "secret"},
		"longer":                  {bearer, http.Header{"Authorization": {"Bearer newer"}}, "secret"},
		"shorter":                 {bearer, http.Header{"Authorization": {"Bearer ne"}}, "secret"},
		"in other case":           {bearer, http.Header{"Authorization": {"Bearer NEW"}}, "secret"},
		"alone":                   {bearer, http.Header{"Authorization": {"new"}}, "secret"},
		"empty":                   {bearer, http.Header{"Authorization": {"Bearer "}}, "secret"},
		"twice":                   {bearer, http.Header{"Authorization": {"Bearer new", "Bearer new"}}, "secret"},
		"in a list":               {bearer, http.Header{"Authorization": {"Bearer old, Bearer new"}}, "secret"},
		"basic, another user":     {named, http.Header{"Authorization": {basic("other", "new")}}, "secret"},
		"basic, another password": {named, http.Header{"Authorization": {basic("vendor", "other")}}, "secret"},
		"basic, no password":      {named, http.Header{"Authorization": {basic("vendor", "")}}, "secret"},
		"basic is not asked for":  {bearer, http.Header{"Authorization": {basic("vendor", "new")}}, "secret"},
		"a bearer where basic is": {named, http.Header{"Authorization": {"Bearer new"}}, "secret"},
		"own header, with a word": {own, http.Header{"X-Bridge-Secret": {"Bearer new"}}, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			err := v.Plain(t, c.settings).Verify(bridge.Inbound{Header: c.header, Body: []byte("{}")})
			if c.why == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, &bridge.Refused{Status: 401, Why: c.why}, err)
		})
	}
}

func noSecretProvesNothing(t *testing.T, v Vendor) {
	file := filepath.Join(t.TempDir(), "secrets")
	for _, change := range []func(*alerting.Settings){
		func(s *alerting.Settings) { s.Webhook.Secrets = nil },
		func(s *alerting.Settings) { s.Webhook.Secrets = testkit.Secrets("") },
		func(s *alerting.Settings) { s.Webhook = alerting.Webhook{User: "u", Secrets: testkit.Secrets("")} },
		func(s *alerting.Settings) { s.Webhook = alerting.Webhook{Header: "X-Y", Secrets: testkit.Secrets(" ")} },
		func(s *alerting.Settings) { s.Webhook = alerting.Webhook{SecretsFile: file} },
	} {
		for _, value := range []string{"", " ", "Bearer ", "Bearer  ", basic("u", ""), basic("", "")} {
			require.Error(t, v.Plain(t, change).Verify(bridge.Inbound{Header: http.Header{"Authorization": {value}, "X-Y": {value}}}), "%q", value)
		}
	}
	o := v.Plain(t, func(s *alerting.Settings) { s.Webhook = alerting.Webhook{SecretsFile: file} })
	require.NoError(t, os.WriteFile(file, []byte("# two\nold\nnew\n"), 0o600))
	for _, secret := range []string{"old", "new"} {
		require.NoError(t, o.Verify(bridge.Inbound{Header: http.Header{"Authorization": {"Bearer " + secret}}}))
	}
}

// deliveries are what the simulator sends while something is done, in its several forms.
func (v Vendor) deliveries(t *testing.T, shape account.Shape, r account.Receiver, do func(s *Site)) []bridge.Inbound {
	t.Helper()
	incoming := make(chan bridge.Inbound, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		incoming <- bridge.Inbound{Header: r.Header.Clone(), Body: body}
	}))
	t.Cleanup(receiver.Close)
	s := v.Site(t, Setup{Account: account.Options{Webhooks: account.Sending{Shape: shape}}})
	r.URL = receiver.URL
	s.AddReceiver(r)
	do(s)
	require.NoError(t, s.WaitDeliveries(t.Context()))
	close(incoming)
	var out []bridge.Inbound
	for in := range incoming {
		out = append(out, in)
	}
	return out
}

func deliveriesAreUnderstoodInAllTheirForms(t *testing.T, v Vendor) {
	for name, shape := range map[string]account.Shape{
		"as captured":  {},
		"texts":        {UpdatedText: true, CreatedText: true, NumericPriority: true},
		"as described": {Documented: true, Spaced: true},
	} {
		t.Run(name, func(t *testing.T) {
			list := v.deliveries(t, shape, account.Receiver{User: "vendor", Password: "old", Description: true}, func(s *Site) {
				s.Opened(t)
				require.NoError(t, s.Note("alice", Alias, "approve: fine"))
				require.NoError(t, s.Note("alice", Alias, "let me see"))
				require.NoError(t, s.Action("alice", Alias, "Approve", ""))
				require.NoError(t, s.SetPriority("alice", Alias, "P2"))
				require.NoError(t, s.Acknowledge("alice", Alias))
				require.NoError(t, s.CloseAlert("alice", Alias, ""))
			})
			require.Len(t, list, 7)
			o := v.Plain(t, func(s *alerting.Settings) { s.Webhook.User = "vendor" })
			hint := []bridge.Hint{{ObjectID: Alias, RequestID: testkit.RequestID}}
			var events []string
			ids := map[string]bool{}
			for i, in := range list {
				require.NoError(t, o.Verify(in))
				d, err := o.Decode(in)
				require.NoError(t, err)
				events = append(events, strings.ReplaceAll(d.Event, " ", ""))
				require.Zero(t, d.Reply)
				require.NotEmpty(t, d.ID)
				ids[d.ID] = true
				if i == 1 || i == 3 {
					require.Equal(t, hint, d.Hints, d.Event)
				} else {
					require.Empty(t, d.Hints, d.Event)
				}
				again, err := o.Decode(in)
				require.NoError(t, err)
				require.Equal(t, d, again)
			}
			require.Equal(t, []string{"Create", "AddNote", "AddNote", "Approve", "UpdatePriority", "Acknowledge", "Close"}, events)
			require.Len(t, ids, len(list), "each delivery has an id of its own")

			mapped := v.Plain(t, anyone)
			for _, i := range []int{5, 6} {
				d, err := mapped.Decode(list[i])
				require.NoError(t, err)
				require.Equal(t, hint, d.Hints)
			}
		})
	}
}

// What a delivery says about who did it is not looked at.
func aForgedActorInADeliveryDecidesNothing(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	forged := `{"action":"Approve","alert":{"alertId":"x","alias":"` + Alias + `","username":"alice@example.com","userId":"00000001-0000-4000-8000-000000000000"}}`
	d, err := s.Decode(bridge.Inbound{Body: []byte(forged)})
	require.NoError(t, err)
	require.Len(t, d.Hints, 1)
	require.Empty(t, s.Said(t, ref))
	require.WithinDuration(t, time.Now(), s.Shown(t).Updated, time.Minute)
}
