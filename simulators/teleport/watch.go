package teleport

import (
	"github.com/gravitational/teleport/api/client/proto"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
)

// watcher is one open event stream.
type watcher struct {
	// filter limits which requests are seen; nil means that the stream does not
	// show requests at all.
	filter *types.AccessRequestFilter
	// rules tells whether the stream shows access monitoring rules.
	rules  bool
	events chan *proto.Event
	// cut is closed to end the stream; guarded by Server.mu.
	cut   chan struct{}
	isCut bool
}

// WatchEvents sends OpInit with the confirmed kinds and then what happens from now
// on. A stream that ends by the server's will ends without error, which clients
// see as EOF.
func (svc *authService) WatchEvents(watch *proto.Watch, stream proto.AuthService_WatchEventsServer) error {
	caller, err := svc.s.caller(stream.Context())
	if err != nil {
		return err
	}
	kinds, err := svc.s.confirm(caller, watch)
	if err != nil {
		return err
	}
	w, err := svc.s.subscribe(kinds)
	if err != nil {
		return err
	}
	defer svc.s.unsubscribe(w)
	for {
		select {
		case <-w.cut:
			return nil
		default:
		}
		select {
		case <-stream.Context().Done():
			return trace.Wrap(stream.Context().Err())
		case <-w.cut:
			return nil
		case event := <-w.events:
			if err := stream.Send(event); err != nil {
				return trace.Wrap(err)
			}
		}
	}
}

// confirm returns the kinds that the user may watch. Unless partial success is
// allowed it must be all of them; none at all is always an error.
func (s *Server) confirm(u *User, watch *proto.Watch) ([]types.WatchKind, error) {
	var confirmed []types.WatchKind
	for _, kind := range watch.Kinds {
		err := s.checkWatch(u, kind)
		if err == nil {
			confirmed = append(confirmed, kind)
		} else if !watch.AllowPartialSuccess {
			return nil, err
		}
	}
	if len(confirmed) == 0 {
		return nil, trace.BadParameter("none of the requested kinds can be watched")
	}
	return confirmed, nil
}

func (s *Server) checkWatch(u *User, kind types.WatchKind) error {
	switch kind.Kind {
	case types.KindAccessRequest:
		var filter types.AccessRequestFilter
		if err := filter.FromMap(kind.Filter); err != nil {
			return err
		}
		if filter.User == u.Name {
			return nil
		}
		return u.check(kind.Kind, types.VerbRead)
	case types.KindAccessMonitoringRule:
		if !s.opts.ConfirmMonitoringRules {
			return trace.BadParameter("watching %q is not supported", kind.Kind)
		}
		return u.check(kind.Kind, types.VerbRead)
	default:
		return trace.BadParameter("watching %q is not supported", kind.Kind)
	}
}

// subscribe registers a watcher whose first event is OpInit: no later event can
// come before it, and none that happens after it is missed.
func (s *Server) subscribe(kinds []types.WatchKind) (*watcher, error) {
	w := &watcher{events: make(chan *proto.Event, s.opts.WatchBuffer), cut: make(chan struct{})}
	for _, kind := range kinds {
		if kind.Kind == types.KindAccessMonitoringRule {
			w.rules = true
			continue
		}
		w.filter = &types.AccessRequestFilter{}
		if err := w.filter.FromMap(kind.Filter); err != nil {
			return nil, err
		}
	}
	w.events <- &proto.Event{
		Type:     proto.Operation_INIT,
		Resource: &proto.Event_WatchStatus{WatchStatus: types.NewWatchStatus(kinds)},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	return w, nil
}

func (s *Server) unsubscribe(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
}

// Watchers returns how many watch streams are open.
func (s *Server) Watchers() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.watchers)
}

// BreakWatchers ends all watch streams; clients see EOF, as when the server gives
// up on a slow reader.
func (s *Server) BreakWatchers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watchers {
		s.end(w)
	}
}

// end ends a stream; mu must be held.
func (s *Server) end(w *watcher) {
	if !w.isCut {
		w.isCut = true
		close(w.cut)
	}
	delete(s.watchers, w)
}

// publishPut sends a request's new version to the watchers; mu must be held, so
// that each watcher sees events in the order of the changes.
func (s *Server) publishPut(req *types.AccessRequestV3) {
	if len(s.watchers) == 0 {
		return
	}
	event := &proto.Event{
		Type:     proto.Operation_PUT,
		Resource: &proto.Event_AccessRequest{AccessRequest: req},
	}
	s.publish(event, func(w *watcher) bool { return w.filter != nil && w.filter.Match(req) })
}

// publishDelete sends a deletion, which carries kind and name only; mu must be held.
func (s *Server) publishDelete(id string) {
	s.publish(deletion(types.KindAccessRequest, types.V3, id), func(w *watcher) bool {
		return w.filter != nil && (w.filter.ID == "" || w.filter.ID == id)
	})
}

func deletion(kind, version, name string) *proto.Event {
	return &proto.Event{
		Type: proto.Operation_DELETE,
		Resource: &proto.Event_ResourceHeader{ResourceHeader: &types.ResourceHeader{
			Kind:     kind,
			Version:  version,
			Metadata: types.Metadata{Name: name},
		}},
	}
}

// publish never waits: a watcher whose buffer is full is ended, and loses what it
// has not read.
func (s *Server) publish(event *proto.Event, sees func(*watcher) bool) {
	for w := range s.watchers {
		if !sees(w) {
			continue
		}
		select {
		case w.events <- event:
		default:
			s.end(w)
		}
	}
}
