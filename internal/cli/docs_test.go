package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// pages returns the text of every page of the project, by its path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	}))
	require.Contains(t, found, filepath.Join(root, "README.md"))
	return found
}

// anchor is the name by which a link reaches a heading.
func anchor(heading string) string {
	words := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(words, " ", "-")
}

func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := pages(t)
	anchors := map[string]map[string]bool{}
	for path, text := range all {
		anchors[path] = map[string]bool{"": true}
		for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
			anchors[path][anchor(heading[1])] = true
		}
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	seen := 0
	for path, text := range all {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, part, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") {
				continue
			}
			seen++
			target = filepath.Join(filepath.Dir(path), target)
			if found[1][0] == '#' {
				target = path
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", path, found[1])
			require.True(t, anchors[target][part] || part == "", "%s links to %s: there is no such heading", path, found[1])
		}
	}
	require.Greater(t, seen, 50)
}

// Every command that a page shows is there, with each of its flags.
func TestCommandsOfThePagesExist(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Name("accessbridge"))
	require.NoError(t, err)
	shown := regexp.MustCompile("(?m)(?:`|^[ $]*|\\| )(?:go run \\./cmd/)?accessbridge ([a-z][^`|#\n]*)")
	seen := 0
	for path, text := range pages(t) {
		for _, found := range shown.FindAllStringSubmatch(text, -1) {
			requireCommand(t, path, parser.Model.Node, strings.Fields(found[1]))
			seen++
		}
	}
	require.Greater(t, seen, 50)
}

func requireCommand(t *testing.T, path string, node *kong.Node, words []string) {
	t.Helper()
	flags := map[string]bool{"help": true}
	take := func() {
		for _, f := range node.Flags {
			flags[f.Name] = true
			flags[string(f.Short)] = true
		}
	}
	take()
	for _, word := range words {
		if name := strings.TrimLeft(word, "-"); name != word {
			name, _, _ = strings.Cut(name, "=")
			require.True(t, flags[name], "%s: %s has no flag %s", path, node.FullPath(), word)
			continue
		}
		if len(node.Children) == 0 {
			continue
		}
		var next *kong.Node
		for _, child := range node.Children {
			if child.Name == word {
				next = child
			}
		}
		require.NotNil(t, next, "%s: there is no command %q", path, strings.Join(words, " "))
		node = next
		take()
	}
}

func TestTargetsOfThePagesAreInTheMakefile(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	require.NoError(t, err)
	shown := regexp.MustCompile("`make ([a-z]+)[ `]")
	seen := 0
	for path, text := range pages(t) {
		for _, found := range shown.FindAllStringSubmatch(text, -1) {
			require.True(t, regexp.MustCompile(`(?m)^`+found[1]+`:`).Match(makefile), "%s: there is no make %s", path, found[1])
			seen++
		}
	}
	require.Greater(t, seen, 5)
}
