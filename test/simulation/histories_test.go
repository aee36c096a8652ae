package simulation

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	seeds    = flag.Int("seeds", usually, "how many histories TestHistories plays")
	first    = flag.Uint64("first", 1, "the seed of the first history")
	only     = flag.Uint64("seed", 0, "the seed of a single history, which is told in full with -v")
	keep     = flag.String("keep", "", "the numbers of the steps to keep of the history of -seed, separated by commas; all when empty")
	fewer    = flag.Int("instances", 0, "play the history of -seed with fewer instances")
	plain    = flag.Bool("plain", false, "tell only what happened, not what the instances log, so that two runs can be compared")
	twice    = flag.Bool("twice", false, "play each history twice, and fail when the second is another")
	goOn     = flag.Bool("all", false, "go on after a history that fails, which is then told as it is")
	noShrink = flag.Bool("noshrink", false, "tell a history that fails as it is, without looking for a shorter one")
)

// Whatever people do, whatever goes wrong and whichever instance dies: in the end every promise holds, and some hold at any time.
func TestHistories(t *testing.T) {
	if *only != 0 {
		single(t, chosen(t))
		return
	}
	began, calls := time.Now(), 0
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		h := generate(seed)
		start := time.Now()
		r := run(t, h, false)
		calls += r.calls
		if testing.Verbose() {
			t.Logf("seed %d: %d steps, %d calls, %s, digest %s", seed, len(h.Steps), r.calls, time.Since(start).Round(time.Millisecond), r.digest)
		}
		if *twice {
			same(t, h, r, run(t, h, false))
		}
		if len(r.wrong) > 0 {
			tell(t, h, r)
			if !*goOn {
				return
			}
		}
	}
	t.Logf("%d histories with %d calls in %s", *seeds, calls, time.Since(began).Round(time.Millisecond))
}

// single plays one history and tells everything.
func single(t *testing.T, h history) {
	t.Helper()
	r := run(t, h, !*plain)
	if *plain {
		t.Log(strings.Join(r.log.text(), "\n"))
	} else {
		t.Logf("%s\n%s", h, r.log)
	}
	if len(r.wrong) > 0 {
		accuse(h, r)
		t.Fail()
	}
}

// chosen is the history that the flags choose.
func chosen(t *testing.T) history {
	t.Helper()
	h := generate(*only)
	if *fewer > 0 {
		h.Setup.Instances = min(*fewer, h.Setup.Instances)
	}
	if *keep == "" {
		return h
	}
	kept := map[int]bool{}
	for text := range strings.SplitSeq(*keep, ",") {
		id, err := strconv.Atoi(text)
		require.NoError(t, err, "-keep")
		kept[id] = true
	}
	return h.only(kept)
}

// accuse says on one line what is wrong.
func accuse(h history, r result) {
	_, _ = fmt.Fprintf(os.Stdout, "seed %d broke %s\n", h.Seed, strings.ReplaceAll(r.wrong[0], "\n", " "))
}

// tell says what is wrong, and the shortest history in which it is.
func tell(t *testing.T, h history, r result) {
	t.Helper()
	accuse(h, r)
	t.Fail()
	if *noShrink || *goOn {
		return
	}
	short, tries := shrink(h, promiseOf(r), func(h history) string { return promiseOf(run(t, h, false)) })
	t.Logf("all that is wrong:\n%s", strings.Join(r.wrong, "\n"))
	t.Logf("the shortest history found in %d tries:\n%s\nplay it by\n%s", tries, short, short.command())
}

// promiseOf is the first promise that was broken, empty when none was.
func promiseOf(r result) string {
	if len(r.wrong) == 0 {
		return ""
	}
	promise, _, _ := strings.Cut(r.wrong[0], ":")
	return promise
}

// command plays the history again.
func (h history) command() string {
	var ids []string
	for _, s := range h.Steps {
		ids = append(ids, strconv.Itoa(s.ID))
	}
	return fmt.Sprintf("go test ./test/simulation -run '^TestHistories$' -seed %d -instances %d -keep %s -v", h.Seed, h.Setup.Instances, strings.Join(ids, ","))
}
