package config

// Server is the HTTPS listener that receives webhooks.
type Server struct {
	Listen          string    `yaml:"listen" jsonschema_description:"Address to listen on, host:port. Default :8443."`
	PublicURL       string    `yaml:"public_url" jsonschema_description:"Address under which vendors reach this listener. Only shown and checked, never listened on."`
	TLS             TLS       `yaml:"tls" jsonschema:"required" jsonschema_description:"Certificate of the listener: files or ACME, exactly one."`
	TrustedProxies  []string  `yaml:"trusted_proxies" jsonschema_description:"Networks (CIDR) whose X-Forwarded-For header is believed. Default none."`
	RateLimit       RateLimit `yaml:"rate_limit" jsonschema_description:"Deliveries allowed from one source address."`
	ShutdownTimeout Duration  `yaml:"shutdown_timeout" jsonschema_description:"Longest time for finishing work on SIGTERM. Default 20s."`
}

// RateLimit is a token bucket for deliveries from one source address.
type RateLimit struct {
	PerSecond float64 `yaml:"per_second" jsonschema:"exclusiveMinimum=0" jsonschema_description:"Deliveries per second. Default 100."`
	Burst     int     `yaml:"burst" jsonschema:"minimum=1" jsonschema_description:"Deliveries allowed at once. Default 1000."`
}

// TLS is the certificate of the listener. Either CertFile and KeyFile are set, or ACME.
type TLS struct {
	CertFile   string `yaml:"cert_file" jsonschema_description:"Certificate chain (PEM). It is read again whenever it changes."`
	KeyFile    string `yaml:"key_file" jsonschema_description:"Key of the certificate (PEM)."`
	ACME       *ACME  `yaml:"acme" jsonschema_description:"Get the certificate from an ACME certificate authority, by the TLS-ALPN challenge on this listener."`
	MinVersion string `yaml:"min_version" jsonschema:"enum=1.2,enum=1.3" jsonschema_description:"Oldest TLS version accepted. Default 1.2."`
}

// ACME says how to get a certificate from an ACME certificate authority.
type ACME struct {
	Domains   []string `yaml:"domains" jsonschema:"required" jsonschema_description:"Names in the certificate."`
	Email     string   `yaml:"email" jsonschema_description:"Where the authority sends notices."`
	Directory string   `yaml:"directory" jsonschema_description:"Directory URL of the authority. Default Let's Encrypt."`
	CacheDir  string   `yaml:"cache_dir" jsonschema:"required" jsonschema_description:"Folder where account and certificates are kept across restarts."`
	AgreeTOS  bool     `yaml:"agree_tos" jsonschema:"required" jsonschema_description:"Must be true: you agree to the authority's terms of service."`
}

// Admin is the second listener, for health, readiness and metrics.
type Admin struct {
	Listen string `yaml:"listen" jsonschema_description:"Address to listen on, host:port. Default 127.0.0.1:8081."`
}
