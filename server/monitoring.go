package server

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
	"github.com/accessbridge/accessbridge/teleport"
)

// faultLife is how long a rule counts as faulty after it could not be evaluated for a request.
const faultLife = time.Hour

// ruleCache is what teleport.Rules knows.
type ruleCache interface {
	All() []teleport.MonitoringRule
	State() teleport.RulesState
}

// monitoring keeps Teleport's Access Monitoring Rules compiled, those that name an integration of the configuration, and remembers which of
// them cannot be evaluated.
type monitoring struct {
	cache ruleCache
	// names are the integrations of the configuration.
	names map[string]bool
	log   *slog.Logger

	mu    sync.RWMutex
	rules *recipients.Rules
	// known is false as long as it is not known which rules there are.
	known bool
	// strangers are the integrations that rules name and the configuration does not.
	strangers []string
	// failed are the rules that could not be evaluated for a request, by name.
	failed map[string]RuleFault
	// said holds the name and revision of every faulty rule that was logged.
	said map[[2]string]bool
}

// RuleFault is an Access Monitoring Rule that cannot be evaluated and selects nothing.
type RuleFault struct {
	Rule     string `json:"rule"`
	Revision string `json:"revision,omitempty"`
	Error    string `json:"error"`
	// At is when it last could not be evaluated for a request; zero for a rule that no request can be evaluated by.
	At time.Time `json:"at,omitzero"`
}

// newMonitoring returns an empty set of rules. Refresh fills it.
func newMonitoring(cfg *config.Config, cache ruleCache, log *slog.Logger) *monitoring {
	m := &monitoring{cache: cache, names: map[string]bool{}, log: log, failed: map[string]RuleFault{}, said: map[[2]string]bool{}}
	for _, i := range cfg.Integrations {
		m.names[i.Name] = true
	}
	return m
}

// refresh takes over the rules as Teleport has them now. What has not changed is not compiled again.
func (m *monitoring) refresh() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = m.cache.State().Settled
	var ours []recipients.Rule
	current, strangers := map[[2]string]bool{}, map[string]bool{}
	for _, rule := range m.cache.All() {
		if !m.names[rule.Integration] {
			strangers[rule.Integration] = true
			continue
		}
		ours = append(ours, recipients.Rule(rule))
		current[[2]string{rule.Name, rule.Revision}] = true
	}
	m.rules, m.strangers = m.rules.With(ours), slices.Sorted(maps.Keys(strangers))
	maps.DeleteFunc(m.said, func(key [2]string, _ bool) bool { return !current[key] })
	maps.DeleteFunc(m.failed, func(_ string, f RuleFault) bool { return !current[[2]string{f.Rule, f.Revision}] })
	for _, f := range m.rules.Faults() {
		m.say(f)
	}
}

// say logs a faulty rule once for each of its revisions. The lock must be held.
func (m *monitoring) say(f *recipients.Fault) {
	key := [2]string{f.Rule, f.Revision}
	if m.said[key] {
		return
	}
	m.said[key] = true
	m.log.Warn("access monitoring rule cannot be evaluated, it selects nothing", "rule", f.Rule, "revision", f.Revision, "error", f.Err)
}

// Select evaluates the rules, as policy.Monitoring asks.
func (m *monitoring) Select(facts predicate.Facts) ([]recipients.Selection, []*recipients.Fault, bool) {
	m.mu.RLock()
	rules, known := m.rules, m.known
	m.mu.RUnlock()
	if !known {
		return nil, nil, false
	}
	selections, faults := rules.For(facts)
	if len(faults) > 0 {
		m.fail(rules, faults)
	}
	return selections, faults, true
}

// fail remembers rules that could not be evaluated for a request, unless they have been changed meanwhile.
func (m *monitoring) fail(rules *recipients.Rules, faults []*recipients.Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rules != rules {
		return
	}
	for _, f := range faults {
		m.failed[f.Rule] = RuleFault{Rule: f.Rule, Revision: f.Revision, Error: f.Err.Error(), At: time.Now().UTC()}
		m.say(f)
	}
}

// Uses reports whether any rule uses the variable.
func (m *monitoring) Uses(variable string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.rules.Uses(variable)
}

// faults lists the rules that no request can be evaluated by, and those that lately could not be evaluated for one.
func (m *monitoring) faults() []RuleFault {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []RuleFault
	for _, f := range m.rules.Faults() {
		list = append(list, RuleFault{Rule: f.Rule, Revision: f.Revision, Error: f.Err.Error()})
	}
	for _, f := range m.failed {
		if time.Since(f.At) < faultLife {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b RuleFault) int { return cmp.Compare(a.Rule, b.Rule) })
	return list
}

// RulesStatus is what is known of Teleport's Access Monitoring Rules.
type RulesStatus struct {
	// Known is false as long as it is not known which rules there are; nothing new is opened that they may speak of.
	Known bool `json:"known"`
	// Readable is false when Teleport does not let them be read, or has none; then they select nothing.
	Readable  bool   `json:"readable"`
	LastError string `json:"last_error,omitempty"`
	// Rules counts those that name an integration of the configuration, Strangers are the other integrations that rules name.
	Rules     int         `json:"rules"`
	Strangers []string    `json:"strangers,omitempty"`
	Faults    []RuleFault `json:"faults,omitempty"`
}

func (m *monitoring) status() *RulesStatus {
	if m == nil {
		return nil
	}
	faults, state := m.faults(), m.cache.State()
	m.mu.RLock()
	defer m.mu.RUnlock()
	return &RulesStatus{
		Known: m.known, Readable: state.Available, LastError: state.LastError, Rules: m.rules.Len(), Strangers: m.strangers, Faults: faults,
	}
}

// findings tells, for a check, what reading the rules gave.
func (m *monitoring) findings(err error) []bridge.Finding {
	state := m.cache.State()
	switch {
	case err != nil && !state.Settled:
		return []bridge.Finding{{What: fmt.Sprintf("Access Monitoring Rules could not be read: %v", err), Mend: "try again; until they can be read nothing is opened that they may speak of"}}
	case err != nil:
		return []bridge.Finding{{
			What: fmt.Sprintf("may not read Access Monitoring Rules, so none of them routes a request: %v", err),
			Mend: "give the role list and read on access_monitoring_rule, or leave access_monitoring_rules out of routing",
		}}
	}
	found := []bridge.Finding{{OK: true, What: "may read Access Monitoring Rules; for the integrations here there are " + strconv.Itoa(m.rules.Len())}}
	for _, name := range m.strangers {
		found = append(found, bridge.Finding{OK: true, What: fmt.Sprintf("rules for %q are left alone: no integration here has that name", name)})
	}
	for _, f := range m.rules.Faults() {
		found = append(found, bridge.Finding{What: f.Error() + "; it selects nothing", Mend: "mend the rule in Teleport"})
	}
	return found
}

// readRules reads the rules once, for a command; nil when the configuration asks none.
func readRules(ctx context.Context, cfg *config.Config, client *teleport.Client, log *slog.Logger) (*monitoring, error) {
	if !cfg.Heeds(config.RoutingRules) {
		return nil, nil
	}
	cache := teleport.NewRules(client, teleport.RulesOptions{Log: log})
	err := cache.Load(ctx)
	m := newMonitoring(cfg, cache, log)
	m.refresh()
	return m, err
}
