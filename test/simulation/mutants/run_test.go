package mutants

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	plantAll = flag.Bool("mutants", false, "plant the faults and play histories until each is caught")
	seeds    = flag.Int("seeds", 400, "how many histories to play at most with each fault")
	first    = flag.Int("first", 1, "the seed of the first history")
	only     = flag.String("only", "", "plant these faults alone, separated by commas")
)

// caught is what became of one fault.
type caught struct {
	mutant
	// histories is how many were played, seed that of the last, which caught it; zero when none did. Broken is the promise that was seen to be
	// broken, what says how.
	histories    int
	seed         int
	broken, what string
	took         time.Duration
}

// Each fault is caught by one of the first histories, and without a fault all the histories pass that were needed for that.
func TestMutants(t *testing.T) {
	if !*plantAll {
		t.Skip("run by: make mutants")
	}
	faults := chosen(t)
	results := make([]caught, len(faults))
	t.Run("faults", func(t *testing.T) {
		for i, m := range faults {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				results[i] = m.play(t, *seeds)
				tell(results[i])
				require.NotZero(t, results[i].seed, "not caught by %d histories: %s", *seeds, m.why)
			})
		}
	})
	needed := 1
	for _, c := range results {
		needed = max(needed, c.histories)
	}
	sound := mutant{name: "no fault"}.play(t, needed)
	tell(sound)
	table(append(results, sound))
	require.Zero(t, sound.seed, "without any fault a promise is broken, so nothing can be said of the faults: %s: %s", sound.broken, sound.what)
}

// chosen are the faults to plant.
func chosen(t *testing.T) []mutant {
	t.Helper()
	if *only == "" {
		return mutants()
	}
	var list []mutant
	for name := range strings.SplitSeq(*only, ",") {
		n := slices.IndexFunc(mutants(), func(m mutant) bool { return m.name == name })
		require.GreaterOrEqual(t, n, 0, "no fault is called %q", name)
		list = append(list, mutants()[n])
	}
	return list
}

// play compiles the simulation with the fault and plays histories until one breaks a promise, most at most.
func (m mutant) play(t *testing.T, most int) caught {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "simulation.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", m.overlay(t), "-o", binary, "./test/simulation")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "compiling %s:\n%s", m.name, out)
	return m.tried(t, binary, most)
}

var brokenPromise = regexp.MustCompile(`(?m)^seed (\d+) broke ([^:\n]+): (.*)$`)

// tried plays the histories.
func (m mutant) tried(t *testing.T, binary string, most int) caught {
	t.Helper()
	run := exec.CommandContext(t.Context(), binary, "-test.run", "^TestHistories$", "-test.timeout", "2h", "-noshrink", "-seeds", strconv.Itoa(most), "-first", strconv.Itoa(*first))
	run.Dir = filepath.Join(root, "test", "simulation")
	begun := time.Now()
	out, err := run.CombinedOutput()
	c := caught{mutant: m, histories: most, took: time.Since(begun)}
	if err == nil {
		return c
	}
	found := brokenPromise.FindSubmatch(out)
	require.NotNil(t, found, "%s: the histories ended without saying which promise is broken: %v\n%s", m.name, err, out)
	c.seed, err = strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	c.histories = c.seed - *first + 1
	c.broken, c.what = string(found[2]), string(found[3])
	return c
}

// after is how many histories it took.
func (c caught) after() string {
	if c.seed == 0 {
		return fmt.Sprintf("not by %d", c.histories)
	}
	return strconv.Itoa(c.histories)
}

// tell says at once what became of a fault, because the others may take long.
func tell(c caught) {
	_, _ = fmt.Fprintf(os.Stdout, "%s: %s in %s %s: %s\n", c.name, c.after(), c.took.Round(time.Second), c.broken, c.what)
}

// table is everything at the end.
func table(results []caught) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	_, _ = fmt.Fprintf(w, "\nfault\tbreaks\tcaught after\tby\ttook\n")
	for _, c := range results {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.name, c.promise, c.after(), c.broken, c.took.Round(time.Second))
	}
}
