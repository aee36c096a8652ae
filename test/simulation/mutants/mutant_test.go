package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutant is the bridge with one deliberate fault.
type mutant struct {
	name string
	// promise is the one that the fault breaks, why says how.
	promise, why string
	edits        []edit
}

// edit replaces a text in a file of the bridge, named from the project's root.
type edit struct {
	file, old, planted string
}

// root is the project's root, seen from here.
const root = "../../.."

// mutants are all faults.
func mutants() []mutant {
	return slices.Concat(creating(), deciding(), ending(), hearing())
}

// plant returns the files that the fault changes, by their names from the project's root.
func (m mutant) plant(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range m.edits {
		text, begun := files[e.file]
		if !begun {
			raw, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				return nil, m.unfit("%w", err)
			}
			text = string(raw)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, m.unfit("%s holds this text %d times instead of once:\n%s", e.file, n, e.old)
		}
		files[e.file] = strings.Replace(text, e.old, e.planted, 1)
	}
	return files, nil
}

func (m mutant) unfit(format string, args ...any) error {
	return fmt.Errorf("the fault %q does not fit the code any more, mend its entry in test/simulation/mutants: %w", m.name, fmt.Errorf(format, args...))
}

// overlay writes the changed files into a temporary folder, and beside them what `go build -overlay` wants to know.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	files, err := m.plant(root)
	require.NoError(t, err)
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range files {
		original, err := filepath.Abs(filepath.Join(root, name))
		require.NoError(t, err)
		replace[original] = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		require.NoError(t, os.WriteFile(replace[original], []byte(text), 0o600))
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	list := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(list, raw, 0o600))
	return list
}
