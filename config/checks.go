package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Required reports a field that has its zero value, or is an empty list or map. It returns whether the field is there.
func (p *Problems) Required(path string, value any) bool {
	v := reflect.ValueOf(value)
	missing := !v.IsValid() || v.IsZero()
	if !missing && (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) {
		missing = v.Len() == 0
	}
	if missing {
		p.Add(path, "add it", "is required")
	}
	return !missing
}

// OneOf reports a value that is not one of those allowed. An empty value is left to Required.
func (p *Problems) OneOf(path, value string, allowed ...string) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	p.Add(path, suggestion(value, allowed), "%q is not a value it can have", value)
}

// Duration reports a duration that is out of bounds; a bound of zero is none.
func (p *Problems) Duration(path string, value Duration, least, most time.Duration) {
	if value.Std() < least {
		p.Add(path, "use at least "+Duration(least).String(), "%s is too short", value)
	}
	if most > 0 && value.Std() > most {
		p.Add(path, "use at most "+Duration(most).String(), "%s is too long", value)
	}
}

// URL reports an address that is not absolute, has another scheme than those allowed (https when none are named), or carries
// user, password, query or fragment. It returns the address, or nil when it is empty or faulty.
func (p *Problems) URL(path, value string, schemes ...string) *url.URL {
	if value == "" {
		return nil
	}
	if len(schemes) == 0 {
		schemes = []string{"https"}
	}
	mend := "write it as " + schemes[0] + "://host/path"
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		// The parser's own message would quote the whole value, which may hold a password.
		p.Add(path, mend, "is not an address")
		return nil
	case u.User != nil:
		p.Add(path, "use the fields for credentials", "must not carry a user or password")
		return nil
	case !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		p.Add(path, mend, "must begin with %s, not %s://", strings.Join(schemes, ":// or ")+"://", u.Scheme)
		return nil
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		p.Add(path, "remove what follows the path", "must not have a query or fragment")
		return nil
	}
	return u
}

// HostPort reports a value that is not the host:port of a server to call. It returns the host.
func (p *Problems) HostPort(path, value string) (host string, ok bool) {
	return p.hostPort(path, value, 1)
}

// Listen reports a value that is not the host:port to listen on; port 0 picks a free one. It returns the host.
func (p *Problems) Listen(path, value string) (host string, ok bool) {
	return p.hostPort(path, value, 0)
}

func (p *Problems) hostPort(path, value string, least uint64) (host string, ok bool) {
	if value == "" {
		return "", false
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		p.Add(path, "write host:port, an IPv6 address in brackets", "%q is not host:port", value)
		return "", false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < least {
		p.Add(path, fmt.Sprintf("use a port from %d to 65535", least), "%q has no valid port", value)
		return "", false
	}
	return host, true
}

// File reports a file that cannot be read, or is a folder; never when files may be absent.
func (p *Problems) File(path, name string) {
	if name == "" || p.Offline() {
		return
	}
	if message := unreadable(name); message != "" {
		p.Add(path, "check the path and the permissions", "%s", message)
	}
}

// unreadable says why a file cannot be read; empty if it can.
func unreadable(name string) string {
	file, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err.Error()
	}
	if info.IsDir() {
		return name + " is a folder, not a file"
	}
	return ""
}

// Secret resolves a secret that is given either inline at path, or in a file at path with _file added. It reports when both are
// given, and, unless files may be absent, when the secret cannot be read or is empty. Neither given is no fault: the result is
// not set.
func (p *Problems) Secret(path string, inline Secret, file string) Secret {
	secret, at := inline, path
	if file != "" {
		if inline.IsSet() {
			p.bothForms(path)
		}
		secret, at = SecretFile(file), path+"_file"
	}
	if secret.IsSet() && !p.Offline() {
		if _, err := secret.Reveal(); err != nil {
			p.unreadableSecret(at, err)
		}
	}
	return secret
}

// Secrets is Problems.Secret for a list of secrets, whose file has one on each line.
func (p *Problems) Secrets(path string, inline Secrets, file string) Secrets {
	if file != "" {
		if inline.IsSet() {
			p.bothForms(path)
		}
		secret := SecretFile(file)
		if !p.Offline() {
			if _, err := secret.Lines(); err != nil {
				p.unreadableSecret(path+"_file", err)
			}
		}
		return Secrets{secret}
	}
	for i, secret := range inline {
		if secret.IsZero() {
			continue // decoding has reported it
		}
		p.Secret(path+"["+strconv.Itoa(i)+"]", secret, "")
	}
	return inline
}

func (p *Problems) bothForms(path string) {
	p.Add(path, "keep one of them", "is given here and in %s_file", path[strings.LastIndex(path, ".")+1:])
}

func (p *Problems) unreadableSecret(path string, err error) {
	p.Add(path, "put the secret there, or check the path and the permissions", "%s", err)
}
