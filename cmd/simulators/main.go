// Command simulators runs the simulators of Teleport and Jira, and on demand those of PagerDuty, Opsgenie and Jira Service
// Management operations, alone and on this machine only, with an HTTP API to steer them and a ready configuration for a bridge
// that runs against them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command; it ends when the context does, and returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var f flags
	exit := -1
	parser, err := kong.New(&f, kong.Name("simulators"), kong.Writers(out, errOut), kong.Exit(func(code int) { exit = code }),
		kong.Description("Run the simulators of Teleport, Jira and, on demand, further vendors, and an HTTP API to steer them."))
	if err == nil {
		_, err = parser.Parse(args)
	}
	if exit >= 0 {
		return exit // the help was asked for
	}
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "simulators:", err)
		return 2
	}
	if err := f.serve(ctx, out); err != nil {
		_, _ = fmt.Fprintln(errOut, "simulators:", err)
		return 1
	}
	return 0
}
