package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Paths are the files of a development certificate.
type Paths struct {
	// CACert and CAKey are the certificate authority, Cert and Key the server's certificate.
	CACert, CAKey, Cert, Key string
}

// WriteOption changes how development certificates are written.
type WriteOption func(*writeOptions)

type writeOptions struct{ force bool }

// Force overwrites files that WriteDevelopment has not made, or can no longer use.
func Force() WriteOption { return func(o *writeOptions) { o.force = true } }

// WriteDevelopment writes a certificate for the hosts (names and addresses) to a folder: ca.crt and ca.key, tls.crt and tls.key.
// Keys can be read by their owner only. An authority already there is used again, so that clients that trust it go on. A server
// certificate already there is replaced only if that authority made it, unless Force is given.
func WriteDevelopment(dir string, hosts []string, lifetime time.Duration, options ...WriteOption) (Paths, error) {
	var o writeOptions
	for _, apply := range options {
		apply(&o)
	}
	paths := Paths{
		CACert: filepath.Join(dir, "ca.crt"), CAKey: filepath.Join(dir, "ca.key"),
		Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Paths{}, fmt.Errorf("development certificates: %w", err)
	}
	ca, fresh, err := paths.authority(o.force)
	if err != nil {
		return Paths{}, err
	}
	if err := paths.replaceable(ca, o.force); err != nil {
		return Paths{}, err
	}
	server, err := ca.issue(hosts, lifetime)
	if err != nil {
		return Paths{}, err
	}
	if fresh {
		if err := writePair(paths.CACert, paths.CAKey, ca.pair); err != nil {
			return Paths{}, err
		}
	}
	return paths, writePair(paths.Cert, paths.Key, server)
}

// authority returns the authority in the folder, or a fresh one.
func (p Paths) authority(force bool) (ca *authority, fresh bool, err error) {
	cert, certErr := os.ReadFile(p.CACert)
	key, keyErr := os.ReadFile(p.CAKey)
	absent := errors.Is(certErr, os.ErrNotExist) && errors.Is(keyErr, os.ErrNotExist)
	if err = errors.Join(certErr, keyErr); err == nil {
		ca, err = authorityOf(pemPair{cert: cert, key: key})
	}
	if err == nil {
		err = ca.usable()
	}
	switch {
	case err == nil:
		return ca, false, nil
	case !absent && !force:
		return nil, false, fmt.Errorf("the certificate authority in %s cannot be used (it would be replaced with force): %w",
			filepath.Dir(p.CACert), err)
	}
	ca, err = newAuthority(caLifetime)
	return ca, true, err
}

func (a *authority) usable() error {
	if a.cert.Subject.CommonName != developmentCA {
		return fmt.Errorf("it is %q, not one for development", a.cert.Subject.CommonName)
	}
	if time.Now().After(a.cert.NotAfter) {
		return fmt.Errorf("it expired at %s", a.cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// replaceable refuses to overwrite a server certificate that the authority has not made, or a key without its certificate.
func (p Paths) replaceable(ca *authority, force bool) error {
	if force {
		return nil
	}
	text, err := os.ReadFile(p.Cert)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Lstat(p.Key); err == nil {
			return fmt.Errorf("%s is there without its certificate (it would be overwritten with force)", p.Key)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("development certificates: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err == nil && cert.CheckSignatureFrom(ca.cert) == nil {
			return nil
		}
	}
	return fmt.Errorf("%s was not made by the development CA in this folder (it would be overwritten with force)", p.Cert)
}

// sign makes the certificate of a template and key, signed by parent.
func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.Signer) (pemPair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return pemPair{}, fmt.Errorf("development certificate: %w", err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pemPair{}, fmt.Errorf("development certificate: %w", err)
	}
	return pemPair{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}),
	}, nil
}

// writePair writes each file under another name first, so that nobody ever reads half of one.
func writePair(certFile, keyFile string, pair pemPair) error {
	if err := replaceFile(keyFile, pair.key, 0o600); err != nil {
		return err
	}
	return replaceFile(certFile, pair.cert, 0o644)
}

func replaceFile(name string, content []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("development certificates: %w", err)
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("development certificates: %w", err)
	}
	return nil
}
