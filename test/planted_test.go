package test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/handlers"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/test/harness"
)

// mirror passes calls on to a vendor, or refuses them and repeats all it was sent: as gateways for debugging do.
type mirror struct {
	*httptest.Server
	refuse atomic.Int32
}

func newMirror(t *testing.T, w *harness.World, vendor string) *mirror {
	t.Helper()
	target, err := url.Parse(vendor)
	require.NoError(t, err)
	m := &mirror{}
	proxy := &httputil.ReverseProxy{Transport: w.Client.Transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	m.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		code := int(m.refuse.Load())
		if code == 0 {
			proxy.ServeHTTP(rw, r)
			return
		}
		given := r.Header.Get("Authorization")
		_, bare, _ := strings.Cut(given, " ")
		_, token, _ := strings.Cut(given, "token=")
		user, password, _ := r.BasicAuth()
		text := strings.Join([]string{
			"denied:", given, "or", bare, "or", token, "or", user + ":" + password, "or", "?token=" + url.QueryEscape(token+password), "or", password,
		}, " ")
		if code < http.StatusInternalServerError {
			rw.Header().Set("Content-Type", "application/json")
			text = fmt.Sprintf(`{"message":%q}`, text)
		}
		rw.WriteHeader(code)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(m.Close)
	return m
}

// plantedWorld is a world with an integration of every kind, each with a secret in every field, behind mirrors.
func plantedWorld(t *testing.T) (*harness.World, []*mirror) {
	t.Helper()
	const onprem = "onprem"
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {}, onprem: {Flavour: jira.DataCenter}}})
	require.NoError(t, w.Sites[harness.Main].UpdateUser(jira.BotEmail, func(u *jira.User) { u.Token = "planted-jira-api-token" }))
	require.NoError(t, w.Sites[onprem].UpdateUser(jira.BotName, func(u *jira.User) { u.Token = "planted-jira-bearer-token" }))
	main := w.Settings.Main()
	delete(main, "api_token")
	main["api_token_file"] = w.Write("jira-token", "planted-jira-api-token\n")
	main["webhook"] = harness.Section{
		"secrets_file": w.Write("webhook-secrets", "planted-jira-hook-one\nplanted-jira-hook-two\n"),
		"basic":        harness.Section{"user": "jira", "password": "planted-jira-basic-password"},
		"header":       harness.Section{"name": "X-Automation", "values": []string{"planted-jira-header-value"}},
	}
	w.Settings.Jira[onprem]["token"] = "planted-jira-bearer-token"

	pd, err := pagerduty.New(pagerduty.Options{Token: "planted-pagerduty-token"})
	require.NoError(t, err)
	og, err := opsgenie.New(opsgenie.Options{APIKey: "91a27ed0-0a9e-4e1e-8000-a91f00000001"})
	require.NoError(t, err)
	ops, err := jsm.New(jsm.Options{APIToken: "planted-jsm-api-token"})
	require.NoError(t, err)
	for _, vendor := range []interface {
		Start() error
		Close()
	}{pd, og, ops} {
		require.NoError(t, vendor.Start())
		t.Cleanup(vendor.Close)
	}
	mirrors := []*mirror{newMirror(t, w, pd.URL()), newMirror(t, w, og.URL()), newMirror(t, w, ops.URL())}
	add := func(name, kind string, settings harness.Section) {
		settings["search_lag"], settings["rate_limit"], settings["timeout"] = "1s", 0, "5s"
		w.Settings.Others = append(w.Settings.Others, harness.Section{"name": name, "type": kind, "config": settings})
	}
	add("pager", "pagerduty", harness.Section{
		"endpoint": mirrors[0].URL, "from": pagerduty.DefaultBotEmail, "service": pagerduty.DefaultService, "api_token": "planted-pagerduty-token",
		"webhook": harness.Section{"secrets": []string{"planted-pagerduty-hook-old", "planted-pagerduty-hook-new"}},
	})
	add("genie", "opsgenie", harness.Section{
		"endpoint": mirrors[1].URL, "api_key": "91a27ed0-0a9e-4e1e-8000-a91f00000001",
		"responders": harness.Section{"schedules": []string{opsgenie.DefaultSchedule}},
		"webhook":    harness.Section{"secrets": []string{"planted-opsgenie-hook"}},
	})
	add("service", "jsm", harness.Section{
		"site": mirrors[2].URL, "endpoint": mirrors[2].URL, "user": jsm.DefaultEmail, "api_token": "planted-jsm-api-token",
		"responders": harness.Section{"schedules": []string{jsm.DefaultSchedule}},
		"webhook":    harness.Section{"header": "X-Ops", "secrets": []string{"planted-jsm-hook"}},
	})
	for name, site := range w.Sites {
		m := newMirror(t, w, site.URL())
		w.Settings.Jira[name]["url"] = m.URL
		mirrors = append(mirrors, m)
	}
	w.Settings.Routes = []harness.Section{harness.Route("everything", nil, harness.Main, onprem, "pager", "genie", "service")}
	return w, mirrors
}

// deliverAll sends a webhook to every integration with each secret where each vendor puts it, right and wrong.
func deliverAll(b *harness.Bridge, secrets []string) {
	body := `{"event":{"id":"1","event_type":"incident.resolved"},"webhookEvent":"jira:issue_updated","action":"Close"}`
	for _, name := range []string{harness.Main, "onprem", "pager", "genie", "service"} {
		for _, secret := range secrets {
			for _, s := range []string{secret, secret + "x"} {
				for _, header := range []http.Header{
					{"X-Hub-Signature": {jira.Sign(s, []byte(body))}, "X-Request-Id": {"id"}},
					{"X-Pagerduty-Signature": {pagerduty.Sign([]byte(body), s)}},
					{"Authorization": {"Bearer " + s}},
					{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("jira:"+s))}},
					{"X-Automation": {s}, "X-Ops": {s}},
				} {
					b.Send(http.MethodPost, "/webhooks/"+name+"?token="+url.QueryEscape(s), strings.NewReader(body), header)
				}
			}
		}
	}
}

// faulty is an integration that panics with its settings in its hands.
type faulty struct {
	bridge.WebhookSource
	of  config.Integration
	cfg *config.Config
}

func (f faulty) Verify(bridge.Inbound) error {
	panic(fmt.Sprintf("%+v %#v %v %+v", f.of, f.of.Config, f.of.Config, f.cfg))
}

// panicked has handlers panic, which is logged.
func panicked(t *testing.T, b *harness.Bridge, cfg *config.Config) {
	t.Helper()
	for _, i := range cfg.Integrations {
		e := handlers.NewRouter(handlers.RouterOptions{Log: b.Logger()})
		(&handlers.Webhooks{Sources: map[string]bridge.WebhookSource{"x": faulty{of: i, cfg: cfg}}, Log: b.Logger()}).Register(e)
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/x", nil))
		require.Equal(t, http.StatusInternalServerError, answer.Code)
		require.Empty(t, answer.Body.String())
	}
	require.True(t, b.Logs.Have("handler panicked"))
}

// command runs the command line and returns all it prints. A command that finds faults ends with a status of its own.
func command(t *testing.T, args ...string) string {
	t.Helper()
	cmd := asCommand(t, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	require.NotEmpty(t, out)
	return string(out)
}

// asCommand is the command line of this very binary: see TestMain.
func asCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), commandEnv+"=1", "ACCESSBRIDGE_LOG_LEVEL=debug", "GOTRACEBACK=all")
	return cmd
}

// crashed is what an instance prints that is brought down with all its stacks.
func crashed(t *testing.T, w *harness.World) string {
	t.Helper()
	cmd := asCommand(t, "serve", "--config", w.WriteConfig())
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	require.NoError(t, cmd.Start())
	go func() { _ = writer.CloseWithError(cmd.Wait()) }()
	var out bytes.Buffer
	buffer, quit := make([]byte, 4096), false
	for {
		n, err := reader.Read(buffer)
		out.Write(buffer[:n])
		if !quit && strings.Contains(out.String(), "ready") {
			quit = true
			require.NoError(t, cmd.Process.Signal(syscall.SIGQUIT))
		}
		if err != nil {
			break
		}
	}
	require.Contains(t, out.String(), "goroutine ")
	return out.String()
}

func TestP7_NoSecretIsShownAnywhere(t *testing.T) {
	t.Parallel()
	w, mirrors := plantedWorld(t)
	b := w.Start()
	path := w.WriteConfig()
	cfg, err := server.LoadConfig(path)
	require.NoError(t, err)
	secrets := planted(t, cfg)
	require.GreaterOrEqual(t, len(secrets), 12)

	var shown []string
	look := func() {
		shown = append(shown, b.Admin("/status").Body, b.Admin("/metrics").Body, b.Admin("/readyz").Body)
	}
	open := func(id string) func() bool {
		return func() bool {
			for _, i := range cfg.Integrations {
				if w.LinkTo(id, i.Name).Phase != bridge.PhaseOpen {
					return false
				}
			}
			return true
		}
	}
	id := w.Ask()
	w.Eventually("an object at every vendor", open(id))
	deliverAll(b, secrets)
	look()
	for _, code := range []int32{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError} {
		for _, m := range mirrors {
			m.refuse.Store(code)
		}
		w.Ask()
		for _, i := range cfg.Integrations {
			w.Eventually("the fault at "+i.Name, func() bool {
				return b.Metric("accessbridge_vendor_calls_total", `integration="`+i.Name+`"`, fmt.Sprintf(`code="%d"`, code)) > 0
			})
		}
		w.Eventually("the fault to be shown", func() bool { return len(b.Status().Unsettled) > 0 })
		look()
		shown = append(shown, command(t, "check", "--config", path), command(t, "explain", "--config", path, id))
	}
	for _, m := range mirrors {
		m.refuse.Store(0)
	}
	w.Move("bob", w.Key(id), "Approved")
	require.Equal(t, http.StatusOK, b.Deliver(approval(t, w, w.Key(id)), "planted-jira-hook-two").Code)
	w.EventuallyState(id, "APPROVED")
	admin := b.Server.AdminAddr().String()
	shown = append(shown, command(t, "config", "show", "--config", path), command(t, "check", "--config", path), command(t, "explain", "--config", path, id),
		command(t, "status", "--json", "--admin", admin, "--config", path), command(t, "teleport-role", "--config", path), crashed(t, w))
	w.Write("webhook-secrets", "")
	deliverAll(b, secrets)
	panicked(t, b, cfg)
	look()
	shown = append(shown, command(t, "check", "--config", path))
	require.NoError(t, b.Stop())
	shown = append(shown, b.Logs.String())
	records, err := filepath.Glob(w.Path("audit-*.log*"))
	require.NoError(t, err)
	for _, record := range records {
		shown = append(shown, w.Read(filepath.Base(record)))
	}
	require.Contains(t, b.Logs.String(), `"level":"DEBUG"`)
	require.Contains(t, strings.Join(shown, ""), "denied:", "what vendors say is shown otherwise")

	for _, file := range []string{"identity", "tls.key"} {
		for line := range strings.Lines(w.Read(file)) {
			if len(line) > 40 && !strings.HasPrefix(line, "-----") {
				secrets = append(secrets, strings.TrimSpace(line))
			}
		}
	}
	for n, text := range shown {
		for _, secret := range secrets {
			for _, form := range forms(secret) {
				if at := strings.Index(text, form); at >= 0 {
					require.FailNow(t, "a secret shows", "%q in text %d: %s", form, n, text[max(0, at-200):min(len(text), at+len(form)+100)])
				}
			}
		}
		require.NotContains(t, text, "PRIVATE KEY")
	}
}
