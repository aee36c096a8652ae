// Package test holds the black-box tests of the whole bridge: real instances against simulators of Teleport and Jira, over real
// sockets. Each test names the promise (P) or the weakness of earlier plugins (W) that it guards.
package test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/accessbridge/accessbridge/internal/cli"
)

// commandEnv makes the test binary the command line.
const commandEnv = "ACCESSBRIDGE_TEST_COMMAND"

// TestMain lets the tests wait side by side: most of their time is spent waiting for claims and pauses to run out.
func TestMain(m *testing.M) {
	if os.Getenv(commandEnv) != "" {
		os.Exit(cli.Main())
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
