package predicate

import (
	"maps"
	"slices"
	"time"
)

// kind is the type of a part of a condition.
type kind string

// The types there are.
const (
	kindBool kind = "bool"
	kindText kind = "string"
	kindInt  kind = "int"
	kindTime kind = "time"
	kindSet  kind = "set"
	kindDict kind = "dict"
	kindPair kind = "pair"
)

// set is a sorted list of distinct texts.
type set []string

func (s set) has(text string) bool {
	_, found := slices.BinarySearch(s, text)
	return found
}

// dict maps names to lists of texts, which become sets when they are read. It is shared with the facts and never changed.
type dict map[string][]string

type pair struct {
	key   string
	value set
}

const (
	// costLimit bounds one evaluation: about the number of bytes that are read or made.
	costLimit = 1 << 20
	// entryCost is what looking at one element costs besides its bytes.
	entryCost = 16
)

// run is one evaluation.
type run struct {
	facts *Facts
	cost  int
}

// charge accounts for work before it is done.
func (r *run) charge(n int) error {
	if n > costLimit-r.cost {
		r.cost = costLimit
		return errCost
	}
	r.cost += n
	return nil
}

func (r *run) text(s string) (any, error) {
	if err := r.charge(len(s)); err != nil {
		return nil, err
	}
	return s, nil
}

// chargeAll accounts for going through texts.
func (r *run) chargeAll(texts []string) error {
	for _, s := range texts {
		if err := r.charge(entryCost + len(s)); err != nil {
			return err
		}
	}
	return nil
}

// set returns the set of the texts.
func (r *run) set(texts []string) (any, error) {
	if err := r.chargeAll(texts); err != nil {
		return nil, err
	}
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return set(slices.Compact(sorted)), nil
}

// chargeDict accounts for copying a dict; its values are shared.
func (r *run) chargeDict(d dict) error { return r.charge((len(d) + 1) * entryCost) }

func (d dict) clone() dict {
	if d == nil {
		return dict{}
	}
	return maps.Clone(d)
}

func equal(a, b any) bool {
	if at, ok := a.(time.Time); ok {
		bt, ok := b.(time.Time)
		return ok && at.Equal(bt)
	}
	return a == b
}
