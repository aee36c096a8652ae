package casebook

import (
	"slices"

	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
)

// monitoring are the Access Monitoring Rules of a file. There are no others.
type monitoring struct{ rules *recipients.Rules }

var _ policy.Monitoring = monitoring{}

// Select evaluates the rules.
func (m monitoring) Select(facts predicate.Facts) ([]recipients.Selection, []*recipients.Fault, bool) {
	selections, faults := m.rules.For(facts)
	return selections, faults, true
}

// Uses reports whether any rule uses the variable.
func (m monitoring) Uses(variable string) bool { return m.rules.Uses(variable) }

func (b *Book) monitoring(r Rules) monitoring {
	var list []recipients.Rule
	for _, rule := range b.Rules {
		if slices.Contains(r.Integrations, rule.Integration) {
			list = append(list, recipients.Rule{
				Name: rule.Name, Integration: rule.Integration, Recipients: rule.Recipients, Condition: rule.Condition,
			})
		}
	}
	return monitoring{rules: (*recipients.Rules)(nil).With(list)}
}
