package server

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// labelsLife is how long the labels of a resource are good for, labelsRetry how long that they could not be read.
	labelsLife, labelsRetry = 5 * time.Minute, 30 * time.Second
	// mostLabelled bounds the resources whose labels are kept.
	mostLabelled = 10_000
)

// labels keeps the labels of the resources that requests name, for as long as expressions may ask for them again.
type labels struct {
	read func(context.Context, []bridge.Resource) ([]bridge.Resource, error)
	log  *slog.Logger

	mu   sync.Mutex
	kept map[resourceKey]labelling
}

type resourceKey struct{ cluster, kind, name string }

// labelling is what is known of one resource; nil labels say that they could not be read.
type labelling struct {
	labels map[string]string
	until  time.Time
}

func newLabels(read func(context.Context, []bridge.Resource) ([]bridge.Resource, error), log *slog.Logger) *labels {
	return &labels{read: read, log: log, kept: map[resourceKey]labelling{}}
}

// add returns the resources with their labels, as far as they are known or can be read.
func (l *labels) add(ctx context.Context, resources []bridge.Resource) []bridge.Resource {
	out, missing := l.recall(resources)
	if len(missing) == 0 {
		return out
	}
	found, err := l.read(ctx, missing)
	if err != nil {
		l.log.Debug("labels of resources not read", "error", err)
	}
	if ctx.Err() == nil {
		l.keep(found)
	}
	known := map[resourceKey]map[string]string{}
	for _, r := range found {
		known[keyOf(r)] = r.Labels
	}
	for i, r := range out {
		if r.Labels == nil {
			out[i].Labels = known[keyOf(r)]
		}
	}
	return out
}

func keyOf(r bridge.Resource) resourceKey { return resourceKey{r.Cluster, r.Kind, r.Name} }

// recall returns the resources with the labels that are known, and those that have to be read.
func (l *labels) recall(resources []bridge.Resource) (out, missing []bridge.Resource) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range resources {
		known, ok := l.kept[keyOf(r)]
		switch {
		case r.Labels != nil:
		case ok && now.Before(known.until):
			r.Labels = known.labels
		default:
			missing = append(missing, r)
		}
		out = append(out, r)
	}
	return out, missing
}

func (l *labels) keep(found []bridge.Resource) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept)+len(found) > mostLabelled {
		maps.DeleteFunc(l.kept, func(_ resourceKey, k labelling) bool { return !now.Before(k.until) })
	}
	if len(l.kept)+len(found) > mostLabelled {
		clear(l.kept)
	}
	for _, r := range found[:min(len(found), mostLabelled)] {
		life := labelsLife
		if r.Labels == nil {
			life = labelsRetry
		}
		l.kept[keyOf(r)] = labelling{labels: r.Labels, until: now.Add(life)}
	}
}
