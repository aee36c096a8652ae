package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// metric sums the samples of one of the bridge's counters or gauges whose labels include all the pairs, each written as name="value".
func (i *instance) metric(ctx context.Context, name string, pairs ...string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.config.Admin+"/metrics", nil)
	if err != nil {
		return 0, fmt.Errorf("ask for metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask for metrics: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	return sumSamples(string(body), "accessbridge_"+name, pairs)
}

func sumSamples(text, name string, pairs []string) (sum float64, err error) {
	for line := range strings.Lines(text) {
		rest, ours := strings.CutPrefix(strings.TrimSpace(line), name)
		if !ours || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		if slices.ContainsFunc(pairs, func(pair string) bool { return !strings.Contains(rest, pair) }) {
			continue
		}
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("read metric %s: %w", name, err)
		}
		sum += value
	}
	return sum, nil
}

// answers is how many create calls and others of the method the vendor answered with a code; code 0 is no answer.
func (i *instance) answers(ctx context.Context, method string, code int) (int, error) {
	n, err := i.metric(ctx, "vendor_calls_total", `method="`+method+`"`, `code="`+strconv.Itoa(code)+`"`)
	return int(n), err
}
