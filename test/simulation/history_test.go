package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// history is all that happens in one simulated course of events, besides what the bridge does.
type history struct {
	Seed  uint64
	Setup setup
	Steps []step
}

// chaos is how long things happen and go wrong. Afterwards nothing goes wrong any more, and all instances run.
const chaos = 12 * time.Minute

// kind is what a step does.
type kind string

// The kinds of steps.
const (
	// stepAsk makes Who ask for the role Text, which needs N approvals, and waits For at most.
	stepAsk kind = "ask"
	// stepReview makes Who review a request in Teleport; Text is approve or deny.
	stepReview kind = "review"
	// stepWithdraw removes a request, stepPromote makes it a membership of an Access List.
	stepWithdraw kind = "withdraw"
	stepPromote  kind = "promote"
	// stepAct makes Who do something, Text, at a request's object at the vendor Where.
	stepAct kind = "act"
	// stepForge sends the newest webhook of the vendor Where again: replayed as it was, or forged, with a proof that is wrong (Text).
	stepForge kind = "forge"
	// stepDuty puts Who on call at the vendor Where, For some time.
	stepDuty kind = "duty"
	// stepFault lets N percent of the calls to Where go wrong in the way Text, For some time.
	stepFault kind = "fault"
	// stepHooks lets N percent of the webhooks of Where go wrong in the way Text, For some time.
	stepHooks kind = "hooks"
	// stepCrash ends the instance N just before or just after (Text) its effect number Count from now on; it is started again after For.
	stepCrash kind = "crash"
	// stepStop ends the instance N in order; it is started again after For.
	stepStop kind = "stop"
	// stepTeleport stops Teleport For some time, or cuts its connections or watches: Text.
	stepTeleport kind = "teleport"
	// stepClock sets the clock of Where off by For.
	stepClock kind = "clock"
)

// step is one thing that happens. What its kind does not need is zero.
type step struct {
	// ID stays the same when other steps are dropped, so that the chances of this one do.
	ID      int
	At      time.Duration
	Kind    kind
	Request int
	Where   string
	Who     string
	Text    string
	N       int
	Count   int
	For     time.Duration
}

// String is the step on one line.
func (s step) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%10s %-8s", s.At.Round(time.Millisecond), s.Kind)
	switch s.Kind {
	case stepAsk, stepReview, stepWithdraw, stepPromote, stepAct:
		fmt.Fprintf(&out, " r%d", s.Request)
	case stepForge, stepDuty, stepFault, stepHooks, stepCrash, stepStop, stepTeleport, stepClock:
	}
	for _, text := range []string{s.Where, s.Who, s.Text} {
		if text != "" {
			out.WriteString(" " + text)
		}
	}
	switch s.Kind {
	case stepAsk:
		fmt.Fprintf(&out, " (%d approvals, waits %s)", s.N, s.For.Round(time.Second))
	case stepFault, stepHooks:
		fmt.Fprintf(&out, " %d%% for %s", s.N, s.For.Round(time.Second))
	case stepCrash:
		fmt.Fprintf(&out, " i%d at effect %d, down for %s", s.N, s.Count, s.For.Round(time.Second))
	case stepStop:
		fmt.Fprintf(&out, " i%d, down for %s", s.N, s.For.Round(time.Second))
	case stepDuty, stepTeleport, stepClock:
		fmt.Fprintf(&out, " %s", s.For.Round(time.Second))
	case stepReview, stepWithdraw, stepPromote, stepAct, stepForge:
	}
	return out.String()
}

// String is the history, one line for each step.
func (h history) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "seed %d: %s\n", h.Seed, h.Setup)
	for _, s := range h.Steps {
		fmt.Fprintf(&out, "%s\n", s)
	}
	return out.String()
}

// only is the history with nothing but some of its steps.
func (h history) only(kept map[int]bool) history {
	h.Steps = slices.DeleteFunc(slices.Clone(h.Steps), func(s step) bool { return !kept[s.ID] })
	return h
}
