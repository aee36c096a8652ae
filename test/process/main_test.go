// Package process tests the real binary: it is built once, runs in processes of its own, and is killed, drained, cut off and watched while
// simulators of Teleport and Jira, in the process of the test, keep count. Each test names the promise (P) or the weakness of earlier
// plugins (W) that it guards.
package process

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	// The binary is made of it, so results of these tests that Go has kept are out of date when it changes.
	_ "github.com/accessbridge/accessbridge/internal/cli"
)

// binaryVariable names the environment variable with the path of the binary. Who sets it has another one tested than the one built here.
const binaryVariable = "ACCESSBRIDGE_TEST_BINARY"

// TestMain builds the binary. The tests wait side by side, most of the time for claims of killed processes to run out.
func TestMain(m *testing.M) {
	flag.Parse()
	must(flag.Set("test.parallel", strconv.Itoa(16/slowdown)))
	dir, err := os.MkdirTemp("", "accessbridge-process")
	must(err)
	if os.Getenv(binaryVariable) == "" {
		path := filepath.Join(dir, "accessbridge")
		must(build(path))
		must(os.Setenv(binaryVariable, path))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// build makes the binary, with the race detector when the tests have it.
func build(path string) error {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-o", path}
	if raceDetector {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "github.com/accessbridge/accessbridge/cmd/accessbridge")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the binary: %w\n%s", err, out)
	}
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
