package server

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every example on the page about decisions can be used as it stands there.
func TestExamplesOfDecisionsAreSound(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "decisions.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.GreaterOrEqual(t, len(blocks), 7)
	for _, b := range blocks {
		routes := b[1]
		if !strings.Contains(routes, "- name:") {
			routes = "  - name: example\n" + routes
		}
		if !strings.Contains(routes, "targets:") {
			routes += "    targets: [{integration: itsm}, {integration: security}]\n"
		}
		if !strings.Contains(routes, "on_call:") {
			routes += "    on_call: [{integration: pager, schedules: [primary]}]\n"
		}
		dir := folder(t)
		path := write(t, dir, "routes:\n"+routes)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = LoadConfig(path)
		if err == nil {
			continue
		}
		// The only faults are integrations that the file of this test does not have.
		for line := range strings.SplitSeq(err.Error(), "\n") {
			require.Regexp(t, `there is no integration "(pager|security)"`, line, "%s", text)
		}
	}
}
