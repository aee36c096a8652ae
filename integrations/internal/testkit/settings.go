package testkit

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/stretchr/testify/require"
)

// Parse reads the settings of an integration of a type, and of a route's target, as the configuration file has them. Files they name
// may be absent.
func Parse[S, T any](t testing.TB, typ string, kind config.Kind, settings, target string) (*S, *T, error) {
	t.Helper()
	indent := func(text, by string) string { return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) }
	identity := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, os.WriteFile(identity, []byte("x"), 0o600))
	file := "teleport: {addr: 'tele.example.com:443', identity_file: '" + identity + "'}\n" +
		"server: {listen: '127.0.0.1:8443', tls: {cert_file: c.pem, key_file: k.pem}}\n" +
		"integrations:\n  - name: one\n    type: " + typ + "\n    config:\n" + indent(settings, "      ") +
		"\nroutes:\n  - name: all\n    targets:\n      - integration: one\n" + indent(target, "        ") + "\n"
	c, err := config.Parse("config.yaml", []byte(file), map[string]config.Kind{typ: kind}, config.Offline())
	if err != nil {
		return nil, nil, err
	}
	s, ok := any(c.Integrations[0].Config).(*S)
	require.True(t, ok, "settings are %T", c.Integrations[0].Config)
	of, _ := c.Routes[0].Targets[0].Settings.(*T)
	return s, of, nil
}

// Guide checks that a guide names every key of some settings, and that each key describes itself. It returns the guide's text.
func Guide(t testing.TB, file string, settings ...any) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, of := range settings {
		guided(t, string(raw), reflect.TypeOf(of))
	}
	return string(raw)
}

func guided(t testing.TB, guide string, kind reflect.Type) {
	t.Helper()
	for field := range kind.Fields() {
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "inline" {
			guided(t, guide, field.Type)
			continue
		}
		require.NotEmpty(t, key, field.Name)
		require.NotEmpty(t, field.Tag.Get("jsonschema_description"), key)
		require.Contains(t, guide, key, "%s.%s", kind.Name(), key)
	}
}

// Faults are the findings that are not fine, one on each line; each must come with its mend.
func Faults(t testing.TB, list []bridge.Finding) string {
	t.Helper()
	var out []string
	for _, f := range list {
		require.NotEmpty(t, f.What)
		if !f.OK {
			require.NotEmpty(t, f.Mend, f.What)
			out = append(out, f.What+" => "+f.Mend)
		}
	}
	return strings.Join(out, "\n")
}

// Findings is the text of all findings, one on each line.
func Findings(list []bridge.Finding) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString(f.What + " " + f.Mend + "\n")
	}
	return b.String()
}
