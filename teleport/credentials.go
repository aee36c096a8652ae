package teleport

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/identityfile"
	"github.com/gravitational/teleport/api/utils/keys"

	"github.com/accessbridge/accessbridge/bridge"
)

// renewHint tells the operator how a fresh identity comes about.
const renewHint = "renew it with tbot (Machine & Workload Identity) or `tctl auth sign`; a renewed file is picked up without a restart"

// credentials are one generation of the files the operator named, read at one moment.
type credentials struct {
	api client.Credentials
	// user is the Teleport user name in the certificate.
	user                string
	notBefore, notAfter time.Time
}

// fingerprint identifies the content of the credential files; zero when they could not be read.
type fingerprint [sha256.Size]byte

// credentialFiles are the paths of an identity file alone or of a certificate, its key and the authorities.
type credentialFiles struct {
	identity, cert, key, ca string
}

func (f credentialFiles) check() error {
	pair := []string{f.cert, f.key, f.ca}
	set := len(slices.DeleteFunc(slices.Clone(pair), func(s string) bool { return s == "" }))
	switch {
	case f.identity != "" && set > 0:
		return errors.New("credentials for Teleport: set either the identity file or the key pair, not both")
	case f.identity == "" && set == 0:
		return errors.New("credentials for Teleport: no identity file and no key pair given")
	case f.identity == "" && set < len(pair):
		return errors.New("credentials for Teleport: a key pair needs the certificate, the key and the authorities (CA) file")
	default:
		return nil
	}
}

// main is the file that holds the certificate.
func (f credentialFiles) main() string {
	if f.identity != "" {
		return f.identity
	}
	return f.cert
}

// folders returns the folders that hold the files, each once.
func (f credentialFiles) folders() []string {
	var dirs []string
	for _, p := range []string{f.identity, f.cert, f.key, f.ca} {
		if p != "" {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// load reads and checks the files. Its errors are terminal and name the file and the mend.
func (f credentialFiles) load(now time.Time) (*credentials, fingerprint, error) {
	if err := f.check(); err != nil {
		return nil, fingerprint{}, bridge.Terminal(err)
	}
	var (
		creds *credentials
		sum   fingerprint
		err   error
	)
	if f.identity != "" {
		creds, sum, err = loadIdentity(f.identity)
	} else {
		creds, sum, err = loadKeyPair(f)
	}
	if err != nil {
		return nil, sum, bridge.Terminal(err)
	}
	if !now.Before(creds.notAfter) {
		return nil, sum, bridge.Terminal(fmt.Errorf("credentials for Teleport in %s expired at %s: %s",
			f.main(), creds.notAfter.UTC().Format(time.RFC3339), renewHint))
	}
	return creds, sum, nil
}

func loadIdentity(path string) (*credentials, fingerprint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fingerprint{}, fmt.Errorf("identity file for Teleport cannot be read: %w: make it with tbot or `tctl auth sign` and let this process read it", err)
	}
	sum := fingerprint(sha256.Sum256(text))
	bad := func(err error) (*credentials, fingerprint, error) {
		return nil, sum, fmt.Errorf("identity file %s is not usable: %w: %s", path, err, renewHint)
	}
	id, err := identityfile.FromString(string(text))
	if err != nil {
		return bad(err)
	}
	cert, err := leaf(id.Certs.TLS)
	if err != nil {
		return bad(err)
	}
	creds := client.LoadIdentityFileFromString(string(text))
	if _, err := creds.TLSConfig(); err != nil {
		return bad(err)
	}
	if _, err := creds.SSHClientConfig(); err != nil {
		return bad(err)
	}
	return newCredentials(creds, cert), sum, nil
}

func loadKeyPair(f credentialFiles) (*credentials, fingerprint, error) {
	var parts [3][]byte
	for i, path := range []string{f.cert, f.key, f.ca} {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fingerprint{}, fmt.Errorf("key pair for Teleport cannot be read: %w: make it with `tctl auth sign --format=tls` and let this process read it", err)
		}
		parts[i] = text
	}
	sum := fingerprint(sha256.Sum256(slices.Concat(parts[:]...)))
	bad := func(err error) (*credentials, fingerprint, error) {
		return nil, sum, fmt.Errorf("key pair %s, %s, %s is not usable: %w: %s", f.cert, f.key, f.ca, err, renewHint)
	}
	creds, err := client.KeyPair(parts[0], parts[1], parts[2])
	if err != nil {
		return bad(err)
	}
	cert, err := leaf(parts[0])
	if err != nil {
		return bad(err)
	}
	if _, err := creds.TLSConfig(); err != nil {
		return bad(err)
	}
	return newCredentials(creds, cert), sum, nil
}

func leaf(pem []byte) (*x509.Certificate, error) {
	if len(pem) == 0 {
		return nil, errors.New("it holds no TLS certificate")
	}
	cert, _, err := keys.X509Certificate(pem)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return cert, nil
}

func newCredentials(api client.Credentials, cert *x509.Certificate) *credentials {
	return &credentials{api: api, user: cert.Subject.CommonName, notBefore: cert.NotBefore, notAfter: cert.NotAfter}
}

// nearEnd reports whether less than a fifth of the lifetime, or less than ten minutes, is left.
func (c *credentials) nearEnd(now time.Time) bool {
	left := c.notAfter.Sub(now)
	return left < 10*time.Minute || left < c.notAfter.Sub(c.notBefore)/5
}
