package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// A template with a fault is found when the file is loaded, with its place in the file.
func TestFaultsOfTextsHaveTheirPlace(t *testing.T) {
	_, err := config.Parse("config.yaml", []byte(`
teleport: {addr: "a:443", identity_file: i}
server: {tls: {cert_file: c, key_file: k}}
integrations: [{name: itsm, type: jira, config: {url: "https://j.example.com", token: x, flavour: datacenter, project: P, mode: poll}}]
texts:
  expird: x
  refusal: |
    No,
    {{.Whi}}
  denied: "{{if"
routes:
  - name: all
    targets: [{integration: itsm}]
    texts: {late: "{{if .Late}}{{else}}{{.Nope}}{{end}}x", approved: "fine", reason: " "}
`), shippedKinds(), config.Offline())
	var mistakes config.Error
	require.ErrorAs(t, err, &mistakes)
	var got []string
	for _, m := range mistakes {
		got = append(got, m.String())
	}
	require.Equal(t, []string{
		"config.yaml:6:11: texts.expird: there is no such text (did you mean expired?)",
		"config.yaml:9:7: texts.refusal: <.Whi>: can't evaluate field Whi in type text.Refusal (see docs/texts.md)",
		"config.yaml:10:12: texts.denied: unclosed action (see docs/texts.md)",
		"config.yaml:14:42: routes[0].texts.late: <.Nope>: can't evaluate field Nope in type text.Change (see docs/texts.md)",
		"config.yaml:14:86: routes[0].texts.reason: the template writes nothing (see docs/texts.md)",
	}, got)
}
