package teleport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gravitational/teleport/api/identityfile"
	"github.com/gravitational/teleport/api/utils/keys"
)

// backdate is how long before its issue a certificate is already valid, so that
// an expired one still has a sensible period.
const backdate = time.Hour

// WriteIdentity writes a Teleport identity file for a user that is valid for ttl
// from now by the server's clock; a negative ttl makes an expired one. The file
// appears atomically, as when a credential renewal bot replaces it. The user need
// not exist yet.
func (s *Server) WriteIdentity(path, user string, ttl time.Duration) error {
	creds, err := s.issue(user, ttl)
	if err != nil {
		return fmt.Errorf("issue identity of %s: %w", user, err)
	}
	content, err := identityfile.Encode(&identityfile.IdentityFile{
		PrivateKey: creds.key,
		Certs:      identityfile.Certs{SSH: creds.ssh, TLS: creds.tls},
		CACerts:    identityfile.CACerts{SSH: [][]byte{s.ca.knownHosts()}, TLS: [][]byte{s.ca.certPEM}},
	})
	if err != nil {
		return fmt.Errorf("encode identity of %s: %w", user, err)
	}
	return writeAtomically(path, content)
}

// WriteKeyPair writes a user's certificate, key and the cluster's CA as PEM files
// into dir and returns their paths.
func (s *Server) WriteKeyPair(dir, user string, ttl time.Duration) (cert, key, ca string, err error) {
	creds, err := s.issue(user, ttl)
	if err != nil {
		return "", "", "", fmt.Errorf("issue key pair of %s: %w", user, err)
	}
	cert, key, ca = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "ca.crt")
	err = errors.Join(
		writeAtomically(cert, creds.tls),
		writeAtomically(key, creds.key),
		writeAtomically(ca, s.ca.certPEM),
	)
	return cert, key, ca, err
}

// issued is a user's fresh key with its certificates, all as PEM or
// authorized_keys text.
type issued struct{ key, tls, ssh []byte }

func (s *Server) issue(user string, ttl time.Duration) (issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, err
	}
	until := s.now().Add(ttl)
	from := s.now().Add(-backdate)
	if !from.Before(until) {
		from = until.Add(-backdate)
	}
	var out issued
	if out.key, err = keys.MarshalPrivateKey(key); err != nil {
		return issued{}, err
	}
	if out.tls, err = s.ca.userCertificate(user, []string{user}, &key.PublicKey, from, until); err != nil {
		return issued{}, err
	}
	out.ssh, err = s.ca.userSSHCertificate(user, &key.PublicKey, from, until)
	return out, err
}

func writeAtomically(path string, content []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
