// Command bench measures accessbridge against the bare sequence of calls that cannot be avoided, and against limits on calls, memory and
// starting time. The bridge is the real binary in a process of its own; Teleport and the vendors are the simulators, in this process. See
// docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

const (
	// runWithin bounds the whole run, stepWithin each thing that is waited for.
	runWithin  = 15 * time.Minute
	stepWithin = time.Minute
	// gcPercent makes the simulators, which run in this process, collect garbage less often, for bridge and floor alike.
	gcPercent = 400
)

// Exit codes beside 0.
const (
	exitNotOK = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	only, json, bridge string
	lag                time.Duration
}

func parse(args []string, errOut io.Writer) (flags, []spec, error) {
	var f flags
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(errOut)
	set.StringVar(&f.only, "only", "", "run only the rows whose names begin with this `prefix`")
	set.StringVar(&f.json, "json", "", "also write the rows to this `file`")
	set.StringVar(&f.bridge, "bridge", "", "measure this `binary` instead of building ./cmd/accessbridge")
	set.DurationVar(&f.lag, "lag", 0, "how `long` the products with alerts take to carry out what they have accepted")
	if err := set.Parse(args); err != nil {
		return f, nil, err
	}
	if set.NArg() > 0 {
		return f, nil, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	wanted := selected(specs(), f.only)
	if len(wanted) == 0 {
		return f, nil, fmt.Errorf("no row begins with %q", f.only)
	}
	return f, wanted, nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	f, wanted, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "bench:", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, runWithin)
	defer cancel()
	debug.SetGCPercent(gcPercent)
	r := &rig{binary: f.bridge, only: f.only, lag: f.lag, progress: errOut}
	measured, err := r.measure(ctx, parts(), wanted)
	rows := evaluate(wanted, measured)
	err = errors.Join(err, printTable(out, rows), r.printDetails(out), writeJSON(f.json, rows))
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "bench:", err)
		return exitNotOK
	}
	if !allOK(rows) {
		return exitNotOK
	}
	return 0
}

func writeJSON(path string, rows []row) (err error) {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the rows: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return printJSON(file, rows)
}

// part measures some rows, with a Teleport, a vendor and a bridge of its own.
type part struct {
	rows []string
	run  func(context.Context, *rig) (figures, error)
}

// wants reports whether one of the part's rows is wanted.
func (p part) wants(wanted []spec) bool {
	return slices.ContainsFunc(wanted, func(s spec) bool { return slices.Contains(p.rows, s.name) })
}

func parts() []part {
	list := []part{
		{[]string{"start.ms_to_ready", "rss.idle_mb"}, measureStart},
		{[]string{"open.idle.p50_ratio"}, measureOpenIdle},
		{[]string{"open.burst.total_ratio", "open.burst.missing", "open.burst.doubled", "open.vendor_calls", "open.teleport_calls"}, measureOpenBurst},
		{[]string{"decide.webhook.p50_ratio", "webhook.answer.p50_ms"}, measureDecideIdle},
		{[]string{
			"decide.burst.total_ratio", "decide.burst.undecided", "decide.vendor_calls", "decide.teleport_calls", "cpu.ms_per_request",
		}, measureDecideBurst},
	}
	for _, v := range onCallVendors() {
		list = append(list, onCallPart(v))
	}
	list = append(list, part{[]string{"resync.vendor_calls", "resync.seconds_to_ready", "rss.open5000_mb"}, measureResync})
	list = append(list, loadParts()...)
	return append(list, guaranteesPart())
}

// rig is what all parts share.
type rig struct {
	binary   string
	only     string // what the names of the wanted rows begin with
	lag      time.Duration
	dir      string
	progress io.Writer
	details  []string
}

// measure runs the parts that are needed for the wanted rows, one after the other. A part that fails leaves its rows unmeasured.
func (r *rig) measure(ctx context.Context, all []part, wanted []spec) (measured figures, err error) {
	if r.dir, err = os.MkdirTemp("", "accessbridge-bench-*"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if err := r.build(ctx); err != nil {
		return nil, err
	}
	measured = figures{}
	for _, p := range all {
		if !p.wants(wanted) || ctx.Err() != nil {
			continue
		}
		r.say("measuring %s", p.rows[0])
		values, failed := p.run(ctx, r)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("measuring %s: %w", p.rows[0], failed))
		}
		maps.Copy(measured, values)
	}
	return measured, errors.Join(err, ctx.Err())
}

// build makes the bridge from this module, unless a binary was given.
func (r *rig) build(ctx context.Context) error {
	if r.binary != "" {
		return nil
	}
	r.say("building the bridge")
	var err error
	r.binary, err = r.compile(ctx, "cmd/accessbridge")
	return err
}

// compile makes a program of this module, as it is delivered, in the folder of the run.
func (r *rig) compile(ctx context.Context, folder string) (string, error) {
	binary := filepath.Join(r.dir, filepath.Base(folder))
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", binary, "github.com/accessbridge/accessbridge/"+folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return binary, nil
}

func (r *rig) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, "bench: "+format+"\n", args...)
}

// detail keeps a line to be printed below the table.
func (r *rig) detail(name, format string, args ...any) {
	r.details = append(r.details, name+": "+fmt.Sprintf(format, args...))
}

func (r *rig) printDetails(out io.Writer) error {
	for _, line := range r.details {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}
