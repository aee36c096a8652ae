package server

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

// The page about texts names every text, every field and every function, and its examples can be used as they stand there.
func TestThePageAboutTextsIsWholeAndSound(t *testing.T) {
	t.Parallel()
	read, err := os.ReadFile(filepath.Join("..", "docs", "texts.md"))
	require.NoError(t, err)
	page := string(read)
	for _, name := range text.Names() {
		require.Contains(t, page, "`"+name+"`")
	}
	builtin := []string{"html", "js", "print", "printf", "println", "urlquery"}
	for name := range text.Funcs() {
		if !strings.Contains(strings.Join(builtin, " "), name) {
			require.Regexp(t, "`"+name+" [A-Z]", page)
		}
	}
	for _, view := range []any{
		bridge.Request{}, bridge.Resource{}, bridge.Review{}, bridge.Threshold{}, bridge.Evidence{}, text.Review{}, text.Refusal{}, text.Failure{}, text.Change{}, text.Closing{}, text.Reason{},
	} {
		for f := range reflect.TypeOf(view).Fields() {
			require.Contains(t, page, "."+f.Name+"`", "%T", view)
		}
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1)
	require.Len(t, blocks, 2)
	dir := folder(t)
	path := write(t, dir, blocks[0][1])
	cfg, err := LoadConfig(path)
	require.NoError(t, err)
	require.Len(t, cfg.Texts, 2)
	require.NotEmpty(t, cfg.Routes[0].Texts["reason"])
}

// The texts of the configuration are those that are written.
func TestConfiguredTextsAreCompiled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cfg, err := LoadConfig(write(t, dir, "texts: {expired: Too late.}\nroutes: [{name: r, targets: [{integration: itsm}], texts: {denied: \"No, {{.Request.User}}.\"}}]\n"))
	require.NoError(t, err)
	set, err := compileTexts(cfg, nil)
	require.NoError(t, err)
	require.Equal(t, "Too late.", set.Render(nil, text.Closing{Ending: bridge.EndExpired}))
	of := func() string { return "r" }
	require.Equal(t, "No, alice.", set.Render(of, text.Closing{Ending: bridge.EndDenied, Request: bridge.Request{User: "alice"}}))
	cfg.Texts["expired"] = "{{"
	_, err = compileTexts(cfg, nil)
	require.ErrorContains(t, err, "text expired: line 1")
}
