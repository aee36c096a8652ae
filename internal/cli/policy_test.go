package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/policy/casebook"
)

// The examples that are shipped are right, every case of them.
func TestShippedPolicyExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/policy/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 5)
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"policy", "test", "../../examples/policy/*.yaml"}, &out, &errOut)
	require.Zero(t, code, "%s%s", &out, &errOut)
	require.Empty(t, errOut.String())
	require.NotContains(t, out.String(), "FAIL")
}

// The example on the page about policy tests can be read as it stands there, and its case has a result.
func TestTheExampleOfThePageAboutPolicyTestsIsSound(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-testing.md")
	require.NoError(t, err)
	for _, key := range keysOf(reflect.TypeFor[casebook.Book]()) {
		require.Regexp(t, `\b`+key+`\b`, string(page), "every key is explained")
	}
	var example string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[1], "cases:") {
			example = strings.Replace(block[1], "config: ../config.yaml", "config: config.yaml", 1)
		}
	}
	require.NotEmpty(t, example)
	dir := t.TempDir()
	config := strings.Join([]string{
		`teleport: {addr: "teleport.example.com:443", identity_file: identity}`, `server: {tls: {cert_file: c, key_file: k}}`, `integrations:`,
		`- {name: itsm, type: jira, config: {url: "https://j.example.com", user: b@example.com, api_token_file: x, project: P, mode: poll}}`,
		`- {name: pager, type: pagerduty, config: {api_token_file: x, from: b@example.com, service: S, mode: poll}}`,
		`routes: [{name: all, targets: [{integration: itsm}], approvers: {groups: [{integration: itsm, group: approvers}]}}]`,
	}, "\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cases.yaml"), []byte(example), 0o600))
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"policy", "test", filepath.Join(dir, "cases.yaml")}, &out, &errOut)
	require.Zero(t, code, "%s%s", &out, &errOut)
}

// keysOf lists the keys of a struct and of all structs in it.
func keysOf(of reflect.Type) (keys []string) {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for f := range of.Fields() {
		if key := f.Tag.Get("yaml"); key != "" {
			keys = append(append(keys, key), keysOf(f.Type)...)
		}
	}
	return keys
}
