package process

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

// Certificate, webhook secrets, Jira's token and Teleport's identity are changed several times while people ask and decide. Not one
// delivery and not one call is refused.
func TestP1_P5_W6_W29_RotationUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	delete(w.Settings.Main(), "api_token")
	w.Settings.Main()["api_token_file"] = w.Write("token", jira.BotToken)
	w.Settings.Main()["webhook"] = harness.Section{"secrets_file": w.Write("webhook-secrets", harness.Secret)}
	for range 2 {
		w.configure()
	}
	w.startAll()
	c := w.gather()
	c.begin()
	c.act()
	secret := harness.Secret
	for n := range 3 {
		w.awaitEffects(100)
		secret = w.rotateSecret(secret, n)
		w.rotateToken(n)
		w.rotateCertificate()
		w.rotateIdentity(time.Duration(13+n) * time.Hour)
	}
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	require.Empty(t, c.audited())
	for _, d := range w.Jira.Deliveries() {
		require.Equal(t, http.StatusOK, d.Status, "%s: %s", d.Event, d.Error)
		require.Equal(t, 1, d.Attempt)
	}
	require.Zero(t, w.refusedCalls())
	for _, i := range w.instances {
		require.Zero(t, i.logged("not settled", `"class":"terminal"`), i.tail(5, `"class":"terminal"`))
	}
}

// refusedCalls counts the calls of all instances that Jira has not let in.
func (w *world) refusedCalls() (n int) {
	w.T.Helper()
	for _, i := range w.instances {
		for _, code := range []string{"401", "403"} {
			n += int(i.metric("accessbridge_vendor_calls_total", `code="`+code+`"`))
		}
	}
	return n
}

// rotateSecret puts a new secret before the old one, and then has Jira sign with it.
func (w *world) rotateSecret(old string, n int) string {
	next := fmt.Sprintf("%s-%d", harness.Secret, n)
	w.Write("webhook-secrets", next+"\n"+old+"\n")
	w.sendWebhooks(next)
	return next
}

// rotateToken has Jira take a second token, then the bridge use it, and revokes the first one when no call under way has it any more:
// each that had it was answered or given up by then.
func (w *world) rotateToken(n int) {
	w.T.Helper()
	next := fmt.Sprintf("%s-%d", jira.BotToken, n)
	require.NoError(w.T, w.Jira.UpdateUser(jira.BotEmail, func(u *jira.User) { u.NextToken = next }))
	w.Write("token", next)
	w.StaysFor(callWithin+time.Second, "both tokens are taken", func() bool { return w.refusedCalls() == 0 })
	require.NoError(w.T, w.Jira.UpdateUser(jira.BotEmail, func(u *jira.User) { u.Token, u.NextToken = next, "" }))
}

// rotateCertificate replaces the certificate of the listeners and waits until they show it.
func (w *world) rotateCertificate() {
	w.T.Helper()
	before := w.serials()
	_, err := certs.WriteDevelopment(w.Path(""), []string{"localhost", "127.0.0.1"}, time.Hour, certs.Force())
	require.NoError(w.T, err)
	w.Eventually("the new certificate", func() bool {
		return !slices.ContainsFunc(w.serials(), func(serial string) bool { return slices.Contains(before, serial) })
	})
}

// serials are the serial numbers of the certificates that the instances show.
func (w *world) serials() (numbers []string) {
	w.T.Helper()
	transport, ok := w.Client.Transport.(*http.Transport)
	require.True(w.T, ok)
	for _, i := range w.instances {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: transport.TLSClientConfig.RootCAs, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(w.T.Context(), "tcp", i.public)
		require.NoError(w.T, err)
		secured, ok := conn.(*tls.Conn)
		require.True(w.T, ok)
		numbers = append(numbers, secured.ConnectionState().PeerCertificates[0].SerialNumber.String())
		require.NoError(w.T, conn.Close())
	}
	return numbers
}

// rotateIdentity renews Teleport's identity and waits until it is in use.
func (w *world) rotateIdentity(ttl time.Duration) {
	w.T.Helper()
	require.NoError(w.T, w.Teleport.WriteIdentity(w.Path("identity"), harness.BridgeUser, ttl))
	w.Eventually("the new identity", func() bool {
		return !slices.ContainsFunc(w.instances, func(i *instance) bool {
			return time.Until(i.status().Teleport.CredentialExpires) < ttl-10*time.Minute
		})
	})
}
