package standin

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// cut ends the connection so that the caller sees a reset and no answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	raw := conn
	if secured, isTLS := conn.(*tls.Conn); isTLS {
		raw = secured.NetConn()
	}
	if tcp, isTCP := raw.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // makes Close send RST instead of FIN
	}
	_ = raw.Close()
}

// sleep waits, unless the context ends before; no lock is held meanwhile. Without a time to wait it does not look at the context.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
