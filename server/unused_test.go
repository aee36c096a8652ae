package server

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

// pipes is a listener in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.IPAddr{} }

// dial opens a connection that the server has taken.
func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- far
	synctest.Wait()
	return near
}

// pipeServer starts a server in memory.
func pipeServer(t *testing.T) (s *Server, h *http.Server, p *pipes, said *logtest.Log) {
	log, said := logtest.New()
	s = &Server{log: log}
	h = s.httpServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil)
	p = &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- h.Serve(p) }()
	t.Cleanup(func() { require.ErrorIs(t, <-done, http.ErrServerClosed) })
	return s, h, p, said
}

func get(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: bridge\r\n\r\n"))
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}

// A client has opened a connection in advance and never needed it.
func TestConnectionThatNothingWasSentOnDoesNotHoldUpTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h, p, said := pipeServer(t)
		unneeded, used := p.dial(), p.dial()
		get(t, used)
		begin := time.Now()
		s.shutdown(h)
		require.Less(t, time.Since(begin), time.Second)
		require.NotContains(t, said.String(), "not stopped in time")
		_, err := unneeded.Read(make([]byte, 1))
		require.Error(t, err)
	})
}

// A connection may be taken just before the listener is closed, and be counted just after.
func TestConnectionTakenAsTheStopBeginsIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := unused{conns: map[net.Conn]bool{}}
		u.cut()
		near, far := net.Pipe()
		u.follow(far, http.StateNew)
		_, err := near.Read(make([]byte, 1))
		require.Error(t, err)
	})
}
