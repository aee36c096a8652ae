package demo

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// settle is how long something that must not happen is given to happen.
const settle = 500 * time.Millisecond

// scenario is one story with its expected end.
type scenario struct {
	name, expected string
	// play returns what was seen, in the words of expected.
	play func(ctx context.Context) (string, error)
}

// scenarios are all of them, in the order in which they are played.
func (w *world) scenarios() []scenario {
	return slices.Concat(w.jiraScenarios(), w.pagerDutyScenarios(), w.opsgenieScenarios(), w.jsmScenarios())
}

// phase is how far a link has come, as Teleport's plugin data says.
func (w *world) phase(id, target string) string {
	var link struct {
		Phase string `json:"phase"`
	}
	if err := json.Unmarshal([]byte(w.teleport.PluginData(id)["accessbridge"]["link/"+target]), &link); err != nil {
		return ""
	}
	return link.Phase
}

func (w *world) state(id string) string {
	r, ok := w.teleport.Request(id)
	if !ok {
		return "GONE"
	}
	return r.GetState().String()
}

func (w *world) waitState(ctx context.Context, id, state string) error {
	return wait(ctx, "the request to be "+state, func() bool { return w.state(id) == state })
}
