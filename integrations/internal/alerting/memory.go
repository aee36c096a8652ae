package alerting

import (
	"sync"
	"time"
)

const (
	// maxKept bounds the alerts that are remembered.
	maxKept = 10_000
	// pendingFor is how long an alert may take to be made. After that it is looked for as if nothing were known of it.
	pendingFor = 15 * time.Minute
	// firstPause is how long a product that takes its time is left alone before it is asked what became of a request; twice as long after
	// each time but the first that this was in vain, at most mostPause.
	firstPause = 1500 * time.Millisecond
	mostPause  = 30 * time.Second
	// slowFor is how long a product counts as one that takes its time, after it was seen to do so.
	slowFor = time.Hour
)

// kept is what this process knows of an alert. It saves calls; what is forgotten costs them.
type kept struct {
	// id is the alert's own id, once it was read.
	id string
	// request is the id of the request that is to make it, at is when the last request was sent.
	request string
	at      time.Time
	// fresh is true for an alert that this process has asked for and not tried to close yet.
	fresh bool
	// closing is the closing note that was accepted last, ending the id of the request that is to close the alert, while it is not known
	// to be done. closings is how many were accepted.
	closing, ending string
	closings        int
	// vain is how many times it was asked in vain what became of the last request; until askAt asking again is pointless.
	vain  int
	askAt time.Time
}

// memory is what is known of alerts, by alias. The zero value is ready.
type memory struct {
	mu     sync.Mutex
	alerts map[string]kept
	// slow is when a request was last found not to be carried out yet.
	slow time.Time
	// watched is true while a look at closings is to come or under way.
	watched bool
}

func (m *memory) get(alias string) kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.alerts[alias]
}

// change replaces what is known of an alert; nothing known is not kept.
func (m *memory) change(alias string, change func(*kept)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.alerts[alias]
	change(&k)
	if k == (kept{}) {
		delete(m.alerts, alias)
		return
	}
	if m.alerts == nil {
		m.alerts = make(map[string]kept)
	}
	if _, ok := m.alerts[alias]; !ok && len(m.alerts) >= maxKept {
		for other := range m.alerts { // any one: all it costs is a call
			delete(m.alerts, other)
			break
		}
	}
	m.alerts[alias] = k
}

// takeFresh reports whether the alert is fresh, and ends that.
func (m *memory) takeFresh(alias string) bool {
	fresh := false
	m.change(alias, func(k *kept) { fresh, k.fresh = k.fresh, false })
	return fresh
}

// accepted changes what is known of an alert whose request was accepted just now. What became of it can be asked at once, unless the product
// takes its time.
func (m *memory) accepted(alias string, change func(*kept)) {
	m.change(alias, func(k *kept) {
		change(k)
		k.at, k.vain, k.askAt = time.Now(), 0, time.Time{}
		if k.at.Sub(m.slow) < slowFor {
			k.askAt = k.at.Add(firstPause)
		}
	})
}

// inVain notes that the last request of an alert is not carried out yet, and returns how long to leave it alone.
func (m *memory) inVain(alias string) (pause time.Duration) {
	m.change(alias, func(k *kept) {
		m.slow = time.Now()
		pause = min(firstPause<<min(k.vain, 10), mostPause)
		k.vain, k.askAt = k.vain+1, m.slow.Add(pause)
	})
	return pause
}

// watch reports whether a look at closings has to be arranged for: none is to come.
func (m *memory) watch() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.watched
	m.watched = true
	return !before
}

// watchOn is watch after a look: it reports whether there are closings left to look at, and ends the watching if not.
func (m *memory) watchOn() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watched = false
	for _, k := range m.alerts {
		m.watched = m.watched || k.unconfirmed()
	}
	return m.watched
}

// endings are the ids, by alias, of alerts whose closing was accepted until a time and is not known to be done.
func (m *memory) endings(until time.Time) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	due := map[string]string{}
	for alias, k := range m.alerts {
		if k.unconfirmed() && !k.at.After(until) {
			due[alias] = k.id
		}
	}
	return due
}

// unconfirmed reports whether a closing of the alert was accepted that is not known to be done.
func (k kept) unconfirmed() bool { return k.ending != "" && k.id != "" }

// pending reports whether the alert was asked for and may still be made.
func (k kept) pending(now time.Time) bool { return k.request != "" && k.recent(now) }

// recent reports whether the last request may still be carried out.
func (k kept) recent(now time.Time) bool { return now.Sub(k.at) < pendingFor }
