package predicate

import "strings"

// match reports whether any text of a set matches.
func match(r *run, args []any) (any, error) {
	s, err := as[set](args[0])
	if err != nil {
		return nil, err
	}
	re, err := as[pattern](args[1])
	if err != nil {
		return nil, err
	}
	for _, text := range s {
		if err := r.charge(re.cost(text)); err != nil {
			return nil, err
		}
		if re.MatchString(text) {
			return true, nil
		}
	}
	return false, nil
}

// replace replaces every match in every text of a set. Texts without a match are left out, and so are those that become empty.
func replace(r *run, args []any) (any, error) {
	s, err := as[set](args[0])
	if err != nil {
		return nil, err
	}
	re, err := as[pattern](args[1])
	if err != nil {
		return nil, err
	}
	with, err := as[string](args[2])
	if err != nil {
		return nil, err
	}
	var out []string
	for _, text := range s {
		if err := r.charge(re.cost(text)); err != nil {
			return nil, err
		}
		replaced, err := expand(r, re, text, with)
		if err != nil {
			return nil, err
		}
		if replaced != "" {
			out = append(out, replaced)
		}
	}
	return r.set(out)
}

// expand is ReplaceAllString with a bound on what it makes, and empty for a text without a match.
func expand(r *run, re pattern, text, with string) (string, error) {
	if err := r.charge((len(text) + 1) * (re.NumSubexp() + 1)); err != nil {
		return "", err
	}
	found := re.FindAllStringSubmatchIndex(text, -1)
	if len(found) == 0 {
		return "", nil
	}
	var out []byte
	end := 0
	for _, m := range found {
		// Every reference in the replacement expands to no more than the match.
		if err := r.charge(len(with) + strings.Count(with, "$")*(m[1]-m[0])); err != nil {
			return "", err
		}
		out = append(out, text[end:m[0]]...)
		out = re.ExpandString(out, with, text, m)
		end = m[1]
	}
	return string(append(out, text[end:]...)), nil
}

// replaceAll replaces every occurrence of a text in a text or in every text of a set.
func replaceAll(r *run, args []any) (any, error) {
	words, err := all[string](args[1:])
	if err != nil {
		return nil, err
	}
	old, with := words[0], words[1]
	swap := func(text string) (string, error) {
		if err := r.charge(entryCost + len(text) + strings.Count(text, old)*len(with)); err != nil {
			return "", err
		}
		return strings.ReplaceAll(text, old, with), nil
	}
	if text, ok := args[0].(string); ok {
		return swap(text)
	}
	s, err := as[set](args[0])
	if err != nil {
		return nil, err
	}
	out := make([]string, len(s))
	for i, text := range s {
		if out[i], err = swap(text); err != nil {
			return nil, err
		}
	}
	return r.set(out)
}

// split cuts every text of a set and returns all parts.
func split(r *run, s set, separator string) (any, error) {
	var out []string
	for _, text := range s {
		if err := r.charge(entryCost*(strings.Count(text, separator)+1) + len(text)); err != nil {
			return nil, err
		}
		out = append(out, strings.Split(text, separator)...)
	}
	return r.set(out)
}
