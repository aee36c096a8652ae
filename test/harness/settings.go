package harness

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

// Section is a part of the configuration file.
type Section map[string]any

// Settings are the configuration file of the instances to be started, section by section.
type Settings struct {
	Teleport, Server Section
	// Jira are the settings of the integrations, by name.
	Jira map[string]Section
	// Routes are one route to all integrations unless they are replaced.
	Routes []Section
	// Others are further integrations, whole. Top are further keys of the file, or others in the place of those above.
	Others []Section
	Top    Section
}

// Main are the settings of the integration named Main.
func (s *Settings) Main() Section { return s.Jira[Main] }

func (w *World) defaults(setup Setup) *Settings {
	s := &Settings{
		Teleport: Section{"addr": w.Teleport.Addr(), "identity_file": w.Path("identity")},
		Server:   Section{"tls": Section{"cert_file": w.Path("tls.crt"), "key_file": w.Path("tls.key")}},
		Jira:     map[string]Section{},
	}
	for name, site := range w.Sites {
		account := Section{
			"url": site.URL(), "ca_file": w.Path("ca.crt"), "project": Project,
			"search_lag": "1s", "apply_within": "1s", "timeout": "1m", "rate_limit": 0,
			"statuses": Section{"promoted": []string{"Promoted"}},
			"webhook":  Section{"secrets": []string{Secret}},
		}
		if setup.Jira[name].Flavour == jira.DataCenter {
			account["flavour"], account["token"] = "datacenter", jira.BotToken
		} else {
			account["user"], account["api_token"] = jira.BotEmail, jira.BotToken
		}
		s.Jira[name] = account
	}
	s.Routes = []Section{{"name": "everything", "targets": targets(w.names()...)}}
	return s
}

func targets(names ...string) []Section {
	var list []Section
	for _, name := range names {
		list = append(list, Section{"integration": name})
	}
	return list
}

// Route is a route to the named integrations, with further settings.
func Route(name string, more Section, integrations ...string) Section {
	route := Section{"name": name, "targets": targets(integrations...)}
	maps.Copy(route, more)
	return route
}

// write writes the configuration file of the n-th instance and returns its path.
func (w *World) write(n int) string {
	w.T.Helper()
	s := w.Settings
	public := Section{"listen": "127.0.0.1:0"}
	maps.Copy(public, s.Server)
	var accounts []Section
	for _, name := range slices.Sorted(maps.Keys(s.Jira)) {
		accounts = append(accounts, Section{"name": name, "type": "jira", "config": s.Jira[name]})
	}
	accounts = append(accounts, s.Others...)
	file := Section{
		"teleport": s.Teleport, "server": public, "admin": Section{"listen": "127.0.0.1:0"}, "integrations": accounts, "routes": s.Routes,
		"audit": Section{"output": "file", "file": w.auditFile(n)},
	}
	maps.Copy(file, s.Top)
	text, err := yaml.Marshal(file)
	require.NoError(w.T, err)
	return w.Write("config-"+strconv.Itoa(n)+".yaml", string(text))
}

func (w *World) auditFile(n int) string { return filepath.Join(w.dir, "audit-"+strconv.Itoa(n)+".log") }

// WriteConfig writes the configuration file as it stands and returns its path, for tests of loading it.
func (w *World) WriteConfig() string {
	w.T.Helper()
	return w.write(w.next())
}
