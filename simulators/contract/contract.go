// Package contract checks HTTP traffic against a vendor's published API description (OpenAPI) in tests: what a client of
// ours sends, and what a simulator answers.
package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Env names the environment variable that says where the folder of contracts is.
const Env = "ACCESSBRIDGE_CONTRACTS"

// Contract is one API description that traffic is checked against.
type Contract struct {
	t      testing.TB
	router routers.Router
	opts   *openapi3filter.Options
	base   string
	except []Exception
}

// Exception is a known difference between a vendor's description and what the vendor does.
type Exception struct {
	// Operation is such as "GET /rest/api/3/issue/createmeta", with the description's own path; empty means all.
	Operation string
	// Contains is a part of the error's text; empty means every error.
	Contains string
	// Why says why the description is not to be followed here.
	Why string
}

// Load reads a description below specs, for example "jira/jira-cloud-v3.json". Where the folder is absent the test is
// skipped, or fails if CI=true.
//
// Two things are never complained about, because no vendor's description is right about them: null where the description
// forgot to allow it, and the format of dates.
func Load(t testing.TB, spec string) *Contract {
	t.Helper()
	file := filepath.Join(Folder(t), "specs", filepath.FromSlash(spec))
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatalf("load contract %s: %v", spec, err)
	}
	anyText := openapi3.NewCallbackValidator(func(string) error { return nil })
	doc.SetStringFormatValidator("date-time", anyText)
	doc.SetStringFormatValidator("date", anyText)
	doc.Servers = openapi3.Servers{{URL: serverPath(doc)}} // whatever the host
	err = doc.Validate(t.Context(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(),
		openapi3.DisableSchemaFormatValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Fatalf("contract %s is not valid: %v", spec, err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatalf("contract %s has no usable paths: %v", spec, err)
	}
	opts := &openapi3filter.Options{
		MultiError:              true,
		AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
		SkipSettingDefaults:     true,
		SchemaValidationOptions: doc.GetSchemaValidationOptions(),
	}
	opts.WithCustomSchemaErrorFunc(func(e *openapi3.SchemaError) string {
		return "at /" + strings.Join(e.JSONPointer(), "/") + ": " + e.Reason
	})
	return &Contract{t: t, router: router, opts: opts, except: known(spec)}
}

// Folder is where the contracts are: the folder that Env names, or the one next to the repository. Where it is absent the
// test is skipped, or fails if CI=true.
func Folder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(Env)
	if dir == "" {
		dir = filepath.Join(repository(t), "..", "shared", "contracts")
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	const message = "the folder of vendor contracts is absent; set " + Env + " to where it is"
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// repository is the folder of go.mod, at or above the working directory.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}

// serverPath is the path of the description's first server: "/rest" of "http://{baseurl}/rest".
func serverPath(doc *openapi3.T) string {
	if len(doc.Servers) == 0 {
		return "/"
	}
	_, rest, found := strings.Cut(doc.Servers[0].URL, "://")
	if !found {
		return "/"
	}
	_, path, _ := strings.Cut(rest, "/")
	return "/" + strings.Trim(path, "/")
}

// Below is the same contract for a server whose base URL has a path, such as "/jira".
func (c *Contract) Below(base string) *Contract {
	out := *c
	out.base = strings.TrimSuffix(base, "/")
	return &out
}

// Except is the same contract with more exceptions.
func (c *Contract) Except(list ...Exception) *Contract {
	out := *c
	out.except = append(append([]Exception{}, c.except...), list...)
	return &out
}

// Transport checks each request and response that passes through it; a violation fails the test and the traffic goes on.
func (c *Contract) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := drain(&req.Body)
		if err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
		resp, err := next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		answer, err := drain(&resp.Body)
		if err != nil {
			return nil, fmt.Errorf("read response: %w", err)
		}
		for _, problem := range c.Check(req, body, resp, answer) {
			c.t.Errorf("contract: %s %s: %v", req.Method, req.URL.Path, problem)
		}
		return resp, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// drain reads a body and puts an equal one in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(*body)
	if err != nil {
		return nil, err
	}
	if err := (*body).Close(); err != nil {
		return nil, err
	}
	*body = io.NopCloser(bytes.NewReader(data))
	return data, nil
}

// Check lists what is wrong with a request and its response, apart from the exceptions. A request that was refused (status
// 400 and above) is not held against the sender, since that is what a refusal is for.
func (c *Contract) Check(req *http.Request, body []byte, resp *http.Response, answer []byte) []error {
	in, err := c.input(req, body)
	if err != nil {
		return c.filter(req.Method+" "+strings.TrimPrefix(req.URL.Path, c.base), err)
	}
	operation := req.Method + " " + in.Route.Path
	var problems []error
	if resp.StatusCode < http.StatusBadRequest {
		problems = c.filter(operation, openapi3filter.ValidateRequest(req.Context(), in))
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: c.opts,
	}
	out.SetBodyBytes(answer)
	return append(problems, c.filter(operation, validateResponse(req.Context(), out))...)
}

func validateResponse(ctx context.Context, in *openapi3filter.ResponseValidationInput) error {
	if in.Status == http.StatusNoContent {
		return nil // descriptions give it a content type nevertheless
	}
	return openapi3filter.ValidateResponse(ctx, in)
}

// input is the request as the validator wants it: below the root, with its own copy of the body.
func (c *Contract) input(req *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	clone := req.Clone(req.Context())
	clone.URL = &url.URL{Scheme: "http", Host: "vendor", Path: strings.TrimPrefix(req.URL.Path, c.base), RawQuery: req.URL.RawQuery}
	clone.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(clone)
	if err != nil {
		return nil, fmt.Errorf("not in the contract: %w", err)
	}
	return &openapi3filter.RequestValidationInput{Request: clone, PathParams: params, Route: route, Options: c.opts}, nil
}

// filter takes an error apart and leaves out what is excepted.
func (c *Contract) filter(operation string, err error) []error {
	var out []error
	for _, problem := range flatten(err) {
		if !c.excepted(operation, problem) {
			out = append(out, problem)
		}
	}
	return out
}

func (c *Contract) excepted(operation string, problem error) bool {
	if schema, ok := errors.AsType[*openapi3.SchemaError](problem); ok && schema.SchemaField == "nullable" {
		return true
	}
	for _, e := range c.except {
		if (e.Operation == "" || e.Operation == operation) && strings.Contains(problem.Error(), e.Contains) {
			return true
		}
	}
	return false
}

// flatten lists the single faults of a validation, each with the text of what it is a fault of.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if list, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // a wrapper is taken apart below, with its text
		var out []error
		for _, e := range list {
			out = append(out, flatten(e)...)
		}
		return out
	}
	switch e := err.(type) { //nolint:errorlint // the same
	case *openapi3filter.RequestError:
		if e.Err != nil {
			return about(e.Reason, flatten(e.Err))
		}
	case *openapi3filter.ResponseError:
		if e.Err != nil {
			return about(e.Reason, flatten(e.Err))
		}
	case *openapi3.SchemaError:
		if e.Origin != nil {
			return about("at /"+strings.Join(e.JSONPointer(), "/"), flatten(e.Origin))
		}
	}
	return []error{err}
}

func about(what string, list []error) []error {
	for i, e := range list {
		list[i] = fmt.Errorf("%s: %w", what, e)
	}
	return list
}
