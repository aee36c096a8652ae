package simulation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
)

var errDead = errors.New("this instance has crashed")

// instance is one life of one process. Once it is dead nothing it does has an effect.
type instance struct {
	w *world
	// n is its place, name tells it from earlier lives in the same place.
	n      int
	name   string
	server *server.Server
	public *exchange
	// to holds its connections to Teleport, from those of the webhooks to it.
	to, from lines
	client   *http.Client
	stop     context.CancelFunc
	ended    chan struct{}
	err      error

	mu      sync.Mutex
	dead    bool
	effects int
	crashes []crash
	// pause is how long the place stays empty after this life.
	pause time.Duration
}

// crash is planned: just before or just after an effect.
type crash struct {
	effect int
	after  bool
}

// start begins a life.
func (w *world) start(n int) error {
	i := &instance{w: w, n: n, name: w.nextName(n), public: newExchange(), ended: make(chan struct{})}
	i.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return i.from.dial(ctx, i.public.Listener) },
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	cfg, err := server.LoadConfig(w.config)
	if err != nil {
		return fmt.Errorf("the configuration: %w", err)
	}
	ctx, stop := context.WithCancel(w.ctx)
	i.stop = stop
	if i.server, err = server.New(ctx, cfg, server.Options{Version: "simulated", Log: w.log.logger(i.name), Journal: i, Outside: i.outside()}); err != nil {
		stop()
		return fmt.Errorf("starting an instance: %w", err)
	}
	w.note("%s starts", i.name)
	w.setInstance(n, i)
	go func() {
		defer close(i.ended)
		i.err = i.server.Run(ctx)
		i.to.close()
		i.from.close()
		i.client.CloseIdleConnections()
	}()
	go i.keep()
	return nil
}

// outside is everything that the instance meets.
func (i *instance) outside() server.Outside {
	return server.Outside{
		Instance: i.name,
		Listen:   i.listen,
		TLS:      i.w.certificate.Clone(),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if err := wait(ctx, i.w.chance.between(time.Millisecond, 20*time.Millisecond, i.w.chance.now(i.name+"/dial"))); err != nil {
				return nil, err
			}
			return i.to.dial(ctx, i.w.teleportLine())
		},
		GRPC: []grpc.DialOption{
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, MaxDelay: 2 * time.Second},
				MinConnectTimeout: 10 * time.Second,
			}),
			grpc.WithChainUnaryInterceptor(i.unary), grpc.WithChainStreamInterceptor(i.stream),
		},
		Vendor: func(integration string) http.RoundTripper {
			return &wire{i: i, vendor: integration, to: i.w.sites[integration]}
		},
		Jitter: i.jitter,
	}
}

// jitter spreads a pause. Two pauses of different length do not depend on which of them is asked for first.
func (i *instance) jitter(what string, d time.Duration) time.Duration {
	share := i.w.chance.number(i.w.chance.now(fmt.Sprint(i.name, what, d))) % 4000
	return time.Duration(float64(d) * (0.8 + float64(share)/10000))
}

// listen gives the first listener, which takes webhooks, a name; the other one nobody knows.
func (i *instance) listen(_ context.Context, _, address string) (net.Listener, error) {
	if address == ":8443" {
		return i.public, nil
	}
	return newExchange(), nil
}

// Record keeps what the instance audits, as long as it lives.
func (i *instance) Record(e bridge.AuditEntry) {
	if i.isDead() {
		return
	}
	i.w.audited(i.name, e)
}

// before is called before each effect. It returns what to call after it; both fail when the instance is dead.
func (i *instance) before(ctx context.Context, key string) (after func() error, err error) {
	// Effects begin one after another, so that it is certain which of them is the last before a crash.
	if err := wait(ctx, i.w.chance.between(time.Microsecond, time.Millisecond, key+"/begin")); err != nil {
		return nil, err
	}
	i.mu.Lock()
	if i.dead {
		i.mu.Unlock()
		return nil, errDead
	}
	i.effects++
	number := i.effects
	now, later := i.due(number, false), i.due(number, true)
	i.mu.Unlock()
	if now {
		i.kill(fmt.Sprintf("before effect %d", number))
		return nil, errDead
	}
	return func() error {
		if later {
			i.kill(fmt.Sprintf("after effect %d", number))
		}
		if i.isDead() {
			return errDead
		}
		return nil
	}, nil
}

// due reports whether a crash is planned; the lock is held.
func (i *instance) due(number int, after bool) bool {
	for _, c := range i.crashes {
		if c.effect == number && c.after == after {
			return true
		}
	}
	return false
}

// crashAt plans a crash at an effect that is still to come.
func (i *instance) crashAt(count int, after bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.crashes = append(i.crashes, crash{effect: i.effects + count, after: after})
}

// spare drops all planned crashes.
func (i *instance) spare() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.crashes = nil
}

// kill ends the life at once: nothing reaches the outside any more.
func (i *instance) kill(when string) {
	i.mu.Lock()
	was := i.dead
	i.dead = true
	i.mu.Unlock()
	if was {
		return
	}
	i.w.note("%s crashes %s", i.name, when)
	i.to.close()
	i.from.close()
	i.stop()
}

func (i *instance) isDead() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.dead
}

// over reports whether the life has ended in any way.
func (i *instance) over() bool {
	select {
	case <-i.ended:
		return true
	default:
		return i.isDead()
	}
}
