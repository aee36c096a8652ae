package recipients

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/policy/predicate"
)

// Rule is one of Teleport's Access Monitoring Rules, as far as it says who is to be told of requests.
type Rule struct {
	// Name is the rule's name in Teleport, Revision tells its versions apart.
	Name, Revision string
	// Integration is the name of the integration that tells; Recipients are whom it tells, in the integration's own words.
	Integration string
	Recipients  []string
	// Condition says which requests the rule is for.
	Condition string
	// Active reports whether the rule's schedules hold the moment a request was made; nil for a rule without schedules.
	Active func(created time.Time) bool
	// Fault is why the rule cannot be used whatever its condition says; nil for most.
	Fault error
}

// Fault is a rule that cannot be evaluated and so selects nothing.
type Fault struct {
	// Rule and Revision say which one.
	Rule, Revision string
	// Err is why: a *predicate.Error when the condition must be mended.
	Err error
}

// Error names the rule.
func (f *Fault) Error() string {
	return fmt.Sprintf("access monitoring rule %q: %v", f.Rule, f.Err)
}

// Unwrap returns the reason.
func (f *Fault) Unwrap() error { return f.Err }

// Selection is what the rules say about one request and one integration.
type Selection struct {
	// Integration is the name of the integration that is to tell.
	Integration string
	// Recipients are whom it is to tell: those of all rules that apply, in the order of the rules' names, each once. They are
	// empty when the rules that apply name none.
	Recipients []string
	// Rules are the names of the rules that apply.
	Rules []string
}

// Rules is a set of compiled rules. It is never changed: With makes another one. The zero value and nil hold no rules.
type Rules struct {
	rules  []compiled
	faults []*Fault
}

type compiled struct {
	Rule

	condition *predicate.Condition
	err       error
}

var errNoIntegration = errors.New("the rule names no integration")

// With returns a set of the given rules, in the order of their names. Conditions that the receiver holds already, word for word,
// are not compiled again.
func (r *Rules) With(rules []Rule) *Rules {
	type done struct {
		condition *predicate.Condition
		err       error
	}
	known := map[string]done{}
	if r != nil {
		for _, c := range r.rules {
			if c.condition != nil || c.err != nil {
				known[c.Condition] = done{c.condition, c.err}
			}
		}
	}
	out := &Rules{}
	for _, rule := range rules {
		d, ok := known[rule.Condition]
		if !ok {
			d.condition, d.err = predicate.Compile(rule.Condition)
			known[rule.Condition] = d
		}
		out.rules = append(out.rules, compiled{Rule: rule, condition: d.condition, err: d.err})
	}
	slices.SortStableFunc(out.rules, func(a, b compiled) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range out.rules {
		if err := c.fault(); err != nil {
			out.faults = append(out.faults, &Fault{Rule: c.Name, Revision: c.Revision, Err: err})
		}
	}
	return out
}

// fault is why the rule can never be used; nil for a rule that can.
func (c compiled) fault() error {
	switch {
	case c.Fault != nil:
		return c.Fault
	case c.Integration == "":
		return errNoIntegration
	default:
		return c.err
	}
}

// Faults returns the rules that cannot be used, by name. They select nothing until somebody mends them.
func (r *Rules) Faults() []*Fault {
	if r == nil {
		return nil
	}
	return slices.Clone(r.faults)
}

// Len returns the number of rules, with those that cannot be used.
func (r *Rules) Len() int {
	if r == nil {
		return 0
	}
	return len(r.rules)
}

// Uses reports whether the condition of any rule names the variable, one of predicate's Var constants. What none uses need not be
// read from Teleport.
func (r *Rules) Uses(variable string) bool {
	return r != nil && slices.ContainsFunc(r.rules, func(c compiled) bool { return c.condition != nil && c.condition.Uses(variable) })
}

// For evaluates all rules over the facts of a request and returns a selection for each integration that a rule selects, in the
// order of the integrations' names. Faults are the rules that could not be evaluated for this request, because a value is not known or
// does not fit; they select nothing, and neither do the rules that Faults lists. Integration of the facts is set by the rule.
func (r *Rules) For(facts predicate.Facts) ([]Selection, []*Fault) {
	if r == nil {
		return nil, nil
	}
	found := map[string]*Selection{}
	told := map[string]*list{}
	var faults []*Fault
	for _, c := range r.rules {
		applies, err := c.applies(facts)
		if err != nil {
			faults = append(faults, &Fault{Rule: c.Name, Revision: c.Revision, Err: err})
			continue
		}
		if !applies {
			continue
		}
		if found[c.Integration] == nil {
			found[c.Integration], told[c.Integration] = &Selection{Integration: c.Integration}, &list{}
		}
		found[c.Integration].Rules = append(found[c.Integration].Rules, c.Name)
		told[c.Integration].add(c.Recipients...)
	}
	var out []Selection
	for name, selection := range found {
		selection.Recipients = told[name].names
		out = append(out, *selection)
	}
	slices.SortFunc(out, func(a, b Selection) int { return strings.Compare(a.Integration, b.Integration) })
	return out, faults
}

// applies is false without an error for a rule that is known not to be usable: Faults tells of it already.
func (c compiled) applies(facts predicate.Facts) (bool, error) {
	if c.fault() != nil {
		return false, nil
	}
	if c.Active != nil && !c.Active(facts.Created) {
		return false, nil
	}
	return c.condition.Matches(facts.For(c.Integration))
}
