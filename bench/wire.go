package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// wire is one kept-alive connection to the bridge, on which requests made beforehand are sent one after the other. It does as little as it
// can: sender and bridge share the machine.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	stop func() bool
}

// connectFrom makes a connection to a listener from an address of this machine. It is cut when ctx ends.
func (s settings) connectFrom(ctx context.Context, source, listener string) (*wire, error) {
	roots, err := readPool(s.CA)
	if err != nil {
		return nil, err
	}
	dialer := tls.Dialer{
		NetDialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}},
		Config:    &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: "localhost"},
	}
	conn, err := dialer.DialContext(ctx, "tcp", listener)
	if err != nil {
		return nil, fmt.Errorf("connect from %s: %w", source, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &wire{conn: conn, in: bufio.NewReader(conn), stop: stop}, nil
}

func (w *wire) close() {
	w.stop()
	_ = w.conn.Close() // nothing is lost with it
}

// send sends one request and returns the status of its answer.
func (w *wire) send(request []byte) (status int, err error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, fmt.Errorf("send a request: %w", err)
	}
	return w.answer()
}

// answer reads one answer to its end. Its length must be told, as it is for all answers without a body.
func (w *wire) answer() (status int, err error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, fmt.Errorf("read an answer: %w", err)
	}
	if status, err = statusOf(line); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = w.in.ReadSlice('\n'); err != nil {
			return 0, fmt.Errorf("read an answer: %w", err)
		}
		name, value, found := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		if len(name) == 0 {
			break
		}
		if found && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, fmt.Errorf("read an answer: %w", err)
			}
		}
	}
	if _, err := w.in.Discard(length); err != nil {
		return 0, fmt.Errorf("read an answer: %w", err)
	}
	return status, nil
}

// statusOf reads a line such as "HTTP/1.1 401 Unauthorized".
func statusOf(line []byte) (int, error) {
	_, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || !bytes.HasPrefix(line, []byte("HTTP/1.")) || len(rest) < 3 {
		return 0, errors.New("this is no answer of HTTP/1: " + strconv.Quote(string(line)))
	}
	status, err := strconv.Atoi(string(rest[:3]))
	if err != nil {
		return 0, fmt.Errorf("read an answer: %w", err)
	}
	return status, nil
}

// written is a request as it is sent.
func written(method, path string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, "https://localhost"+path, bytes.NewReader(body)) //nolint:noctx // It is only written down.
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	maps.Copy(request.Header, header)
	var out bytes.Buffer
	if err := request.Write(&out); err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	return out.Bytes(), nil
}
