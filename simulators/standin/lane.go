package standin

import "time"

// laneKey is one receiver and object; the object is empty when all of the receiver's events share a lane.
type laneKey struct {
	to     any
	object string
}

// lane is what waits to be sent one after another.
type lane struct{ jobs []*job }

// job is a message and how long it waits before the first attempt.
type job struct {
	Message
	delay time.Duration
}

// arrange puts a job into its lane, or swaps it with the next one when events are to be out of order; the lock is held.
func (s *Sender) arrange(j *job) {
	s.expect(1)
	if !s.fault.Reorder {
		s.push(laneKey{j.To, j.Object}, j)
		return
	}
	shared := laneKey{to: j.To}
	if earlier := s.held[j.To]; earlier != nil {
		delete(s.held, j.To)
		s.push(shared, j)
		s.push(shared, earlier)
		return
	}
	s.held[j.To] = j
	time.AfterFunc(reorderHold, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held[j.To] == j {
			delete(s.held, j.To)
			s.push(shared, j)
		}
	})
}

// push appends to a lane and starts its worker if it has none; the lock is held.
func (s *Sender) push(key laneKey, j *job) {
	if l := s.lanes[key]; l != nil {
		l.jobs = append(l.jobs, j)
		return
	}
	s.lanes[key] = &lane{jobs: []*job{j}}
	go s.work(key)
}

// work sends the jobs of one lane until it is empty.
func (s *Sender) work(key laneKey) {
	for {
		s.mu.Lock()
		l := s.lanes[key]
		if len(l.jobs) == 0 {
			delete(s.lanes, key)
			s.mu.Unlock()
			return
		}
		j := l.jobs[0]
		l.jobs = l.jobs[1:]
		s.mu.Unlock()
		s.attempt(j, 1, j.delay)
	}
}

// expect counts what is still to be delivered; the lock is held.
func (s *Sender) expect(n int) {
	if s.pending == 0 && n > 0 {
		s.idle = make(chan struct{})
	}
	s.pending += n
	if s.pending == 0 {
		close(s.idle)
	}
}

func (s *Sender) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expect(-1)
}
