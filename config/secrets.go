package config

import "errors"

// Secrets are several secrets of which each is good, such as the new and the old key of a webhook during a rotation. An entry
// that is a file may hold several, one on each line.
type Secrets []Secret

// IsSet reports whether there is any secret.
func (s Secrets) IsSet() bool { return len(s) > 0 }

// Reveal returns all values. There is at least one and none is empty; anything else is an error.
func (s Secrets) Reveal() ([]string, error) {
	var values []string
	for _, secret := range s {
		lines, err := secret.Lines()
		if err != nil {
			return nil, err
		}
		values = append(values, lines...)
	}
	if len(values) == 0 {
		return nil, errors.New("no secret is set")
	}
	return values, nil
}

// Matches reports whether candidate is one of the secrets. It compares with every one of them, in constant time.
func (s Secrets) Matches(candidate string) bool {
	values, err := s.Reveal()
	if err != nil {
		return false
	}
	found := false
	for _, value := range values {
		if sameText(value, candidate) {
			found = true
		}
	}
	return found
}
