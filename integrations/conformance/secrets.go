package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func secretTrials() []trial {
	return []trial{
		{"secrets/used", secretsUsed},
		{"secrets/errors-and-logs", secretsInErrorsAndLogs},
		{"secrets/findings", secretsInFindings},
		{"secrets/config-dump", secretsInConfigDump},
	}
}

// holds reports whether a text holds any of the secrets.
func holds(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(s string) bool { return s != "" && strings.Contains(text, s) })
}

// planted are all secrets that must not show, with the forms in which they went over the wire.
func (s Suite) planted(b *bed) []string {
	all := append(slices.Clone(s.Secrets), oldHook, newHook)
	for _, c := range b.wire.seen() {
		for _, words := range c.header {
			for word := range strings.FieldsSeq(strings.Join(words, " ")) {
				if holds(strings.Join(credentials(http.Header{"X": {word}}), " "), s.Secrets) {
					all = append(all, word)
				}
			}
		}
	}
	return all
}

func (s Suite) requireNone(t testing.TB, b *bed, where, text string) {
	t.Helper()
	for _, secret := range s.planted(b) {
		if strings.Contains(text, secret) {
			// Neither is printed: the log of the test may be public.
			require.Fail(t, "a secret shows", "one of %d letters, in %s", len(secret), where)
		}
	}
}

// The other cases would prove nothing with a secret that the integration does not have.
func secretsUsed(t testing.TB, s Suite) {
	b := s.lay(t)
	_, err := b.it.Open(t.Context(), marker(1), draft(1))
	require.NoError(t, err)
	b.it.Check(t.Context())
	for _, secret := range s.Secrets {
		require.True(t, slices.ContainsFunc(b.wire.seen(), func(c call) bool {
			return holds(strings.Join(credentials(c.header), " "), []string{secret})
		}), "Secrets names one of %d letters that never went over the wire", len(secret))
	}
}

// Some vendors, and more proxies, repeat the call in the answer that refuses it.
func secretsInErrorsAndLogs(t testing.TB, s Suite) {
	for _, code := range []int{400, 401, 403, 404, 409, 429, 500, 503} {
		s.each(t, func(op operation, b *bed, ref bridge.Ref) {
			b.wire.breaks(fault{writes: op.writes, status: code, echo: true})
			err := op.must(t, b, ref)
			s.requireNone(t, b, fmt.Sprintf("the error of %s after %d", op.name, code), fmt.Sprintf("%v %+v %#v", err, err, err))
			s.requireNone(t, b, fmt.Sprintf("the log of %s after %d", op.name, code), b.log.String())
		})
	}
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{writes: op.writes, reset: true})
		err := op.must(t, b, ref)
		s.requireNone(t, b, "the error of "+op.name+" after a reset", fmt.Sprintf("%v %+v %#v", err, err, err))
		s.requireNone(t, b, "the log of "+op.name+" after a reset", b.log.String())
	})
}

func secretsInFindings(t testing.TB, s Suite) {
	for _, code := range []int{401, 403, 500} {
		b := s.lay(t)
		b.wire.breaks(fault{status: code, echo: true})
		for _, f := range b.it.Check(t.Context()) {
			s.requireNone(t, b, fmt.Sprintf("a finding after %d", code), f.What+f.Mend)
		}
		s.requireNone(t, b, fmt.Sprintf("the log of a check after %d", code), b.log.String())
	}
}

func secretsInConfigDump(t testing.TB, s Suite) {
	b := s.lay(t)
	c := &config.Config{Integrations: []config.Integration{{Name: b.it.Name(), Config: b.settings}}}
	dump, err := config.Dump(c)
	require.NoError(t, err)
	require.Contains(t, string(dump), b.wire.address(), "the dump holds the settings")
	asYAML, err := yaml.Marshal(b.settings)
	require.NoError(t, err)
	asJSON, err := json.Marshal(b.settings)
	require.NoError(t, err)
	for where, text := range map[string]string{
		"the configuration's dump": string(dump),
		"YAML":                     string(asYAML),
		"JSON":                     string(asJSON),
		"the settings":             fmt.Sprintf("%v %+v %#v %s", b.settings, b.settings, b.settings, b.settings),
		"the integration itself":   fmt.Sprintf("%v %+v", b.it, b.it),
	} {
		s.requireNone(t, b, where, text)
	}
}
