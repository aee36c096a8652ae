package simulation

import (
	"context"
	"fmt"
	"path"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/gravitational/teleport/api/trail"
	"github.com/gravitational/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const updatePluginData = "UpdatePluginData"

// teleportWrites are the calls that change something.
func teleportWrites(method string) bool {
	return slices.Contains([]string{updatePluginData, "SubmitAccessReview", "SetAccessRequestState"}, method)
}

// key names a call by its content and the queue it is made for.
func (i *instance) key(ctx context.Context, method string, req any) string {
	text := ""
	if m, ok := req.(proto.Message); ok {
		raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		text = string(raw)
	} else {
		text = fmt.Sprint(req)
	}
	queue, _ := pprof.Label(ctx, "queue")
	return i.w.chance.now(fmt.Sprintf("%d/%s/%s/%s", i.n, queue, method, text))
}

// unary carries one call to Teleport, or does not.
func (i *instance) unary(ctx context.Context, full string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	method := path.Base(full)
	key := i.key(ctx, method, req)
	after, err := i.before(ctx, key)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	f := i.w.faults.strikes(teleportName, teleportWrites(method), key)
	err = i.spoiled(ctx, f, key, method, func(ctx context.Context) error { return invoker(ctx, full, req, reply, cc, opts...) })
	if err == nil {
		err = late(wait(ctx, i.w.chance.between(time.Millisecond, wayMost/3, key+"/back")))
	}
	if f.what != "" {
		i.w.note("%s teleport %s: %s %v", i.name, method, f.what, err)
	}
	if dead := after(); dead != nil {
		return status.Error(codes.Unavailable, dead.Error())
	}
	return err
}

// spoiled lets a call to Teleport happen as the fault wants it.
func (i *instance) spoiled(ctx context.Context, f struck, key, method string, call func(context.Context) error) error {
	hang := func() error { <-ctx.Done(); return late(ctx.Err()) }
	switch f.what {
	case mishapRefused:
		return status.Error(codes.Unavailable, "connection refused")
	case mishapHang:
		return hang()
	case mishapConflict:
		if method == updatePluginData {
			return trail.ToGRPC(trace.CompareFailed("somebody else was faster"))
		}
	case mishapSlow:
		if err := wait(ctx, f.after/4); err != nil {
			return late(err)
		}
	default:
	}
	if err := wait(ctx, i.w.chance.between(time.Millisecond, wayMost/3, key+"/there")); err != nil {
		return late(err)
	}
	err := call(ctx)
	i.w.called(i, teleportName, method, fmt.Sprintf("%s teleport %s %v", i.name, method, status.Code(err)))
	switch f.what {
	case mishapLost:
		return status.Error(codes.Unavailable, "connection reset by peer")
	case mishapHangAfter:
		return hang()
	default:
		return err
	}
}

// late turns the end of a context into an error of a call.
func late(err error) error {
	if err == nil {
		return nil
	}
	return status.FromContextError(err).Err()
}

// stream opens a watch, whose events come a little late.
func (i *instance) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, full string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	key := i.key(ctx, path.Base(full), nil)
	after, err := i.before(ctx, key)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	if i.w.faults.strikes(teleportName, false, key).what != "" {
		return nil, status.Error(codes.Unavailable, "connection refused")
	}
	s, err := streamer(ctx, desc, cc, full, opts...)
	if dead := after(); dead != nil {
		return nil, status.Error(codes.Unavailable, dead.Error())
	}
	if err != nil {
		return nil, err
	}
	return &slowStream{ClientStream: s, i: i, key: key}, nil
}

type slowStream struct {
	grpc.ClientStream
	i   *instance
	key string
}

// RecvMsg waits for an event, and then for its way.
func (s *slowStream) RecvMsg(m any) error {
	if err := s.ClientStream.RecvMsg(m); err != nil {
		return err
	}
	return late(wait(s.Context(), s.i.w.chance.between(time.Millisecond, 300*time.Millisecond, s.i.w.chance.now(s.key))))
}
