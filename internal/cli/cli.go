// Package cli holds the commands of the accessbridge binary, as structs that kong fills.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker in releases.
var version = ""

// Exit codes beside 0.
const (
	exitFault = 1
	exitUsage = 2
)

// What ends a command whose output already tells what is wrong.
var (
	errReported = errors.New("reported")
	// errUnusable is for input that cannot be used at all.
	errUnusable = errors.New("unusable input")
)

// commands is the whole command line.
type commands struct {
	Serve        serveCommand    `cmd:"" help:"Run the bridge."`
	Demo         demoCommand     `cmd:"" help:"Run the bridge against simulators of Teleport and all vendors, on this machine only."`
	Check        checkCommand    `cmd:"" help:"Check the configuration, and ask Teleport and every vendor whether it will work."`
	Status       statusCommand   `cmd:"" help:"Show the state of the running bridge."`
	Explain      explainCommand  `cmd:"" help:"Show what the bridge knows about a request and would do next."`
	Config       configCommand   `cmd:"" help:"Work with the configuration file."`
	Preview      previewCommand  `cmd:"" help:"Show every text that would be written about a request by a route; nothing but files is read."`
	Policy       policyCommand   `cmd:"" help:"Work with the routing policy."`
	Audit        auditCommand    `cmd:"" help:"Work with the audit record."`
	Certs        certsCommand    `cmd:"" help:"Work with certificates."`
	Webhooks     webhooksCommand `cmd:"" help:"Work with webhooks at the vendors."`
	TeleportRole roleCommand     `cmd:"" name:"teleport-role" help:"Print the Teleport role and user the bridge needs for this configuration."`
	Version      versionCommand  `cmd:"" help:"Print the version."`
	Health       healthCommand   `cmd:"" hidden:"" help:"Ask the running bridge whether it is alive; for container health checks."`

	LogLevel  slog.Level `help:"Least level to log: debug, info, warn or error." default:"info" env:"ACCESSBRIDGE_LOG_LEVEL"`
	LogFormat string     `help:"Format of the log." enum:"json,text" default:"json" env:"ACCESSBRIDGE_LOG_FORMAT"`
}

// world is what commands are given: where to write, how to log, when to stop.
type world struct {
	ctx    context.Context //nolint:containedctx // Commands are run by kong, which passes values and no context.
	out    io.Writer
	errOut io.Writer
	log    *slog.Logger
}

// Main runs the command line and returns the exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("accessbridge"), kong.UsageOnError(), kong.Writers(out, errOut),
		kong.Description("accessbridge bridges Teleport Access Requests with the tools people already use, both ways."),
		kong.Exit(func(code int) { exit = code }))
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "accessbridge:", err)
		return exitUsage
	}
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "accessbridge:", err)
		return exitUsage
	}
	w := &world{ctx: ctx, out: out, errOut: errOut, log: logger(errOut, c.LogLevel, c.LogFormat)}
	switch err := command.Run(w); {
	case err == nil:
		return 0
	case errors.Is(err, errUnusable):
		return exitUsage
	case !errors.Is(err, errReported):
		_, _ = fmt.Fprintln(errOut, "accessbridge:", err)
	}
	return exitFault
}

func logger(out io.Writer, level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}

// printf writes to the standard output. A reader that has gone away is no fault of the command.
func (w *world) printf(format string, args ...any) { _, _ = fmt.Fprintf(w.out, format, args...) }

// Version is the version of this build: the linker's, or the module's.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
