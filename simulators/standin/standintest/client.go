package standintest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Client calls a simulator in a test.
type Client struct {
	T testing.TB
	// Base is the simulator's URL.
	Base func() string
	HTTP *http.Client
	// Login prepares every call: it sets the headers that authenticate.
	Login func(*http.Request)
}

// NewClient is a client whose connections end with the test.
func NewClient(t testing.TB, base func() string, login func(*http.Request)) *Client {
	t.Helper()
	c := &Client{T: t, Base: base, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, Login: login}
	t.Cleanup(c.HTTP.CloseIdleConnections)
	return c
}

// As is the same client with another login.
func (c *Client) As(login func(*http.Request)) *Client {
	out := *c
	out.Login = login
	return &out
}

// Answer is a response with its body read.
type Answer struct {
	*http.Response
	Body []byte
}

// Try makes a call. The body is sent as it is if it is a string, and as JSON otherwise; nil sends none.
func (c *Client) Try(method, path string, body any) (Answer, error) {
	c.T.Helper()
	var reader io.Reader
	if body != nil {
		text, isText := body.(string)
		if !isText {
			data, err := json.Marshal(body)
			require.NoError(c.T, err)
			text = string(data)
		}
		reader = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(c.T.Context(), method, c.Base()+path, reader)
	require.NoError(c.T, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.Login(req)
	return send(c.HTTP, req)
}

func send(client *http.Client, req *http.Request) (Answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return Answer{Response: resp, Body: data}, err
}

// Do makes a call that must be answered with the status.
func (c *Client) Do(status int, method, path string, body any) Answer {
	c.T.Helper()
	a, err := c.Try(method, path, body)
	require.NoError(c.T, err)
	require.Equal(c.T, status, a.StatusCode, "%s %s: %s", method, path, a.Body)
	return a
}

// Post sends a form as a browser does, from a page of the site: "same-origin" or "cross-site". It follows no redirect.
func (c *Client) Post(path, site string, form url.Values) Answer {
	c.T.Helper()
	req, err := http.NewRequestWithContext(c.T.Context(), http.MethodPost, c.Base()+path, strings.NewReader(form.Encode()))
	require.NoError(c.T, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", site)
	client := *c.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := send(&client, req)
	require.NoError(c.T, err)
	return a
}

// Into reads the JSON body.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.Body, v), "%s", a.Body)
}

// Object is the body as a JSON object.
func (a Answer) Object(t testing.TB) Object {
	t.Helper()
	var out Object
	a.Into(t, &out)
	return out
}
