package teleport

import (
	"context"
	"maps"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gravitational/teleport/api/metadata"
	"github.com/gravitational/teleport/api/utils/grpc/interceptors"
	"google.golang.org/grpc"
	grpcmetadata "google.golang.org/grpc/metadata"
)

// Fault is a disturbance of RPCs. Its parts happen in the order delay, hang, error;
// a fault without any of them only counts.
type Fault struct {
	// Method is the RPC's short name, such as "UpdatePluginData", or "*" for all.
	Method string
	// Err is answered; use an error of package trace to choose its kind.
	Err error
	// AfterEffect lets the RPC do its work first, so that the caller cannot know.
	AfterEffect bool
	// Delay is waited.
	Delay time.Duration
	// Hang gives no answer until the caller gives up, the fault is cancelled or the
	// server stops.
	Hang bool
	// Count is how many calls are disturbed before the fault is over; 0 means all
	// until it is cancelled.
	Count int
	// Every disturbs each so-manieth call only; 0 and 1 mean each.
	Every int
}

type activeFault struct {
	Fault
	seen, fired int
	cancelled   chan struct{}
}

// faultSet holds the faults under way.
type faultSet struct {
	some   atomic.Bool // spares undisturbed calls the lock
	mu     sync.Mutex
	active map[*activeFault]struct{}
}

// Inject adds a fault and returns what ends it; ending it twice is harmless.
func (s *Server) Inject(f Fault) (cancel func()) {
	a := &activeFault{Fault: f, cancelled: make(chan struct{})}
	set := &s.faults
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.active == nil {
		set.active = map[*activeFault]struct{}{}
	}
	set.active[a] = struct{}{}
	set.some.Store(true)
	return sync.OnceFunc(func() {
		set.mu.Lock()
		defer set.mu.Unlock()
		set.remove(a)
		close(a.cancelled)
	})
}

func (set *faultSet) remove(a *activeFault) {
	delete(set.active, a)
	set.some.Store(len(set.active) > 0)
}

// firing returns the faults that disturb this call of a method.
func (set *faultSet) firing(method string) []*activeFault {
	if !set.some.Load() {
		return nil
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	var out []*activeFault
	for a := range set.active {
		if a.Method != "*" && a.Method != method {
			continue
		}
		a.seen++
		if a.Every > 1 && a.seen%a.Every != 0 {
			continue
		}
		a.fired++
		out = append(out, a)
		if a.Count > 0 && a.fired >= a.Count {
			set.remove(a)
		}
	}
	return out
}

// suffer lets those faults happen that belong before or after the effect.
func suffer(ctx context.Context, faults []*activeFault, afterEffect bool) error {
	for _, a := range faults {
		if a.AfterEffect != afterEffect {
			continue
		}
		if err := pause(ctx, a.Delay); err != nil {
			return err
		}
		if a.Hang {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-a.cancelled:
			}
		}
		if a.Err != nil {
			return a.Err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// interceptUnary is around every unary RPC: it counts, delays and disturbs it,
// and sends errors the way Teleport does.
func (s *Server) interceptUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return interceptors.GRPCServerUnaryErrorInterceptor(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		_ = grpc.SetHeader(ctx, s.header())
		faults, err := s.before(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		resp, err := handler(ctx, req)
		if err != nil {
			return nil, err
		}
		if err := suffer(ctx, faults, true); err != nil {
			return nil, err
		}
		return resp, nil
	})
}

// interceptStream does the same for streams.
func (s *Server) interceptStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return interceptors.GRPCServerStreamErrorInterceptor(srv, stream, info, func(srv any, stream grpc.ServerStream) error {
		_ = stream.SetHeader(s.header())
		faults, err := s.before(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		if err := handler(srv, stream); err != nil {
			return err
		}
		return suffer(stream.Context(), faults, true)
	})
}

func (s *Server) before(ctx context.Context, fullMethod string) ([]*activeFault, error) {
	method := path.Base(fullMethod)
	s.calls.add(method)
	if err := pause(ctx, s.opts.Latency); err != nil {
		return nil, err
	}
	faults := s.faults.firing(method)
	return faults, suffer(ctx, faults, false)
}

func (s *Server) header() grpcmetadata.MD {
	return grpcmetadata.Pairs(metadata.VersionKey, s.opts.Version)
}

// callCounter counts RPCs by name.
type callCounter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *callCounter) add(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[method]++
}

// Calls returns how often each RPC, by its short name, was called.
func (s *Server) Calls() map[string]int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	out := make(map[string]int, len(s.calls.n))
	maps.Copy(out, s.calls.n)
	return out
}

// ResetCalls sets all counts to zero.
func (s *Server) ResetCalls() {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.n = nil
}
