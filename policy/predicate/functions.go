package predicate

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// functions returns what a condition may call by name.
func functions() map[string][]overload {
	out := map[string][]overload{
		"set":            {{rest: kindText, result: kindSet, call: makeSet}},
		"union":          {{rest: kindSet, result: kindSet, call: union}},
		"dict":           {{rest: kindPair, result: kindDict, call: makeDict}},
		"pair":           {two(kindText, kindSet, kindPair, func(_ *run, key string, value set) (any, error) { return pair{key, value}, nil })},
		"contains":       {two(kindSet, kindText, kindBool, contains)},
		"equals":         {two(kindText, kindText, kindBool, func(_ *run, a, b string) (any, error) { return a == b, nil })},
		"is_empty":       {one(kindSet, kindBool, isEmpty)},
		"strings.upper":  each(func(s string) string { return strings.ToUpper(s) }),
		"strings.lower":  each(func(s string) string { return strings.ToLower(s) }),
		"strings.split":  {two(kindSet, kindText, kindSet, split)},
		"email.local":    {one(kindSet, kindSet, emailLocal)},
		"time.RFC3339":   {one(kindText, kindTime, parseTime)},
		"regexp.match":   {{params: []kind{kindSet, kindText}, result: kindBool, pattern: 1, compile: globOrRegexp, call: match}},
		"regexp.replace": {{params: []kind{kindSet, kindText, kindText}, result: kindSet, pattern: 1, compile: anyRegexp, call: replace}},
		"strings.replaceall": {
			{params: []kind{kindSet, kindText, kindText}, result: kindSet, call: replaceAll},
			{params: []kind{kindText, kindText, kindText}, result: kindText, call: replaceAll},
		},
	}
	for _, name := range []string{"contains_any", "contains_all", "before", "after", "between"} {
		out[name] = methods()[name]
	}
	return out
}

// methods returns what a condition may call on a value.
func methods() map[string][]overload {
	return map[string][]overload{
		"contains":     {two(kindSet, kindText, kindBool, contains)},
		"contains_any": {two(kindSet, kindSet, kindBool, containsAny)},
		"contains_all": {two(kindSet, kindSet, kindBool, containsAll)},
		"isempty":      {one(kindSet, kindBool, isEmpty)},
		"add":          {{params: []kind{kindSet}, rest: kindText, result: kindSet, call: add}},
		"remove": {
			{params: []kind{kindSet}, rest: kindText, result: kindSet, call: remove},
			{params: []kind{kindDict}, rest: kindText, result: kindDict, call: removeKeys},
		},
		"put":        {{params: []kind{kindDict, kindText, kindSet}, result: kindDict, call: put}},
		"add_values": {{params: []kind{kindDict, kindText}, rest: kindText, result: kindDict, call: addValues}},
		"before":     {two(kindTime, kindTime, kindBool, func(_ *run, a, b time.Time) (any, error) { return a.Before(b), nil })},
		"after":      {two(kindTime, kindTime, kindBool, func(_ *run, a, b time.Time) (any, error) { return a.After(b), nil })},
		"between":    {{params: []kind{kindTime, kindTime, kindTime}, result: kindBool, call: between}},
	}
}

func one[A any](a, result kind, f func(*run, A) (any, error)) overload {
	return overload{params: []kind{a}, result: result, call: func(r *run, args []any) (any, error) {
		first, err := as[A](args[0])
		if err != nil {
			return nil, err
		}
		return f(r, first)
	}}
}

func two[A, B any](a, b, result kind, f func(*run, A, B) (any, error)) overload {
	return overload{params: []kind{a, b}, result: result, call: func(r *run, args []any) (any, error) {
		first, err := as[A](args[0])
		if err != nil {
			return nil, err
		}
		second, err := as[B](args[1])
		if err != nil {
			return nil, err
		}
		return f(r, first, second)
	}}
}

// each applies f to a text or to every text of a set.
func each(f func(string) string) []overload {
	return []overload{
		one(kindSet, kindSet, func(r *run, s set) (any, error) {
			if err := r.chargeAll(s); err != nil {
				return nil, err
			}
			out := make([]string, len(s))
			for i, text := range s {
				out[i] = f(text)
			}
			return r.set(out)
		}),
		one(kindText, kindText, func(r *run, s string) (any, error) {
			if err := r.charge(len(s)); err != nil {
				return nil, err
			}
			return r.text(f(s))
		}),
	}
}

// all returns the arguments from the given one on.
func all[T any](args []any) ([]T, error) {
	out := make([]T, len(args))
	for i, arg := range args {
		typed, err := as[T](arg)
		if err != nil {
			return nil, err
		}
		out[i] = typed
	}
	return out, nil
}

func makeSet(r *run, args []any) (any, error) {
	texts, err := all[string](args)
	if err != nil {
		return nil, err
	}
	return r.set(texts)
}

func union(r *run, args []any) (any, error) {
	sets, err := all[set](args)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, s := range sets {
		if err := r.charge(len(s) * entryCost); err != nil {
			return nil, err
		}
		texts = append(texts, s...)
	}
	return r.set(texts)
}

func contains(r *run, s set, text string) (any, error) {
	return s.has(text), r.charge(entryCost + len(text))
}

func containsAny(r *run, s, items set) (any, error) {
	return slices.ContainsFunc(items, s.has), r.chargeAll(items)
}

// containsAll is false for no items: a rule for "all roles are among these" does not select a request without roles.
func containsAll(r *run, s, items set) (any, error) {
	missing := func(item string) bool { return !s.has(item) }
	return len(items) > 0 && !slices.ContainsFunc(items, missing), r.chargeAll(items)
}

func isEmpty(_ *run, s set) (any, error) { return len(s) == 0, nil }

func add(r *run, args []any) (any, error) {
	s, err := as[set](args[0])
	if err != nil {
		return nil, err
	}
	more, err := all[string](args[1:])
	if err != nil {
		return nil, err
	}
	return r.set(slices.Concat(s, more))
}

func remove(r *run, args []any) (any, error) {
	s, err := as[set](args[0])
	if err != nil {
		return nil, err
	}
	gone, err := all[string](args[1:])
	if err != nil {
		return nil, err
	}
	if err := r.charge((len(s) + 1) * (len(gone) + 1) * entryCost); err != nil {
		return nil, err
	}
	return r.set(slices.DeleteFunc(slices.Clone(s), func(text string) bool { return slices.Contains(gone, text) }))
}

func between(_ *run, args []any) (any, error) {
	times, err := all[time.Time](args)
	if err != nil {
		return nil, err
	}
	from, until := times[1], times[2]
	if from.After(until) {
		from, until = until, from
	}
	return times[0].After(from) && times[0].Before(until), nil
}

func parseTime(_ *run, text string) (any, error) {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("time.RFC3339: %w", err)
	}
	return moment, nil
}

func emailLocal(r *run, s set) (any, error) {
	if err := r.chargeAll(s); err != nil {
		return nil, err
	}
	var out []string
	for _, text := range s {
		address, err := mail.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("email.local: %q is no e-mail address: %w", text, err)
		}
		at := strings.LastIndexByte(address.Address, '@')
		out = append(out, address.Address[:max(at, 0)])
	}
	return r.set(out)
}
