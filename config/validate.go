package config

import (
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// validate checks everything that decoding cannot see.
func (c *Config) validate(p *Problems, kinds map[string]Kind) {
	c.Teleport.validate(p.At("teleport"))
	c.Server.validate(p.At("server"))
	c.Admin.validate(p.At("admin"))
	c.Audit.validate(p.At("audit"))
	c.integrations(p, kinds)
	c.routing(p)
	c.routes(p)
	texts(p.At("texts"), c.Texts)
	c.people(p.At("teleport.people"))
}

func (t *Teleport) validate(p *Problems) {
	if p.Required("addr", t.Addr) {
		p.HostPort("addr", t.Addr)
	}
	p.URL("web_url", t.WebURL)
	p.Duration("resync", t.Resync, 10*time.Second, 24*time.Hour)
	pair := t.CertFile != "" || t.KeyFile != "" || t.CAFile != ""
	switch {
	case t.IdentityFile != "" && pair:
		p.Add("identity_file", "keep one of them", "is given together with cert_file, key_file or ca_file")
	case pair:
		p.Required("cert_file", t.CertFile)
		p.Required("key_file", t.KeyFile)
		p.Required("ca_file", t.CAFile)
	case t.IdentityFile == "":
		p.Add("identity_file", "add it, or cert_file, key_file and ca_file", "there are no credentials")
	}
	p.File("identity_file", t.IdentityFile)
	p.File("cert_file", t.CertFile)
	p.File("key_file", t.KeyFile)
	p.File("ca_file", t.CAFile)
}

func (s *Server) validate(p *Problems) {
	p.Required("listen", s.Listen)
	p.Listen("listen", s.Listen)
	p.URL("public_url", s.PublicURL)
	s.TLS.validate(p.At("tls"))
	for i, network := range s.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			p.Add(element("trusted_proxies", i), "write a network such as 10.0.0.0/8", "%q is not a network", network)
		}
	}
	if !(s.RateLimit.PerSecond > 0) {
		p.Add("rate_limit.per_second", "use a number above 0", "%v lets nothing in", s.RateLimit.PerSecond)
	}
	if s.RateLimit.Burst < 1 {
		p.Add("rate_limit.burst", "use a number above 0", "%d lets nothing in", s.RateLimit.Burst)
	}
	p.Duration("shutdown_timeout", s.ShutdownTimeout, time.Second, 10*time.Minute)
}

func (t *TLS) validate(p *Problems) {
	p.Required("min_version", t.MinVersion)
	p.OneOf("min_version", t.MinVersion, "1.2", "1.3")
	files := t.CertFile != "" || t.KeyFile != ""
	switch {
	case files && t.ACME != nil:
		p.Add("acme", "keep one of them", "is given together with cert_file or key_file")
	case files:
		p.Required("cert_file", t.CertFile)
		p.Required("key_file", t.KeyFile)
	case t.ACME == nil:
		p.Add("", "add cert_file and key_file, or acme; 'accessbridge certs dev' makes certificates for a trial",
			"there is no certificate")
	}
	p.File("cert_file", t.CertFile)
	p.File("key_file", t.KeyFile)
	if t.ACME != nil {
		t.ACME.validate(p.At("acme"))
	}
}

func (a *ACME) validate(p *Problems) {
	p.Required("domains", a.Domains)
	for i, domain := range a.Domains {
		if domain == "" || strings.ContainsAny(domain, "/:* ") {
			p.Add(element("domains", i), "write a host name such as bridge.example.com; wildcards cannot be proven by this challenge",
				"%q is not a host name", domain)
		}
	}
	p.URL("directory", a.Directory)
	p.Required("cache_dir", a.CacheDir)
	if !a.AgreeTOS {
		p.Add("agree_tos", "read the authority's terms of service and set it to true", "must be true")
	}
}

func (a *Admin) validate(p *Problems) {
	p.Required("listen", a.Listen)
	host, ok := p.Listen("listen", a.Listen)
	if !ok || host == "localhost" {
		return
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		p.Warn("listen", "use 127.0.0.1, or let only your monitoring reach it",
			"%s can be reached from other machines and asks for no credentials", a.Listen)
	}
}

func (a *Audit) validate(p *Problems) {
	p.Required("output", a.Output)
	p.OneOf("output", a.Output, AuditStdout, AuditStderr, AuditFile, AuditBoth)
	switch {
	case a.Output == AuditFile || a.Output == AuditBoth:
		p.Required("file", a.File)
	case a.File != "":
		p.Add("file", "set output: file or both, or remove it", "is used only with output: file or both")
	}
	if a.MaxSize != 0 && a.MaxSize < Megabyte {
		p.Add("max_size", "use at least 1MB, or 0 for no limit", "%s is too small", a.MaxSize)
	}
	if a.Keep < 0 {
		p.Add("keep", "use the number of files to keep, or 0 to keep all", "%d is not a number of files", a.Keep)
	}
}

func (c *Config) integrations(p *Problems, kinds map[string]Kind) {
	p.Required("integrations", c.Integrations)
	types := slices.Sorted(maps.Keys(kinds))
	names := names{}
	for i, integration := range c.Integrations {
		at := p.At(element("integrations", i))
		names.check(at, integration.Name)
		if at.Required("type", integration.Type) {
			at.OneOf("type", integration.Type, types...)
		}
		if integration.Config != nil {
			integration.Config.Validate(at.At("config"))
		}
	}
}

func (c *Config) people(p *Problems) {
	for i, trait := range c.Teleport.People.EmailTraits {
		p.Required(element("email_traits", i), trait)
	}
	for i, entry := range c.Teleport.People.Table {
		at := p.At(element("table", i))
		c.refersTo(at, entry.Integration)
		at.Required("user", entry.User)
		switch {
		case entry.ID == "" && entry.Email == "":
			at.Add("", "add id or email", "does not say whose entry it is")
		case entry.ID != "" && entry.Email != "":
			at.Add("email", "keep one of them, or make two entries", "is given together with id")
		case entry.ID != "" && entry.Integration == "":
			at.Add("integration", "add the integration the id is from", "is required with id")
		}
	}
}

// refersTo reports the name of an integration that does not exist.
func (c *Config) refersTo(p *Problems, name string) {
	known := make([]string, len(c.Integrations))
	for i, integration := range c.Integrations {
		known[i] = integration.Name
	}
	if name != "" && !slices.Contains(known, name) {
		p.Add("integration", suggestion(name, known), "there is no integration %q", name)
	}
}

// names are those already taken in a list.
type names map[string]bool

func (n names) check(p *Problems, name string) {
	switch {
	case !p.Required("name", name):
	case !validName.MatchString(name):
		p.Add("name", "use up to 31 small letters, digits and dashes, a letter first", "%q is not a name it can have", name)
	case n[name]:
		p.Add("name", "give each its own name", "%q is taken by an earlier one", name)
	}
	n[name] = true
}
