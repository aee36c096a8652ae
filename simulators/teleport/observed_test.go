package teleport

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"
)

const (
	approved = types.RequestState_APPROVED
	denied   = types.RequestState_DENIED
	pending  = types.RequestState_PENDING
	promoted = types.RequestState_PROMOTED
)

// transcript is a world that writes down what it sees, in the form of
// testdata/observed.txt.
type transcript struct {
	*world
	lines []string
}

// did notes an action, its result and, if given, what was seen afterwards.
func (tr *transcript) did(what string, err error, after ...string) {
	tr.note(fmt.Sprintf("- %s => %s %s", what, outcome(err), strings.Join(after, " ")))
}

func (tr *transcript) note(line string) { tr.lines = append(tr.lines, line) }

// outcome names the kind of an error as a client sees it, and its message.
func outcome(err error) string {
	switch {
	case err == nil:
		return "OK"
	case trace.IsAccessDenied(err):
		return "AccessDenied " + err.Error()
	case trace.IsBadParameter(err):
		return "BadParameter " + err.Error()
	case trace.IsNotFound(err):
		return "NotFound " + err.Error()
	case trace.IsCompareFailed(err):
		return "CompareFailed " + err.Error()
	}
	return "other " + err.Error()
}

// TestObservedServer_EveryLine replays what was tried on a real Auth Server and
// wants the same answers and the same states, line by line.
func TestObservedServer_EveryLine(t *testing.T) {
	sections := map[string]func(*transcript){
		"":                                      sayPing,
		"reviews, default threshold (1/1)":      sayReviewsByOne,
		"reviews, threshold approve 2 / deny 1": sayReviewsByTwo,
		"who may review":                        sayWhoMayReview,
		"SetAccessRequestState":                 saySetState,
		"creation":                              sayCreation,
		"plugin data":                           sayPluginData,
		"concurrent reviews":                    sayConcurrentReviews,
		"watcher":                               sayWatcher,
		"lists":                                 sayLists,
		"roles through the API in this (OSS) build": sayRoles,
	}
	observed := readObserved(t)
	require.ElementsMatch(t, slices.Collect(maps.Keys(observed)), slices.Collect(maps.Keys(sections)))
	for name, play := range sections {
		t.Run(name, func(t *testing.T) {
			tr := &transcript{world: newWorld(t)}
			play(tr)
			for i := range tr.lines {
				tr.lines[i] = canonical(tr.lines[i])
			}
			require.Equal(t, observed[name], tr.lines)
		})
	}
}

var uuidText = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func canonical(line string) string {
	line = strings.ReplaceAll(line, "map[] {}", "map[]   {}")
	return strings.Join(strings.Fields(uuidText.ReplaceAllString(line, "ID")), " ")
}

func readObserved(t *testing.T) map[string][]string {
	content, err := os.ReadFile("testdata/observed.txt")
	require.NoError(t, err)
	sections, section := map[string][]string{}, ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "## "):
			section = strings.TrimPrefix(line, "## ")
		default:
			sections[section] = append(sections[section], canonical(line))
		}
	}
	return sections
}
