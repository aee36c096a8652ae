package httpx

import (
	"net/http"
	"time"
)

// Local returns a client for the bridge's own private listener. It uses no proxy, whatever the environment says, and keeps no
// connection open.
func Local(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
}
