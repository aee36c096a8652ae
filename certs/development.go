package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// developmentCA is the name of our certificate authorities for development.
const developmentCA = "accessbridge development CA"

const (
	caLifetime     = 10 * 365 * 24 * time.Hour
	memoryLifetime = 24 * time.Hour
	// skew lets machines whose clock is behind accept a certificate at once.
	skew = 5 * time.Minute
)

// Development is a certificate authority with one server certificate, in memory, for demonstrations and tests. It lasts a day.
type Development struct {
	// Server is the certificate of the server, with its key.
	Server tls.Certificate
	// Roots has the authority, for clients.
	Roots *x509.CertPool
	// CAPEM is the authority's certificate, for programs that take a file.
	CAPEM []byte
}

// NewDevelopment makes a certificate authority and a certificate for the hosts: names and addresses.
func NewDevelopment(hosts ...string) (*Development, error) {
	authority, err := newAuthority(memoryLifetime)
	if err != nil {
		return nil, err
	}
	pair, err := authority.issue(hosts, memoryLifetime)
	if err != nil {
		return nil, err
	}
	server, err := tls.X509KeyPair(pair.cert, pair.key)
	if err != nil {
		return nil, fmt.Errorf("development certificate: %w", err)
	}
	d := &Development{Server: server, Roots: x509.NewCertPool(), CAPEM: authority.pair.cert}
	d.Roots.AddCert(authority.cert)
	return d, nil
}

// pemPair is a certificate and its key in PEM.
type pemPair struct{ cert, key []byte }

// authority is a certificate authority that can sign.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pair pemPair
}

func newAuthority(lifetime time.Duration) (*authority, error) {
	template, err := certificate(pkix.Name{CommonName: developmentCA}, lifetime)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("development CA: %w", err)
	}
	pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}
	return authorityOf(pair)
}

// authorityOf reads an authority made before.
func authorityOf(pair pemPair) (*authority, error) {
	loaded, err := tls.X509KeyPair(pair.cert, pair.key)
	if err != nil {
		return nil, fmt.Errorf("development CA: %w", err)
	}
	key, ok := loaded.PrivateKey.(crypto.Signer)
	if !ok || !loaded.Leaf.IsCA {
		return nil, errors.New("development CA: it is not a certificate authority")
	}
	return &authority{cert: loaded.Leaf, key: key, pair: pair}, nil
}

// issue makes a server certificate for names and addresses.
func (a *authority) issue(hosts []string, lifetime time.Duration) (pemPair, error) {
	if len(hosts) == 0 {
		return pemPair{}, errors.New("development certificate: no host is given")
	}
	template, err := certificate(pkix.Name{CommonName: hosts[0]}, lifetime)
	if err != nil {
		return pemPair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		switch ip := net.ParseIP(host); {
		case host == "":
			return pemPair{}, errors.New("development certificate: a host is empty")
		case ip != nil:
			template.IPAddresses = append(template.IPAddresses, ip)
		default:
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if a.cert.NotAfter.Before(template.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pemPair{}, fmt.Errorf("development certificate: %w", err)
	}
	return sign(template, a.cert, key, a.key)
}

func certificate(name pkix.Name, lifetime time.Duration) (*x509.Certificate, error) {
	if lifetime <= 0 {
		return nil, fmt.Errorf("development certificate: a lifetime of %s is none", lifetime)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("development certificate: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, Subject: name, NotBefore: now.Add(-skew), NotAfter: now.Add(lifetime)}, nil
}
