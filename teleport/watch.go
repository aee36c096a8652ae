package teleport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/client/proto"
	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/bridge"
)

// listPage is the number of requests asked for at once.
const listPage = 1000

// errRenewed ends a session because a connection with newer credentials has taken over.
var errRenewed = errors.New("credentials renewed")

// session is one watch from its opening to its end: watcher open, first event, complete list, events. The order matters: what
// happens between the list and the watch would be lost the other way round.
func (r *Requests) session(ctx context.Context) error {
	cn, err := r.client.acquire()
	if err != nil {
		return err
	}
	defer cn.release()
	ctx, cancel := context.WithCancel(ctx)
	var lists sync.WaitGroup
	defer lists.Wait()
	defer cancel()
	watcher, err := cn.api.NewWatcher(ctx, types.Watch{
		Kinds:               []types.WatchKind{{Kind: types.KindAccessRequest}, {Kind: types.KindAccessMonitoringRule}},
		AllowPartialSuccess: true,
	})
	if err != nil {
		return classify(fmt.Errorf("open the watch: %w", err))
	}
	defer watcher.Close()
	kinds, err := confirmed(ctx, watcher, r.initWithin)
	if err != nil {
		return err
	}
	s := &session{Requests: r, conn: cn, watcher: watcher, kinds: kinds, lists: &lists, listed: make(chan listing)}
	if r.rules != nil {
		watched := slices.Contains(kinds, types.KindAccessMonitoringRule)
		r.rules.opened(watched)
		lists.Go(func() { r.rules.follow(ctx, watched, r.resync) })
	}
	return s.run(ctx)
}

// confirmed waits for the first event and returns the kinds that Teleport lets us watch.
func confirmed(ctx context.Context, w types.Watcher, within time.Duration) ([]string, error) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timeout.C:
		return nil, fmt.Errorf("watch: no answer within %s", within)
	case <-w.Done():
		return nil, ended(w)
	case ev := <-w.Events():
		if ev.Type != types.OpInit {
			return nil, fmt.Errorf("watch: the first event is %s", ev.Type)
		}
		status, ok := ev.Resource.(types.WatchStatus)
		if !ok {
			return []string{types.KindAccessRequest}, nil
		}
		var kinds []string
		for _, k := range status.GetKinds() {
			kinds = append(kinds, k.Kind)
		}
		if !slices.Contains(kinds, types.KindAccessRequest) {
			return nil, bridge.Terminal(errors.New("watch: Teleport does not let us watch access_request: allow list and read on it in our role"))
		}
		return kinds, nil
	}
}

func ended(w types.Watcher) error {
	if err := w.Error(); err != nil {
		return classify(fmt.Errorf("watch: %w", err))
	}
	return errors.New("watch: ended without an error")
}

// session holds what belongs to one open watch.
type session struct {
	*Requests
	conn    *conn
	watcher types.Watcher
	kinds   []string
	lists   *sync.WaitGroup
	listed  chan listing
}

// listing is the outcome of one complete list.
type listing struct {
	requests []bridge.Request
	begun    mark
	err      error
}

// run handles events and lists. Events are taken in while a list is being read, because Teleport drops watchers that do not read.
func (s *session) run(ctx context.Context) error {
	s.list(ctx)
	// The timer runs only between two lists, so that there is never more than one at a time.
	resync := time.NewTimer(s.resync)
	resync.Stop()
	defer resync.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.conn.retired:
			return errRenewed
		case <-s.watcher.Done():
			return ended(s.watcher)
		case ev := <-s.watcher.Events():
			s.event(ev)
		case l := <-s.listed:
			if l.err != nil {
				return l.err
			}
			s.take(ctx, l)
			resync.Reset(s.resync)
		case <-resync.C:
			s.list(ctx)
		}
	}
}

func (s *session) event(ev types.Event) {
	if ev.Resource == nil {
		return
	}
	switch ev.Type {
	case types.OpPut:
		s.changedTo(ev.Resource)
	case types.OpDelete:
		s.deleted(ev.Resource.GetKind(), ev.Resource.GetName())
	default:
	}
}

func (s *session) changedTo(resource types.Resource) {
	switch resource := resource.(type) {
	case types.AccessRequest:
		s.Merge(request(s.client.Cluster(), resource))
	case types.Resource153Unwrapper:
		if rule, ok := resource.Unwrap().(*rulespb.AccessMonitoringRule); ok && s.rules != nil {
			s.rules.put(rule)
		}
	}
}

func (s *session) deleted(kind, name string) {
	switch kind {
	case types.KindAccessRequest:
		if s.cache.remove(name) {
			s.notify(name)
		}
	case types.KindAccessMonitoringRule:
		if s.rules != nil {
			s.rules.remove(name)
		}
	}
}

// list reads all pages in the background; the outcome comes through the channel.
func (s *session) list(ctx context.Context) {
	begun := s.cache.mark()
	s.lists.Go(func() {
		all, err := s.readAll(ctx)
		select {
		case s.listed <- listing{requests: all, begun: begun, err: err}:
		case <-ctx.Done():
		}
	})
}

func (s *session) readAll(ctx context.Context) ([]bridge.Request, error) {
	cluster := s.client.Cluster()
	var all []bridge.Request
	ask := &proto.ListAccessRequestsRequest{Filter: &types.AccessRequestFilter{}, Limit: listPage}
	for {
		var page *proto.ListAccessRequestsResponse
		err := s.client.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
			page, err = api.ListAccessRequests(ctx, ask)
			return err
		})
		switch {
		case trace.IsNotImplemented(err):
			return s.readOld(ctx)
		case err != nil:
			return nil, fmt.Errorf("list the requests: %w", err)
		}
		for _, req := range page.AccessRequests {
			all = append(all, request(cluster, req))
		}
		if ask.StartKey = page.NextKey; ask.StartKey == "" {
			return all, nil
		}
	}
}

// readOld lists on servers that have no pages.
func (s *session) readOld(ctx context.Context) ([]bridge.Request, error) {
	var found []types.AccessRequest
	err := s.client.callWithin(ctx, bulkTimeout, func(ctx context.Context, api *client.Client) (err error) {
		found, err = api.GetAccessRequests(ctx, types.AccessRequestFilter{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the requests: %w", err)
	}
	all := make([]bridge.Request, 0, len(found))
	for _, req := range found {
		all = append(all, request(s.client.Cluster(), req))
	}
	return all, nil
}

// take merges a complete list and looks up, one by one, what the list should have had.
func (s *session) take(ctx context.Context, l listing) {
	changed, doubtful := s.cache.merge(l.requests, l.begun)
	s.changed(changed...)
	if len(doubtful) > 0 {
		s.lists.Go(func() {
			for _, id := range doubtful {
				if _, err := s.Fresh(ctx, id); err != nil && !errors.Is(err, bridge.ErrGone) {
					s.log.Debug("Request missing from the list could not be looked up", "request_id", id, "error", err)
				}
			}
		})
	}
	s.online(s.kinds)
}

// online notes that the cache is complete and events arrive.
func (r *Requests) online(kinds []string) {
	r.mu.Lock()
	first := !r.state.Connected
	if first {
		r.state.Connected, r.state.Since = true, time.Now()
	}
	r.state.LastError, r.state.Kinds = "", kinds
	r.state.Lists++
	r.state.LastList = time.Now()
	r.mu.Unlock()
	if first {
		r.log.Info("Watching Access Requests", "kinds", kinds)
	}
	r.complete.Do(func() { close(r.ready) })
}

// disconnected notes a fault. An outage is logged once, however many faults it consists of; a denial once for each change of it.
func (r *Requests) disconnected(err error) {
	r.mu.Lock()
	denied := terminal(err)
	said := r.state.LastError != "" && r.denied == denied && (!denied || r.state.LastError == err.Error())
	r.denied = denied
	if r.state.Connected {
		r.state.Connected, r.state.Since = false, time.Now()
	}
	r.state.LastError = err.Error()
	r.mu.Unlock()
	switch {
	case said:
		r.log.Debug("Watch of Access Requests failed again", "error", err)
	case denied:
		r.log.Error("Teleport denies the watch of Access Requests", "error", err, "mend", "give the role list and read on access_request; accessbridge teleport-role prints it")
	default:
		r.log.Warn("Watch of Access Requests interrupted, reconnecting", "error", err)
	}
}
