package test

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

func TestW29_WebhookSecretsAreRotatedWithoutARestart(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Main()["webhook"] = harness.Section{"secrets_file": w.Write("webhook-secrets", "old\n")}
	b := w.Start()
	_, key := w.Opened()
	body := approval(t, w, key)
	requireBare(t, http.StatusOK, b.Deliver(body, "old"))
	requireBare(t, http.StatusUnauthorized, b.Deliver(body, "new"))

	w.Write("webhook-secrets", "new\nold\n")
	requireBare(t, http.StatusOK, b.Deliver(body, "new"))
	requireBare(t, http.StatusOK, b.Deliver(body, "old"))

	w.Write("webhook-secrets", "new\n")
	requireBare(t, http.StatusOK, b.Deliver(body, "new"))
	requireBare(t, http.StatusUnauthorized, b.Deliver(body, "old"))

	// An empty file is a mistake on our side. It lets nobody in, and Jira tries again later.
	w.Write("webhook-secrets", "\n")
	requireBare(t, http.StatusServiceUnavailable, b.Deliver(body, "new"))
	requireBare(t, http.StatusServiceUnavailable, b.Deliver(body, "old"))
	require.Equal(t, http.StatusUnauthorized, b.Deliver(body, "").Code)
}

func TestW29_TokenOfJiraIsRotatedWithoutARestart(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	delete(w.Settings.Main(), "api_token")
	w.Settings.Main()["api_token_file"] = w.Write("token", jira.BotToken)
	b := w.Start()
	id, key := w.Opened()
	w.Quiet()
	require.NoError(t, w.Jira.UpdateUser(jira.BotEmail, func(u *jira.User) { u.Token = "renewed" }))
	early := w.Ask()
	w.Eventually("the fault", func() bool {
		class, ok := b.Unsettled("401")
		return ok && class == bridge.ClassTerminal
	})
	w.Write("token", "renewed\n")
	w.Opened()
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	// What failed meanwhile rests for some minutes; a restart does not wait for that.
	require.NoError(t, b.Stop())
	w.Start()
	w.Key(early)
	require.Len(t, w.Issues(early), 1)
}

func TestW29_CertificateOfTheListenerIsReplacedWithoutARestart(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	served := func() string {
		conn := dial(t, w, b)
		defer func() { require.NoError(t, conn.Close()) }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := served()
	w.Write("tls.crt", "rubbish")
	w.Eventually("the refusal of rubbish", func() bool { return b.Logs.Have("new certificate refused") })
	require.Equal(t, before, served())
	_, err := certs.WriteDevelopment(w.Path(""), []string{"localhost", "127.0.0.1"}, time.Hour, certs.Force())
	require.NoError(t, err)
	w.Eventually("the new certificate", func() bool { return served() != before })
}

func TestListenerSpeaksTLS12And13Only(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	transport, ok := w.Client.Transport.(*http.Transport)
	require.True(t, ok)
	for version, accepted := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		dialer := tls.Dialer{Config: &tls.Config{
			RootCAs: transport.TLSClientConfig.RootCAs, ServerName: "localhost", MinVersion: version, MaxVersion: version,
		}}
		conn, err := dialer.DialContext(t.Context(), "tcp", b.Server.Addr().String())
		require.Equal(t, accepted, err == nil, tls.VersionName(version))
		if err == nil {
			require.NoError(t, conn.Close())
		}
	}
}

func TestW14_EmptyWebhookSecretRefusesToStart(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	for name, webhook := range map[string]harness.Section{
		"no proof at all": {},
		"empty secret":    {"secrets": []string{""}},
		"one of two":      {"secrets": []string{harness.Secret, ""}},
		"no secrets":      {"secrets": []string{}},
		"empty file":      {"secrets_file": w.Write("empty", "\n")},
		"empty password":  {"basic": harness.Section{"user": "jira", "password": ""}},
		"empty header":    {"header": harness.Section{"name": "X-Secret", "values": []string{""}}},
		"secrets unset":   {"secrets": []string{"${ACCESSBRIDGE_TEST_UNSET}"}},
	} {
		w.Settings.Main()["webhook"] = webhook
		_, err := server.LoadConfig(w.WriteConfig())
		require.ErrorContains(t, err, "webhook", name)
		require.Regexp(t, `config-\d+\.yaml:\d+:\d+`, err.Error(), name)
	}
}
