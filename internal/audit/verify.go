package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// VerifyOptions say what is verified.
type VerifyOptions struct {
	// Expect are hashes kept elsewhere. A line has to have each of them.
	Expect []string
	// Collected is for lines taken from the standard output of one or several processes: each process has a chain of its own, and lines of
	// others may stand between.
	Collected bool
}

// Verify reads the files of one record, in the order of their chain whatever the order they are given in, and reports all that is
// wrong with them. The error is for files that cannot be read.
func Verify(paths []string, o VerifyOptions) (*Report, error) {
	v := newVerification(o)
	if !o.Collected {
		var err error
		if paths, err = inOrder(paths); err != nil {
			return nil, err
		}
	}
	for i, path := range paths {
		if err := v.open(path, i == len(paths)-1); err != nil {
			return nil, err
		}
	}
	return v.finish(), nil
}

// verification is one run of Verify.
type verification struct {
	report *Report
	expect map[string]bool
	check  checker
}

// checker follows chains.
type checker interface {
	// line takes each line of a file, end the end of the file.
	line(file string, number int, raw rawLine)
	end(file string, last bool)
	// chains is how many chains there were.
	chains() int
}

func newVerification(o VerifyOptions) *verification {
	v := &verification{report: &Report{Notes: []Finding{}, Faults: []Finding{}}, expect: map[string]bool{}}
	for _, hash := range o.Expect {
		v.expect[strings.ToLower(strings.TrimSpace(hash))] = true
	}
	if o.Collected {
		v.check = &collectedCheck{v: v, at: map[string]position{}}
	} else {
		v.check = &chainCheck{v: v, at: origin()}
	}
	return v
}

func (v *verification) open(path string, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return v.read(path, f, last)
}

// read verifies one file.
func (v *verification) read(name string, in io.Reader, last bool) error {
	v.report.Files = append(v.report.Files, name)
	lines := newLineReader(in)
	for number := 1; ; number++ {
		raw, err := lines.next()
		if errors.Is(err, io.EOF) {
			v.check.end(name, last)
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		v.check.line(name, number, raw)
	}
}

// take counts a line of the record.
func (v *verification) take(file string, number int, l Line) {
	if v.expect[l.Hash] {
		delete(v.expect, l.Hash)
		v.report.note(file, number, "this is line %d of the chain, which has the expected hash %s", l.Seq, l.Hash)
	}
	if l.Missed > 0 {
		v.report.note(file, number, "%d entries before this line could not be written; they are in the log of the bridge", l.Missed)
	}
	v.report.take(l)
}

func (v *verification) finish() *Report {
	r := v.report
	missing := make([]string, 0, len(v.expect))
	for hash := range v.expect {
		missing = append(missing, hash)
	}
	slices.Sort(missing)
	for _, hash := range missing {
		r.fault("", 0, "no line has the expected hash %s: lines are missing at the end, or it is of another record", hash)
	}
	if r.Chains = v.check.chains(); r.Chains > 1 {
		r.FirstSeq, r.LastSeq, r.Head = 0, 0, ""
	}
	r.OK = len(r.Faults) == 0
	return r
}

// inOrder sorts files by the number of their first line. A file without any comes last.
func inOrder(paths []string) ([]string, error) {
	if len(paths) < 2 {
		return paths, nil
	}
	first := map[string]uint64{}
	for _, path := range paths {
		seq, err := firstSeq(path)
		if err != nil {
			return nil, err
		}
		first[path] = seq - 1 // Without a line: the largest number.
	}
	sorted := slices.Clone(paths)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Or(cmp.Compare(first[a], first[b]), strings.Compare(a, b))
	})
	return sorted, nil
}

// firstSeq is the number of the first line in a file; zero when there is none.
func firstSeq(path string) (uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	lines := newLineReader(f)
	for {
		raw, err := lines.next()
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", path, err)
		}
		if l, err := raw.parse(); err == nil {
			return l.Seq, nil
		}
	}
}
