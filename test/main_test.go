// Package test holds the black-box tests of the whole bridge: real instances against simulators of Teleport and Jira, over real
// sockets. Each test names the promise (P) or the weakness of earlier plugins (W) that it guards.
package test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the tests wait side by side: most of their time is spent waiting for claims and pauses to run out.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
