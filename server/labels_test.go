package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

func node(name string) bridge.Resource {
	return bridge.Resource{Cluster: "main", Kind: "node", Name: name}
}

// labelReader knows the labels of every node but those called "hidden", and counts what it is asked.
type labelReader struct {
	asked int
	err   error
}

func (l *labelReader) read(_ context.Context, in []bridge.Resource) ([]bridge.Resource, error) {
	l.asked += len(in)
	out := append([]bridge.Resource(nil), in...)
	for i, r := range out {
		if r.Name != "hidden" && l.err == nil {
			out[i].Labels = map[string]string{"name": r.Name}
		}
	}
	return out, l.err
}

func TestLabelsAreReadOnceForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &labelReader{}
		l := newLabels(r.read, slog.New(slog.DiscardHandler))
		in := []bridge.Resource{node("a"), node("hidden"), node("b")}
		for range 5 {
			out := l.add(t.Context(), in)
			require.Equal(t, map[string]string{"name": "a"}, out[0].Labels)
			require.Nil(t, out[1].Labels, "not known is not empty")
			require.Equal(t, map[string]string{"name": "b"}, out[2].Labels)
		}
		require.Equal(t, 3, r.asked)
		require.Nil(t, in[0].Labels, "the request is not changed")
		<-time.After(labelsRetry)
		l.add(t.Context(), in)
		require.Equal(t, 4, r.asked, "only what is not known is asked again so soon")
		<-time.After(labelsLife)
		l.add(t.Context(), in)
		require.Equal(t, 7, r.asked)
	})
}

func TestLabelsThatCannotBeReadAreUnknownAndAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &labelReader{err: errors.New("away")}
		l := newLabels(r.read, slog.New(slog.DiscardHandler))
		require.Nil(t, l.add(t.Context(), []bridge.Resource{node("a")})[0].Labels)
		r.err = nil
		<-time.After(labelsRetry)
		require.NotNil(t, l.add(t.Context(), []bridge.Resource{node("a")})[0].Labels)
	})
}

func TestLabelsKeptAreBounded(t *testing.T) {
	r := &labelReader{}
	l := newLabels(r.read, slog.New(slog.DiscardHandler))
	for n := range 2 * mostLabelled / 100 {
		var many []bridge.Resource
		for i := range 100 {
			many = append(many, node(fmt.Sprint(n, "-", i)))
		}
		require.NotNil(t, l.add(t.Context(), many)[99].Labels)
	}
	require.LessOrEqual(t, len(l.kept), mostLabelled)
}
