package teleport

import (
	"context"

	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/emptypb"
)

// authService is the gRPC face of a Server; what is missing answers
// NotImplemented. It is apart from Server so that RPCs are no exported methods of
// the simulator.
type authService struct {
	proto.UnimplementedAuthServiceServer
	s *Server
}

// Ping tells who the server is and what it can do.
func (svc *authService) Ping(ctx context.Context, _ *proto.PingRequest) (*proto.PingResponse, error) {
	out := &proto.PingResponse{
		ClusterName:     svc.s.opts.ClusterName,
		ServerVersion:   svc.s.opts.Version,
		ServerFeatures:  &proto.Features{AdvancedAccessWorkflows: svc.s.opts.AdvancedWorkflows},
		ProxyPublicAddr: svc.s.opts.ProxyPublicAddr,
	}
	if p, ok := peer.FromContext(ctx); ok {
		out.RemoteAddr = p.Addr.String()
	}
	return out, nil
}

// DeleteAccessRequest deletes a request; without the delete verb not even one's own.
func (svc *authService) DeleteAccessRequest(ctx context.Context, req *proto.RequestID) (*emptypb.Empty, error) {
	caller, err := svc.s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := caller.check(types.KindAccessRequest, types.VerbDelete); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, svc.s.deleteAs(caller.Name, req.GetID())
}

func (s *Server) deleteAs(user, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live(id) == nil {
		return errNoRequest(id)
	}
	delete(s.requests, id)
	s.record(AuditEntry{Kind: AuditDelete, Request: id, User: user})
	s.publishDelete(id)
	return nil
}

func errNoRequest(id string) error {
	return trace.NotFound("no access request matching %q", id)
}
