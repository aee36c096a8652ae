package simulation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"google.golang.org/grpc/test/bufconn"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// world is everything that a history is played with.
type world struct {
	history
	// ctx lasts as long as the history, troubled until nothing goes wrong any more.
	ctx, troubled context.Context
	end, healed   context.CancelFunc

	chance      *chance
	faults      *faults
	hooks       *faults
	log         *record
	register    *register
	teleport    *teleport.Server
	sites       map[string]site
	certificate *tls.Config
	config      string

	mu       sync.Mutex
	exchange *exchange
	// instances are the newest lives in each place, former are all.
	instances, former []*instance
	clocks            map[string]time.Duration
	settings          []setting
	calls             []call
	audits            []audited
	requests          []*request
	deeds             []done
	shifts            []shift
	lives             map[int]int
	// reviewed is when the bridge reviewed a request, resolved how a request was decided.
	reviewed map[string]time.Duration
	resolved map[string]types.RequestState
	wrong    []string
}

// call is one effect of an instance, or one reading.
type call struct {
	at       time.Duration
	instance string
	where    string
	method   string
}

// writes reports whether the call may have changed something.
func (c call) writes() bool {
	if c.where == teleportName {
		return teleportWrites(c.method)
	}
	return c.method != http.MethodGet
}

// setting is the setting of a clock.
type setting struct {
	at    time.Duration
	where string
	off   time.Duration
}

// audited is an entry of the audit record.
type audited struct {
	at       time.Duration
	instance string
	bridge.AuditEntry
}

// newWorld makes everything but the instances.
func newWorld(t *testing.T, h history, keepLogs bool) (*world, error) {
	w := &world{
		history: h, lives: map[int]int{}, reviewed: map[string]time.Duration{}, resolved: map[string]types.RequestState{}, chance: newChance(h.Seed), register: newRegister(), sites: map[string]site{},
		log: &record{begun: time.Now(), keepLogs: keepLogs}, clocks: map[string]time.Duration{}, instances: make([]*instance, h.Setup.Instances),
	}
	w.ctx, w.end = context.WithCancel(context.WithoutCancel(t.Context()))
	w.troubled, w.healed = context.WithCancel(w.ctx)
	w.faults, w.hooks = &faults{chance: w.chance}, &faults{chance: w.chance}
	var err error
	if w.certificate, err = certificate(); err != nil {
		return nil, err
	}
	b := builder{setup: h.Setup, hooks: w.balancer, clock: w.clock, register: w.register}
	for _, name := range h.Setup.Vendors {
		if w.sites[name], err = b.site(name); err != nil {
			return nil, err
		}
	}
	return w, w.startTeleport(t.TempDir())
}

func (w *world) startTeleport(dir string) error {
	var err error
	w.teleport, err = teleport.New(teleport.Options{
		ClusterName: "simulated.example.com", Listener: w.listenTeleport, Clock: w.clock(teleportName), ExpiryEvents: w.Seed%2 == 0,
		IDs: newIDs(w.Seed + 1),
	})
	if err != nil {
		return err
	}
	w.teleport.AddUser(teleport.PluginUser(bridgeUser))
	for _, who := range []string{alice, bob, carol, dave, admin} {
		w.teleport.AddUser(teleport.User{Name: address(who), RequestableRoles: []string{"*"}, ReviewRoles: []string{"*"}})
	}
	w.teleport.OnChange(w.changed)
	if err := w.teleport.Start(); err != nil {
		return err
	}
	identity := filepath.Join(dir, "identity")
	if err := w.teleport.WriteIdentity(identity, bridgeUser, 30*24*time.Hour); err != nil {
		return err
	}
	text, err := w.Setup.settings(identity)
	if err != nil {
		return err
	}
	w.config = filepath.Join(dir, "config.yaml")
	return os.WriteFile(w.config, text, 0o600)
}

// changed notes when the bridge reviews a request, and how requests are decided.
func (w *world) changed(r types.AccessRequest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !r.GetState().IsPending() {
		w.resolved[r.GetName()] = r.GetState()
	}
	for _, review := range r.GetReviews() {
		if review.Author == bridgeUser && w.reviewed[r.GetName()] == 0 {
			w.reviewed[r.GetName()] = w.now()
		}
	}
}

// reviewedAt is when the bridge reviewed a request, zero when it did not; resolvedAs is how the request was decided, if it was.
func (w *world) reviewedAt(r *request) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reviewed[r.id]
}

func (w *world) resolvedAs(r *request) types.RequestState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.resolved[r.id]
}

func (w *world) listenTeleport(string) (net.Listener, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exchange = newExchange()
	return w.exchange, nil
}

func (w *world) teleportLine() *bufconn.Listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.exchange.Listener
}

// clock is the clock of a vendor or of Teleport, which may be wrong.
func (w *world) clock(where string) func() time.Time {
	return func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return time.Now().Add(w.clocks[where])
	}
}

func (w *world) setClock(where string, off time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clocks[where] = off
	w.settings = append(w.settings, setting{w.now(), where, off})
}

// now is how far the history has come.
func (w *world) now() time.Duration { return time.Since(w.log.begun) }

func (w *world) note(format string, args ...any) {
	w.log.add(false, w.chance.plain(fmt.Sprintf(format, args...)))
}

func (w *world) called(i *instance, where, method, text string) {
	w.note("%s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call{w.now(), i.name, where, method})
}

func (w *world) audited(instance string, e bridge.AuditEntry) {
	w.note("%s audits %s %s %s %s", instance, e.RequestID, e.Verdict, e.Outcome, e.Code)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.audits = append(w.audits, audited{w.now(), instance, e})
}

// broken notes that a promise is broken. The first one counts most.
func (w *world) broken(promise, format string, args ...any) {
	text := w.chance.plain(promise + ": " + fmt.Sprintf(format, args...))
	w.note("BROKEN %s", text)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, text)
}

// nextName names the next life in a place.
func (w *world) nextName(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lives[n]++
	return fmt.Sprintf("i%d.%d", n, w.lives[n])
}

func (w *world) setInstance(n int, i *instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.instances[n] = i
	w.former = append(w.former, i)
}

// living are the instances that run.
func (w *world) living() []*instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*instance
	for _, i := range w.instances {
		if i != nil && !i.over() {
			out = append(out, i)
		}
	}
	return out
}

// close ends everything, so that nothing of the history is left.
func (w *world) close() error {
	var faults []error
	w.end()
	for _, i := range w.former {
		i.stop()
		<-i.ended
		if !i.isDead() {
			faults = append(faults, i.err)
		}
	}
	for _, s := range w.sites {
		s.Close()
	}
	w.teleport.Close()
	return errors.Join(faults...)
}
