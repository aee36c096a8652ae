package alerting

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// store holds the alerts. A stored *Alert is never changed: a write replaces it by a changed copy, so that readers need no
// lock for theirs.
type store struct {
	mu      sync.RWMutex
	alerts  []*Alert // in order of creation
	shots   [][]shot // what each alert looked like, oldest first
	byID    map[string]int
	byAlias map[string][]int // every alert that ever had the alias
	last    time.Time
}

// shot is an alert as it was from a moment on.
type shot struct {
	at    time.Time
	alert *Alert
}

// Ref names one alert.
type Ref struct {
	// Type is "id", "tiny" or "alias"; empty means id.
	Type, Value string
}

// ByID and ByAlias make references.
func ByID(id string) Ref { return Ref{Type: "id", Value: id} }

// ByAlias is the newest open alert with the alias or, where none is open, the newest closed one.
func ByAlias(alias string) Ref { return Ref{Type: "alias", Value: alias} }

// stamp is now, but later than every stamp before: the order of changes shows in their times. The lock is held.
func (st *store) stamp(now time.Time) time.Time {
	if !now.After(st.last) {
		now = st.last.Add(1)
	}
	st.last = now
	return now
}

// find is the position of an alert; the lock is held.
func (st *store) find(ref Ref, openOnly bool) (int, bool) {
	switch ref.Type {
	case "tiny":
		n, err := strconv.Atoi(ref.Value)
		if err != nil || n < 1 || n > len(st.alerts) {
			return 0, false
		}
		return n - 1, !st.alerts[n-1].Deleted
	case "alias":
		newest, found := 0, false
		for _, i := range st.byAlias[ref.Value] {
			if alert := st.alerts[i]; alert.Open() && !alert.Deleted {
				return i, true
			} else if !alert.Deleted && !openOnly {
				newest, found = i, true
			}
		}
		return newest, found
	default:
		i, found := st.byID[ref.Value]
		return i, found && !st.alerts[i].Deleted
	}
}

// add keeps a new alert; the lock is held.
func (st *store) add(alert *Alert) {
	st.alerts = append(st.alerts, alert)
	st.shots = append(st.shots, []shot{{alert.Created, alert}})
	st.byID[alert.ID] = alert.seq
	st.byAlias[alert.Alias] = append(st.byAlias[alert.Alias], alert.seq)
}

// replace puts a changed copy in the place of an alert; the lock is held.
func (st *store) replace(next *Alert) {
	st.alerts[next.seq] = next
	st.shots[next.seq] = append(st.shots[next.seq], shot{next.Updated, next})
}

// Get finds an alert. Reading one always shows its newest state.
func (a *Account) Get(ref Ref) (Alert, bool) {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	i, found := a.store.find(ref, a.opt.OpenAliasOnly)
	if !found {
		return Alert{}, false
	}
	return *a.store.alerts[i], true
}

// Alert finds an alert by id, tiny id or alias, whichever it is; of several with the alias the newest, an open one first.
func (a *Account) Alert(which string) (Alert, bool) {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	for _, kind := range []string{"id", "alias", "tiny"} {
		if i, found := a.store.find(Ref{kind, which}, false); found {
			return *a.store.alerts[i], true
		}
	}
	return Alert{}, false
}

// Alerts lists all alerts that were not deleted, oldest first.
func (a *Account) Alerts() []Alert {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	var out []Alert
	for _, alert := range a.store.alerts {
		if !alert.Deleted {
			out = append(out, *alert)
		}
	}
	return out
}

// indexed lists the alerts as the search sees them now.
func (a *Account) indexed() []*Alert {
	until := a.now().Add(-a.opt.IndexLag)
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	var out []*Alert
	for i, alert := range a.store.alerts {
		if a.opt.IndexLag > 0 {
			alert = nil
			for _, s := range slices.Backward(a.store.shots[i]) {
				if !s.at.After(until) {
					alert = s.alert
					break
				}
			}
		}
		if alert != nil && !alert.Deleted {
			out = append(out, alert)
		}
	}
	return out
}
