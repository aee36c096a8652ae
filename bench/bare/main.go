// Command bare is the least a receiver of signed webhooks can do: an echo handler that reads the body and compares its HMAC with the header.
// The benchmark measures it beside the bridge.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"
)

// The limits are those of the bridge's listener.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = 2 * time.Minute
)

func main() {
	var listen, cert, key, secretFile string
	flag.StringVar(&listen, "listen", "127.0.0.1:8443", "`address` to listen on")
	flag.StringVar(&cert, "cert", "", "certificate `file`")
	flag.StringVar(&key, "key", "", "key `file`")
	flag.StringVar(&secretFile, "secret", "", "`file` that holds the secret")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, listen, cert, key, secretFile)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, listen, cert, key, secretFile string) error {
	secret, err := os.ReadFile(secretFile)
	if err != nil {
		return fmt.Errorf("read the secret: %w", err)
	}
	if len(secret) == 0 {
		return errors.New("the secret is empty")
	}
	server := &http.Server{
		Addr: listen, Handler: router(secret),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is lost with its connections
	if err := server.ListenAndServeTLS(cert, key); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func router(secret []byte) http.Handler {
	e := echo.New()
	e.POST("/webhooks/:name", func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return echo.ErrBadRequest
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(want), []byte(c.Request().Header.Get("X-Hub-Signature"))) {
			return c.NoContent(http.StatusUnauthorized)
		}
		return c.NoContent(http.StatusOK)
	})
	return e
}
