package testkit

import (
	"io"
	"net/http"
	"strings"
)

// RoundTrip is a transport made of a function.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Rewrite changes the bodies of answers on their way.
func Rewrite(change func(r *http.Request, body string) string) Wrap {
	return func(next http.RoundTripper) http.RoundTripper {
		return RoundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			text := change(r, string(raw))
			resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
			return resp, nil
		})
	}
}

// Answer answers every call with 200 and a body, and sends nothing.
func Answer(body func(r *http.Request) string) Wrap {
	return func(http.RoundTripper) http.RoundTripper {
		return RoundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body(r))), Request: r}, nil
		})
	}
}

// EchoCredentials puts the credentials of a call, in every form, into the answers that are errors, as a proxy for debugging might.
func EchoCredentials(next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || resp.StatusCode < http.StatusBadRequest {
			return resp, err
		}
		_ = resp.Body.Close()
		given := r.Header.Get("Authorization")
		_, bare, _ := strings.Cut(given, " ")
		_, token, _ := strings.Cut(given, "token=")
		user, password, _ := r.BasicAuth()
		text := strings.Join([]string{given, bare, token, user + ":" + password}, " or ")
		resp.Header.Set("Content-Type", "text/plain")
		resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		return resp, nil
	})
}
