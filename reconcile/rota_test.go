package reconcile

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// turn is one shift of the rota.
type turn struct {
	who         bridge.Actor
	service     string
	level       int
	from, until time.Time
}

// puts gives somebody a turn that begins after a while.
func (v *vendor) puts(who bridge.Actor, level int, after, lasts time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	from := time.Now().Add(after)
	v.rota = append(v.rota, turn{who: who, service: "Production", level: level, from: from, until: from.Add(lasts)})
}

// OnCall returns the turns that are running now. Levels are filtered here, as a vendor's integration does.
func (p *port) OnCall(ctx context.Context, q bridge.OnCallQuery) (shifts []bridge.Shift, err error) {
	err = p.call(ctx, "oncall", "", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		now := time.Now()
		for _, t := range p.rota {
			named := slices.ContainsFunc(q.Services, func(s string) bool { return strings.EqualFold(s, t.service) })
			if named && (q.Levels == 0 || t.level <= q.Levels) && !now.Before(t.from) && now.Before(t.until) {
				shifts = append(shifts, bridge.Shift{Person: t.who, Via: "Primary", Level: t.level, Until: t.until})
			}
		}
		return nil
	})
	return shifts, err
}

// onCallRule approves those who are called first for the pager's service.
var onCallRule = policy.OnCall{Integration: "pager", Query: bridge.OnCallQuery{Services: []string{"production"}, Levels: 1}}

// staffed is a world with a tracker, and a pager that knows who is on call; nobody is, yet. The changes are made to the route.
func staffed(t *testing.T, changes ...func(*policy.Route)) (w *world, jira, pager *vendor) {
	jira, pager = newVendor("jira"), newVendor("pager")
	pager.rota = []turn{}
	w = newWorld(t, jira, pager)
	w.route = func(r *policy.Route) {
		r.OnCall = []policy.OnCall{onCallRule}
		for _, change := range changes {
			change(r)
		}
	}
	return w, jira, pager
}

// fails lets calls of one kind run into a fault.
func (v *vendor) fails(op string, f func(ctx context.Context) fault) {
	v.fault = func(ctx context.Context, called, _ string) fault {
		if called == op {
			return f(ctx)
		}
		return fault{}
	}
}

// hang keeps a call waiting until its caller gives up.
func hang(ctx context.Context) fault {
	<-ctx.Done()
	return fault{before: ctx.Err()}
}

// memory counts what an instance remembers of requests.
func (i *instance) memory() int {
	e := i.engine
	e.judge.mu.Lock()
	n := len(e.judge.files) + len(e.judge.duties) + len(e.judge.unanswered)
	e.judge.mu.Unlock()
	for _, m := range e.mirrors {
		m.mu.Lock()
		n += len(m.due) + len(m.late) + len(m.created) + len(m.doubts) + len(m.unclosed) + len(m.unusedClaims) + len(m.witnessed) + len(m.endings) + len(m.rerouted)
		m.mu.Unlock()
	}
	return n
}
