package cli

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the binary available to the scripts under its own name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"accessbridge": func() { os.Exit(Main()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			shipped, err := os.ReadFile("../../config.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(env.WorkDir+"/shipped.yaml", shipped, 0o600)
		},
	})
}
