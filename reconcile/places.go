package reconcile

import (
	"container/heap"
	"sync"
)

// places is the line in front of a queue's workers. A request takes its place when it asks for a run and has none, and keeps it until it is
// settled: one that was put off, because its vendor did not answer or wants to be left alone, comes before all that asked later. So a backlog
// drains in order of age.
type places struct {
	mu    sync.Mutex
	taken uint64
	of    map[string]uint64
	line  line
}

func newPlaces() *places { return &places{of: map[string]uint64{}} }

// Push implements workqueue.Queue.
func (p *places) Push(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.of[id]; !ok {
		p.taken++
		p.of[id] = p.taken
	}
	heap.Push(&p.line, placed{id: id, place: p.of[id]})
}

// Pop implements workqueue.Queue. It is not called while nobody waits.
func (p *places) Pop() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return heap.Pop(&p.line).(placed).id //nolint:forcetypeassert // Push puts nothing else there.
}

// Len implements workqueue.Queue.
func (p *places) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.line)
}

// Touch implements workqueue.Queue: who asks again keeps the place.
func (p *places) Touch(string) {}

// leave gives up the place of a request that is settled.
func (p *places) leave(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, id)
}

// placed is a request that waits.
type placed struct {
	id    string
	place uint64
}

// line implements heap.Interface.
type line []placed

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return l[i].place < l[j].place }
func (l line) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *line) Push(x any)        { *l = append(*l, x.(placed)) } //nolint:forcetypeassert // As above.

func (l *line) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	*l = (*l)[:last]
	return x
}
