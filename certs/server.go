package certs

import "crypto/tls"

// ServerConfig returns the TLS configuration of an HTTPS listener whose certificate comes from get. TLS 1.2 and 1.3 are spoken, or
// only 1.3 with minVersion "1.3". HTTP/2 is offered.
func ServerConfig(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), minVersion string) *tls.Config {
	oldest := uint16(tls.VersionTLS12)
	if minVersion == "1.3" {
		oldest = tls.VersionTLS13
	}
	return &tls.Config{
		GetCertificate: get,
		MinVersion:     oldest,
		NextProtos:     []string{"h2", "http/1.1"},
		// Of TLS 1.2 only suites with forward secrecy and authenticated encryption. Those of 1.3 all are, and cannot be chosen.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}
