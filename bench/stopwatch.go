package main

import (
	"net/http"
	"sync"
	"time"
)

// stopwatch is a transport that measures how long each answer takes.
type stopwatch struct {
	next *http.Transport

	mu    sync.Mutex
	taken samples
	bad   int
}

// RoundTrip sends one delivery and notes how long its answer took, if it was taken.
func (s *stopwatch) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := s.next.RoundTrip(req)
	took := time.Since(start)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || resp.StatusCode != http.StatusOK {
		s.bad++
		return resp, err
	}
	s.taken = append(s.taken, took)
	return resp, nil
}

// reset returns what was measured since the last reset: the answers' times, and how many deliveries were not taken.
func (s *stopwatch) reset() (taken samples, bad int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken, bad = s.taken, s.bad
	s.taken, s.bad = nil, 0
	return taken, bad
}
