package incident

import (
	"net/mail"
	"net/netip"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/config"
)

// The ways decisions come in, the values of the setting mode.
const (
	ModeWebhook = "webhook"
	ModePoll    = "poll"
)

// Common are the settings that every account has: how it is reached, how decisions come in, and how much is asked of it. An
// integration embeds them inline in its own settings.
type Common struct {
	CAFile string `yaml:"ca_file" jsonschema_description:"PEM file of certificate authorities to trust besides the system's."`
	Proxy  string `yaml:"proxy" jsonschema_description:"Outbound proxy. Without it the environment decides (HTTPS_PROXY, NO_PROXY)."`

	Mode        string          `yaml:"mode" jsonschema:"enum=webhook,enum=poll" jsonschema_description:"webhook or poll. Default webhook."`
	PollEvery   config.Duration `yaml:"poll_every" jsonschema_description:"How often changed objects are listed in mode poll. Default 30s."`
	ResyncEvery config.Duration `yaml:"resync_every" jsonschema_description:"How often changed objects are listed in mode webhook, to find lost deliveries. Default 5m."`
	SearchLag   config.Duration `yaml:"search_lag" jsonschema_description:"How long a new object may be missing from a search or listing. The default is the vendor's."`
	ApplyWithin config.Duration `yaml:"apply_within" jsonschema_description:"How long the vendor may still carry out a call after its caller has given up. Default 1m."`

	Workers   int             `yaml:"workers" jsonschema_description:"How many calls are made at once. The default suits the vendor."`
	RateLimit float64         `yaml:"rate_limit" jsonschema_description:"Most calls per second; 0 for no limit. The default stays below the vendor's own limit."`
	Timeout   config.Duration `yaml:"timeout" jsonschema_description:"Longest time for one call. Default 30s."`
}

// DefaultCommon are the defaults, but for those that depend on the vendor: SearchLag, Workers and RateLimit.
func DefaultCommon() Common {
	return Common{
		Mode:        ModeWebhook,
		PollEvery:   config.Duration(30 * time.Second),
		ResyncEvery: config.Duration(5 * time.Minute),
		ApplyWithin: config.Duration(time.Minute),
		Timeout:     config.Duration(30 * time.Second),
	}
}

// Check reports every fault of the settings.
func (c *Common) Check(p *config.Problems) {
	p.File("ca_file", c.CAFile)
	if strings.Contains(c.Proxy, "@") {
		p.Add("proxy", "set HTTPS_PROXY in the environment instead", "must not carry a user or password")
	} else {
		p.URL("proxy", c.Proxy, "http", "https", "socks5")
	}
	p.OneOf("mode", c.Mode, ModeWebhook, ModePoll)
	p.Duration("poll_every", c.PollEvery, time.Second, time.Hour)
	p.Duration("resync_every", c.ResyncEvery, 10*time.Second, time.Hour)
	p.Duration("search_lag", c.SearchLag, 0, time.Hour)
	p.Duration("apply_within", c.ApplyWithin, time.Second, time.Hour)
	p.Duration("timeout", c.Timeout, time.Second, 5*time.Minute)
	if c.Workers < 1 || c.Workers > 256 {
		p.Add("workers", "use a number from 1 to 256", "%d is out of bounds", c.Workers)
	}
	if c.RateLimit < 0 {
		p.Add("rate_limit", "use 0 for no limit", "is negative")
	}
}

// CheckAddress reports what is wrong with the address of a vendor, and warns of one without encryption unless it is of this computer;
// what is what is sent then, such as "the token is".
func CheckAddress(p *config.Problems, path, address, what string) {
	if u := p.URL(path, address, "https", "http"); u != nil && u.Scheme == "http" && !IsLoopback(u.Hostname()) {
		p.Warn(path, "use https", "%s sent without encryption", what)
	}
}

// IsAddress reports whether a text is an e-mail address and nothing else.
func IsAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}

// IsLoopback reports whether a host is this computer.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Secret is a secret that may be given inline or in a file.
func Secret(inline config.Secret, file string) config.Secret {
	if file != "" {
		return config.SecretFile(file)
	}
	return inline
}

// Secrets are secrets that may be given inline or in a file, one on each line.
func Secrets(inline config.Secrets, file string) config.Secrets {
	if file != "" {
		return config.Secrets{config.SecretFile(file)}
	}
	return inline
}
