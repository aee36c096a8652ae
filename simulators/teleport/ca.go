package teleport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/gravitational/teleport/api/constants"
	"golang.org/x/crypto/ssh"
)

const (
	caLifetime = 10 * 365 * 24 * time.Hour
	serialBits = 120
)

// authority is the cluster's certificate authority: one key signs the server, the
// users' TLS certificates and their SSH certificates.
type authority struct {
	cluster string
	key     *ecdsa.PrivateKey
	cert    *x509.Certificate
	certPEM []byte
	ssh     ssh.Signer
	server  tls.Certificate
}

func newAuthority(cluster string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: cluster, Organization: []string{cluster}},
		NotBefore:             now.Add(-caLifetime),
		NotAfter:              now.Add(caLifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, err
	}
	a := &authority{cluster: cluster, key: key, cert: cert, certPEM: certToPEM(der), ssh: signer}
	a.server, err = a.serverCertificate()
	return a, err
}

// serverCertificate is valid for the name that the client always asks for, and
// for loopback.
func (a *authority) serverCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "auth." + a.cluster, Organization: []string{"Auth"}},
		NotBefore:   a.cert.NotBefore,
		NotAfter:    a.cert.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{constants.APIDomain, "*." + constants.APIDomain, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// serverTLS demands a client certificate of this authority that is valid now.
// Tickets are off so that a resumed session cannot outlive its certificate.
func (a *authority) serverTLS(clock func() time.Time) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		Certificates:           []tls.Certificate{a.server},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              pool,
		Time:                   clock,
		SessionTicketsDisabled: true,
	}
}

// userCertificate signs a TLS client certificate. As in Teleport the common name
// is the user's name.
func (a *authority) userCertificate(user string, roles []string, key *ecdsa.PublicKey, from, until time.Time) ([]byte, error) {
	der, err := sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: roles},
		NotBefore:   from,
		NotAfter:    until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, a.cert, key, a.key)
	if err != nil {
		return nil, err
	}
	return certToPEM(der), nil
}

// userSSHCertificate signs the SSH half of an identity file.
func (a *authority) userSSHCertificate(user string, key *ecdsa.PublicKey, from, until time.Time) ([]byte, error) {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return nil, err
	}
	cert := &ssh.Certificate{
		Key:             public,
		CertType:        ssh.UserCert,
		KeyId:           user,
		ValidPrincipals: []string{user},
		ValidAfter:      uint64(max(from.Unix(), 0)),
		ValidBefore:     uint64(max(until.Unix(), 0)),
	}
	if err := cert.SignCert(rand.Reader, a.ssh); err != nil {
		return nil, err
	}
	return ssh.MarshalAuthorizedKey(cert), nil
}

// knownHosts is the line by which an SSH client trusts hosts of this cluster.
func (a *authority) knownHosts() []byte {
	key := ssh.MarshalAuthorizedKey(a.ssh.PublicKey())
	return fmt.Appendf(nil, "@cert-authority %s,*.%s %s type=host\n", a.cluster, a.cluster, key[:len(key)-1])
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, public, key)
}

func certToPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
