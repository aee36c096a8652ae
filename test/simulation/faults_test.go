package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// mishap is a way in which a call goes wrong.
type mishap string

// The mishaps of calls. A number instead is a status that is answered and nothing done; with mishapAfter before it, it is answered after
// the effect.
const (
	// mishapRefused reaches nobody.
	mishapRefused mishap = "refused"
	// mishapLost has its effect, and the answer is lost.
	mishapLost mishap = "lost"
	// mishapHang is never answered and has no effect, mishapHangAfter has one.
	mishapHang      mishap = "hang"
	mishapHangAfter mishap = "hang-after"
	// mishapLate is carried out some time later, whether the caller still waits or not.
	mishapLate mishap = "late"
	// mishapSlow takes a while.
	mishapSlow mishap = "slow"
	// mishapGarbled is answered by something that is no answer, after the effect.
	mishapGarbled mishap = "garbled"
	// mishapConflict is a compare-and-swap that is lost without anybody having won it.
	mishapConflict mishap = "conflict"
	// mishapAfter stands before a status.
	mishapAfter = "after-"
)

var errReset = errors.New("connection reset by peer")

// fault is a stretch of time in which calls go wrong.
type fault struct {
	id    int
	where string
	// writes spares calls that only read.
	writes bool
	what   mishap
	share  int
	until  time.Time
}

// faults are those of a history.
type faults struct {
	chance *chance

	mu     sync.Mutex
	active []fault
}

func (f *faults) add(added fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = append(f.active, added)
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
}

// struck is what happens to one call; nothing where what is empty.
type struck struct {
	what mishap
	// after is how long what takes time takes.
	after time.Duration
}

// strikes finds what goes wrong with one call.
func (f *faults) strikes(where string, write bool, key string) struck {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.active {
		chance := strconv.Itoa(a.id) + "/" + key
		if a.where == where && time.Now().Before(a.until) && (write || !a.writes) && f.chance.percent(a.share, chance) {
			return struck{what: a.what, after: f.chance.between(time.Second, callTimeout+applyWithin-2*time.Second, chance+"/after")}
		}
	}
	return struck{}
}

// spoil lets a call happen as the fault wants it. There is the way to the vendor, answer is the vendor's.
func (s struck) spoil(req *http.Request, there func() error, answer func() (*http.Response, error)) (*http.Response, error) {
	hang := func() (*http.Response, error) { <-req.Context().Done(); return nil, req.Context().Err() }
	switch s.what {
	case mishapRefused:
		return nil, errors.New("connection refused")
	case mishapHang:
		return hang()
	case mishapLate:
		return s.late(req, answer)
	case mishapSlow:
		if err := wait(req.Context(), s.after/2); err != nil {
			return nil, err
		}
	default:
	}
	if err := there(); err != nil {
		return nil, err
	}
	if status, err := strconv.Atoi(string(s.what)); err == nil {
		return refusal(req, status, s.after), nil
	}
	resp, err := answer()
	if err != nil {
		return nil, err
	}
	switch s.what {
	case "", mishapSlow:
		return resp, nil
	case mishapLost:
		return nil, errReset
	case mishapHangAfter:
		return hang()
	case mishapGarbled:
		return answered(req, resp.StatusCode, "", "<html>this is no answer</html>"), nil
	default:
	}
	var status int
	if _, err := fmt.Sscanf(string(s.what), mishapAfter+"%d", &status); err == nil {
		return refusal(req, status, s.after), nil
	}
	return resp, nil
}

// late carries the call out after a while, and answers if somebody still waits.
func (s struck) late(req *http.Request, answer func() (*http.Response, error)) (*http.Response, error) {
	done := make(chan *http.Response, 1)
	time.AfterFunc(s.after, func() {
		resp, _ := answer() //nolint:bodyclose // Whoever still waits closes it.
		done <- resp
	})
	select {
	case resp := <-done:
		return resp, nil
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	}
}

// refusal is the vendor's, or that of a proxy before it.
func refusal(req *http.Request, status int, after time.Duration) *http.Response {
	retry := ""
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && after > 10*time.Second {
		retry = strconv.Itoa(int(after.Seconds()))
	}
	return answered(req, status, retry, "")
}
