package teleport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// pluginName is the name of our part of a request's plugin data.
	pluginName = "accessbridge"
	// linkPrefix begins the key of each link; the rest, whatever it holds, is the name of the target.
	linkPrefix = "link/"
	// officialPlugin is the name under which Teleport's own Jira plugin keeps its record; issue_id and issue_key name its issue.
	officialPlugin = "jira"
	// unreadableOwner is the owner of a record that this version cannot decode.
	unreadableOwner = "unreadable record"
	// unreadableFor is how long such a record is reported as held, each time somebody looks.
	unreadableFor = 10 * time.Minute
)

// record is what plugin data says about one request.
type record struct {
	// busy holds a value during every call about this request, so that an older answer never overwrites a newer one.
	busy chan struct{}

	// The store's lock guards the rest.
	links    map[string]stored
	official bridge.Ref
	// learnt is the number of the last answer about this request alone.
	learnt uint64
	// stale is true after a write whose outcome is unknown: it is read again before the next write.
	stale bool
}

func newRecord() *record { return &record{busy: make(chan struct{}, 1)} }

// hold waits until no other call about this request is under way, and returns what ends the own one.
func (r *record) hold(ctx context.Context) (release func(), err error) {
	select {
	case r.busy <- struct{}{}:
		return func() { <-r.busy }, nil
	case <-ctx.Done():
		return nil, bridge.Unsent(fmt.Errorf("waiting for another call about the request: %w", ctx.Err()))
	}
}

// stored is one link with the text it was decoded from. The text is what a compare-and-swap expects, so that fields of newer
// versions do no harm.
type stored struct {
	raw  string
	link bridge.Link
	bad  error
}

func decode(raw string) stored {
	s := stored{raw: raw}
	if err := json.Unmarshal([]byte(raw), &s.link); err != nil {
		s.bad = fmt.Errorf("decode the link: %w", err)
		return s
	}
	switch s.link.Phase {
	case bridge.PhaseClaimed, bridge.PhaseOpen, bridge.PhaseFailed, bridge.PhaseClosed:
	case bridge.PhaseNone:
		s.bad = errors.New("decode the link: it has no phase")
	default:
		s.bad = fmt.Errorf("decode the link: unknown phase %q", s.link.Phase)
	}
	return s
}

// encode returns the text to store; empty, which deletes the key, for a link that was never begun.
func encode(l bridge.Link) (string, error) {
	if l.Phase == bridge.PhaseNone {
		return "", nil
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("encode the link: %w", err)
	}
	return string(raw), nil
}

// view returns the link as others may see it. One that cannot be decoded looks as if somebody else held it.
func (s stored) view(now time.Time) bridge.Link {
	if s.bad != nil {
		return bridge.Link{Phase: bridge.PhaseClaimed}.Leased(unreadableOwner, now.Add(unreadableFor))
	}
	return s.link
}

// is reports whether the link is the one given. Their JSON decides, which knows neither clocks nor time zones.
func (s stored) is(l bridge.Link) bool {
	mine, err := encode(s.link)
	if err != nil {
		return false
	}
	other, err := encode(l)
	return err == nil && mine == other
}

// parse takes the links and the official plugin's record out of a request's plugin data.
func parse(data types.PluginData) (links map[string]stored, official bridge.Ref) {
	entries := data.Entries()
	links = map[string]stored{}
	if own := entries[pluginName]; own != nil {
		for key, raw := range own.Data {
			if target, ok := strings.CutPrefix(key, linkPrefix); ok {
				links[target] = decode(raw)
			}
		}
	}
	if theirs := entries[officialPlugin]; theirs != nil {
		official = bridge.Ref{ID: theirs.Data["issue_id"], Key: theirs.Data["issue_key"]}
	}
	return links, official
}
