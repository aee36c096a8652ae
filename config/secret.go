package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"
)

// hidden is what a secret looks like wherever it is printed.
const hidden = "(secret)"

// Secret is a password, token or key: given in the file itself, in an environment variable, or in a file of its own. It is live:
// Reveal looks at the environment, or at the file if it changed, each time. However it is printed, encoded or logged, only a
// placeholder appears. The zero value is no secret. Secrets cannot be compared with == or be keys of a map, the compiler refuses it:
// use Matches, whose time says nothing about the secret.
type Secret struct {
	_ [0]func() // a function compares with nothing
	// Where fmt walks private fields it calls no methods, and follows one pointer but not two.
	from *handle
}

type handle struct{ source *source }

// source says where a secret comes from; exactly one field is set.
type source struct {
	literal string
	env     string
	file    *secretFile
}

var envReference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// NewSecret returns a secret with the given value; no secret if the value is empty.
func NewSecret(literal string) Secret {
	if literal == "" {
		return Secret{}
	}
	return from(source{literal: literal})
}

// SecretFile returns a secret that is read from a file, again whenever the file changes.
func SecretFile(path string) Secret {
	return from(source{file: &secretFile{path: path}})
}

// SecretEnv returns a secret that is read from an environment variable each time.
func SecretEnv(name string) Secret {
	return from(source{env: name})
}

func from(s source) Secret { return Secret{from: &handle{source: &s}} }

// IsSet reports whether there is a secret at all. It does not look at the file or the environment.
func (s Secret) IsSet() bool { return s.from != nil }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.from == nil }

// Reveal returns the secret itself. White space around the content of a file is not part of it. A missing or empty secret is an
// error, which names the file or variable and never the value.
func (s Secret) Reveal() (string, error) {
	if s.from == nil {
		return "", errors.New("no secret is set")
	}
	switch from := s.from.source; {
	case from.file != nil:
		text, err := from.file.read()
		if err != nil {
			return "", err
		}
		if text = strings.TrimSpace(text); text == "" {
			return "", fmt.Errorf("secret file %s is empty", from.file.path)
		}
		return text, nil
	case from.env != "":
		text := os.Getenv(from.env)
		if text == "" {
			return "", fmt.Errorf("environment variable %s is not set or empty", from.env)
		}
		return text, nil
	default:
		return from.literal, nil
	}
}

// Lines returns the values of a secret that may hold several, such as the new and the old key during a rotation: one on each
// line of its file. Blank lines and lines that begin with # are skipped. A secret that is not in a file is one value.
func (s Secret) Lines() ([]string, error) {
	text, err := s.Reveal()
	if err != nil {
		return nil, err
	}
	file := s.from.source.file
	if file == nil {
		return []string{text}, nil
	}
	var values []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			values = append(values, line)
		}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("secret file %s holds no secret, only comments", file.path)
	}
	return values, nil
}

// Matches reports whether candidate is the secret, in a time that does not depend on how much of it is right. A secret that
// cannot be read matches nothing.
func (s Secret) Matches(candidate string) bool {
	value, err := s.Reveal()
	return sameText(value, candidate) && err == nil
}

// sameText compares digests, so that not even the lengths can be told from the time it takes. Nothing equals an empty text.
func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1 && a != ""
}

// UnmarshalText takes the value from the file: the secret itself, or ${NAME} for an environment variable.
func (s *Secret) UnmarshalText(text []byte) error {
	value := string(text)
	if strings.TrimSpace(value) == "" {
		return errors.New("is an empty secret: give one or remove the line")
	}
	if match := envReference.FindStringSubmatch(value); match != nil {
		*s = SecretEnv(match[1])
		return nil
	}
	if strings.HasPrefix(value, "${") && strings.HasSuffix(value, "}") {
		return errors.New("is not the name of an environment variable: write ${NAME} with letters, digits and _")
	}
	*s = NewSecret(value)
	return nil
}

// String returns a placeholder, or nothing where no secret is set.
func (s Secret) String() string {
	if s.from == nil {
		return ""
	}
	return hidden
}

// GoString returns the same placeholder as String.
func (s Secret) GoString() string { return s.String() }

// Format prints the same placeholder as String for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue logs the same placeholder as String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText writes the same placeholder as String. JSON and YAML encoders use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// JSONSchema describes a secret in the file.
func (Secret) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	return &jsonschema.Schema{Type: "string", MinLength: &one, Description: "A secret, or ${NAME} to take it from the environment."}
}
