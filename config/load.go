package config

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"time"
)

// maxFile is the most a configuration file may hold.
const maxFile = 1 << 20

// Option changes how a file is loaded.
type Option func(*options)

type options struct {
	offline bool
	checks  []func(*Config, *Problems)
}

// Offline lets secret files, certificate files and environment variables that the file refers to be absent, so that a file can be
// checked on another machine than the one it is for.
func Offline() Option { return func(o *options) { o.offline = true } }

// Check adds a check of the whole configuration, such as the compilation of the conditions of routes, so that its faults are
// reported together with all others. It also runs on a file that has faults already.
func Check(check func(*Config, *Problems)) Option {
	return func(o *options) { o.checks = append(o.checks, check) }
}

func collect(list []Option) options {
	var o options
	for _, apply := range list {
		apply(&o)
	}
	return o
}

// Load reads and checks the configuration file. The kinds are the types of integrations by name. The error is an Error when the file
// has mistakes; it then holds all of them.
func Load(path string, kinds map[string]Kind, opts ...Option) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, kinds, opts...)
}

// Parse is Load for a file already read; name is its name in messages.
func Parse(name string, data []byte, kinds map[string]Kind, opts ...Option) (*Config, error) {
	p := NewProblems(name, opts...)
	if len(data) > maxFile {
		p.Add("", "", "the file is longer than %d bytes", maxFile)
		return nil, p.Err()
	}
	// Some editors begin a file with a byte order mark.
	root := parseDocument(bytes.TrimPrefix(data, []byte("\ufeff")), p)
	if root == nil {
		return nil, p.Err()
	}
	c := defaults()
	d := &decoder{problems: p, kinds: kinds}
	d.config(root, c)
	c.validate(p, kinds)
	for _, check := range collect(opts).checks {
		check(c, p)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	c.Warnings = ordered(p.to.warnings)
	return c, nil
}

// Decode reads a file of another kind than the configuration as strictly, such as the cases of a policy test, into the struct that v points
// to. It returns the faults it found, to which the caller may add its own at their places, and false when nothing could be read at all.
func Decode(name string, data []byte, v any) (*Problems, bool) {
	p := NewProblems(name)
	if len(data) > maxFile {
		p.Add("", "", "the file is longer than %d bytes", maxFile)
		return p, false
	}
	root := parseDocument(bytes.TrimPrefix(data, []byte("\ufeff")), p)
	if root == nil {
		return p, false
	}
	d := &decoder{problems: p}
	d.fields(root, reflect.ValueOf(v).Elem(), "")
	return p, true
}

// defaults returns the configuration that an empty file stands for.
func defaults() *Config {
	return &Config{
		Teleport: Teleport{Resync: Duration(5 * time.Minute), People: People{EmailTraits: []string{"email"}}},
		Server: Server{
			Listen:          ":8443",
			TLS:             TLS{MinVersion: "1.2"},
			RateLimit:       RateLimit{PerSecond: 100, Burst: 1000},
			ShutdownTimeout: Duration(20 * time.Second),
		},
		Admin:    Admin{Listen: "127.0.0.1:8081"},
		Timezone: "UTC",
		Audit:    Audit{Output: AuditStdout, MaxSize: 100 * Megabyte, Keep: 10},
	}
}
