package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// The outputs of a Journal.
const (
	OutputStdout = "stdout"
	OutputStderr = "stderr"
	OutputFile   = "file"
	// OutputBoth is stdout and the file, each with a chain of its own.
	OutputBoth = "both"
)

// patience is how long Record waits for an output. An entry that takes longer is in the log, and may still be written.
const patience = 5 * time.Second

var (
	errLate = errors.New("the output has not taken it in time, and may still do so")
	errFull = errors.New("the output has not taken earlier entries either")
	errShut = errors.New("the audit record is closed")
)

// Options are what a Journal is made of.
type Options struct {
	// Output is one of the outputs above.
	Output string
	// File is the file of the outputs file and both. It is appended to, and a process has it for itself.
	File string
	// MaxSize is how many bytes a file may have before the next one is begun; zero is no limit. Keep is how many earlier files are kept;
	// zero keeps all.
	MaxSize int64
	Keep    int
	// Instance names this process in each line.
	Instance string
	Log      *slog.Logger
	// Failed, if set, is called for each entry that an output did not take.
	Failed func(output string)
}

// Journal writes audit entries. It implements bridge.Journal.
type Journal struct {
	outputs []*writer
	log     *slog.Logger
	failed  func(output string)
}

// Open returns the journal for the configured output. A file that another process has open, or that cannot be written, is an error.
func Open(o Options) (*Journal, error) {
	var sinks []sink
	switch o.Output {
	case OutputStdout, OutputBoth:
		sinks = append(sinks, newStream(OutputStdout, os.Stdout, o))
	case OutputStderr:
		sinks = append(sinks, newStream(OutputStderr, os.Stderr, o))
	case OutputFile:
	default:
		return nil, fmt.Errorf("unknown audit output %q", o.Output)
	}
	if o.Output == OutputFile || o.Output == OutputBoth {
		f, err := openFile(o)
		if err != nil {
			return nil, fmt.Errorf("opening the audit file: %w", err)
		}
		sinks = append(sinks, f)
	}
	return newJournal(o, sinks...), nil
}

// New returns a journal on any writer, with a chain of its own.
func New(out io.Writer, o Options) *Journal { return newJournal(o, newStream("writer", out, o)) }

func newJournal(o Options, sinks ...sink) *Journal {
	j := &Journal{log: o.Log, failed: o.Failed}
	if j.failed == nil {
		j.failed = func(string) {}
	}
	for _, s := range sinks {
		j.outputs = append(j.outputs, startWriter(s))
	}
	return j
}

// Outputs names the outputs, as Options.Failed is given them.
func (j *Journal) Outputs() []string {
	names := make([]string, len(j.outputs))
	for i, w := range j.outputs {
		names[i] = w.sink.name()
	}
	return names
}

// Record writes one entry and returns when it is on the disk, but after some seconds in any case. An entry that an output does not take
// in that time goes to the log, whole.
func (j *Journal) Record(entry bridge.AuditEntry) {
	entry.Time = entry.Time.UTC()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	results := make([]<-chan error, len(j.outputs))
	for i, w := range j.outputs {
		results[i] = w.write(entry)
	}
	late := false
	for i, w := range j.outputs {
		if err := w.await(results[i], limit.C, &late); err != nil {
			j.failed(w.sink.name())
			j.rescue(entry, w.sink.name(), err)
		}
	}
}

// rescue puts an entry into the log.
func (j *Journal) rescue(entry bridge.AuditEntry, output string, cause error) {
	text, err := json.Marshal(entry)
	if err != nil {
		text = fmt.Appendf(nil, "%+v", entry)
	}
	j.log.Error("audit entry not written", "request_id", entry.RequestID, "output", output, "error", cause, "entry", string(text))
}

// Close writes what is waiting, brings it to the disk, and tells the head of each chain to the log.
func (j *Journal) Close() error {
	var faults []error
	for _, w := range j.outputs {
		faults = append(faults, w.close())
	}
	return errors.Join(faults...)
}
