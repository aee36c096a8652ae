package mutants

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Code changes, and a fault that is planted nowhere catches nothing: every entry has to fit, and what comes of it has to be Go.
func TestFaultsFitTheCode(t *testing.T) {
	names, promises := map[string]bool{}, map[string]int{}
	for _, m := range mutants() {
		require.False(t, names[m.name], "two faults are called %q", m.name)
		names[m.name] = true
		promises[m.promise]++
		require.NotEmpty(t, m.why, m.name)
		require.NotEmpty(t, m.edits, m.name)
		files, err := m.plant(root)
		if err != nil {
			t.Error(err)
			continue
		}
		for name, text := range files {
			_, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
			require.NoError(t, err, "what the fault %q makes of %s is not Go", m.name, name)
		}
	}
	require.GreaterOrEqual(t, len(names), 14)
	for _, promise := range []string{"P1", "P2", "P3", "P4", "P5", "P6"} {
		require.NotZero(t, promises[promise], "no fault breaks %s", promise)
	}
}

// A fault that does not fit is named, and nothing is planted at another place instead.
func TestUnfitFaultIsNamed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte("x := 1\nx := 1\n"), 0o600))
	for _, e := range []edit{
		{"a.go", "x := 1", "x := 2"},
		{"a.go", "y := 1", "y := 2"},
		{"b.go", "x := 1", "x := 2"},
	} {
		_, err := mutant{name: "wrong-number", edits: []edit{e}}.plant(dir)
		require.ErrorContains(t, err, `the fault "wrong-number" does not fit the code any more`)
	}
	files, err := mutant{edits: []edit{{"a.go", "x := 1\nx", "x := 2\nx"}, {"a.go", "\nx := 1", "\nx := 3"}}}.plant(dir)
	require.NoError(t, err)
	require.Equal(t, "x := 2\nx := 3\n", files["a.go"])
}
