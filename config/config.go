// Package config loads config.yaml strictly: every mistake in the file is reported in one run, with its line and column, the
// path of the field and the way to mend it. It also holds the types for secrets and durations that integrations use in their
// own settings. It knows no vendor: the kinds of integrations are handed in as an argument.
package config

// Config is the whole configuration file.
type Config struct {
	Teleport     Teleport      `yaml:"teleport" jsonschema:"required" jsonschema_description:"The Teleport cluster whose Access Requests are bridged."`
	Server       Server        `yaml:"server" jsonschema_description:"The HTTPS listener that receives webhooks."`
	Admin        Admin         `yaml:"admin" jsonschema_description:"The listener for health, readiness and metrics."`
	Integrations []Integration `yaml:"integrations" jsonschema:"required" jsonschema_description:"The vendor accounts the bridge works with."`
	Timezone     string        `yaml:"timezone" jsonschema_description:"Time zone of time in the expressions of routes, such as Europe/Berlin. Default UTC."`
	Routing      []string      `yaml:"routing" jsonschema:"enum=access_monitoring_rules,enum=role_to_recipients,enum=routes" jsonschema_description:"Who is asked where a request goes, in order; the first that names a place is heard. The first two may also name recipients there: a project, a service, a schedule. Default [routes], and without any routes [access_monitoring_rules, role_to_recipients, routes]."`
	Routes       []Route       `yaml:"routes" jsonschema_description:"Which requests go where, and who may decide them there. Without any, every request goes to every integration and is decided by review."`
	// Texts are templates by the names of bridge/text.
	Texts map[string]string `yaml:"texts" jsonschema_description:"Templates of what the bridge writes at objects and in Teleport, by the names in docs/texts.md. Default: the built-in texts."`
	Audit Audit             `yaml:"audit" jsonschema_description:"Where the audit lines go: one for each decision and each refusal."`

	// Warnings are findings that do not keep the bridge from starting.
	Warnings []Problem `yaml:"-" json:"-"`
}

// Teleport says how to reach the Teleport cluster and how its users are recognised. Exactly one form of credentials is given: an
// identity file, or certificate, key and certificate authority.
type Teleport struct {
	Addr         string   `yaml:"addr" jsonschema:"required" jsonschema_description:"Address of the Proxy or Auth service, host:port."`
	IdentityFile string   `yaml:"identity_file" jsonschema_description:"Identity file written by tbot or tctl. It is read again whenever it changes."`
	CertFile     string   `yaml:"cert_file" jsonschema_description:"Client certificate (PEM), instead of identity_file."`
	KeyFile      string   `yaml:"key_file" jsonschema_description:"Key of cert_file (PEM)."`
	CAFile       string   `yaml:"ca_file" jsonschema_description:"Certificate authority of the cluster (PEM), together with cert_file and key_file."`
	WebURL       string   `yaml:"web_url" jsonschema_description:"Address of Teleport's web UI, for links in issues. Without it issues carry no link."`
	Resync       Duration `yaml:"resync" jsonschema_description:"How often all requests are listed again, besides the watch. Default 5m."`
	People       People   `yaml:"people" jsonschema_description:"How a person known to a vendor becomes a Teleport user."`
}

// People says how an outside person becomes a Teleport user.
type People struct {
	EmailTraits []string      `yaml:"email_traits" jsonschema_description:"Traits of Teleport users that hold their e-mail addresses. Default [email]."`
	RequireUser bool          `yaml:"require_user" jsonschema_description:"Refuse decisions of people who are not known Teleport users. Default false."`
	Table       []PersonEntry `yaml:"table" jsonschema_description:"Fixed entries, for people whose address the vendor hides or knows differently."`
}

// PersonEntry ties one account at a vendor to one Teleport user. Exactly one of ID and Email names the account.
type PersonEntry struct {
	Integration string `yaml:"integration" jsonschema_description:"Name of the integration the entry is for. Without it the entry is for all."`
	ID          string `yaml:"id" jsonschema_description:"The vendor's identifier of the account, such as an Atlassian account id."`
	Email       string `yaml:"email" jsonschema_description:"The address of the account, instead of id."`
	User        string `yaml:"user" jsonschema:"required" jsonschema_description:"The Teleport user name."`
}

// Audit says where the audit lines go.
type Audit struct {
	Output  string `yaml:"output" jsonschema:"enum=stdout,enum=stderr,enum=file,enum=both" jsonschema_description:"stdout, stderr, file, or both for stdout and the file. Default stdout."`
	File    string `yaml:"file" jsonschema_description:"The file to append to, with output: file or both. Each instance needs a file of its own."`
	MaxSize Size   `yaml:"max_size" jsonschema_description:"Size at which a file is put aside and the next one begun; 0 is no limit. Default 100MB."`
	Keep    int    `yaml:"keep" jsonschema_description:"How many files that were put aside are kept; 0 keeps all. Default 10."`
}

// The values of Audit.Output.
const (
	AuditStdout = "stdout"
	AuditStderr = "stderr"
	AuditFile   = "file"
	// AuditBoth is stdout and the file.
	AuditBoth = "both"
)
