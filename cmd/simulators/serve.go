package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

const (
	configName          = "config.yaml"
	certificateLifetime = 90 * 24 * time.Hour
	headerTimeout       = 5 * time.Second
	stopWithin          = 2 * time.Second
	// bridgeAdmin is where the bridge has its health and metrics.
	bridgeAdmin = "127.0.0.1:8081"
)

// serve runs everything until the context ends.
func (f *flags) serve(ctx context.Context, out io.Writer) (err error) {
	dir, remove, err := f.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	bridge, err := f.receiver()
	if err != nil {
		return err
	}
	files, err := certs.WriteDevelopment(dir, bridge.hosts(), certificateLifetime)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(files.CACert)
	if err != nil {
		return fmt.Errorf("read the certificate authority: %w", err)
	}
	world, err := admin.Start(f.world(dir, ca, bridge))
	if err != nil {
		return err
	}
	defer world.Close()
	config := filepath.Join(dir, configName)
	if err := writeConfig(config, world, bridge, files); err != nil {
		return err
	}
	var l net.ListenConfig
	listener, err := l.Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return fmt.Errorf("open the admin API: %w", err)
	}
	f.announce(out, world, config, files.CACert, listener.Addr().String())
	return serveAdmin(ctx, listener, admin.Handler(world))
}

// folder returns an absolute path, and what removes the folder if it is temporary.
func (f *flags) folder() (dir string, remove func() error, err error) {
	if f.Dir == "" {
		dir, err = os.MkdirTemp("", "accessbridge-simulators-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(f.Dir); err == nil {
		err = errors.Join(os.MkdirAll(dir, 0o700), ours(dir))
	}
	return dir, func() error { return nil }, err
}

// ours refuses a folder with the files of a real bridge, which would be overwritten.
func ours(dir string) error {
	config := filepath.Join(dir, configName)
	text, err := os.ReadFile(config)
	switch {
	case err == nil && !strings.HasPrefix(string(text), admin.BridgeConfigMark):
		return fmt.Errorf("%s is not made by the simulators and would be overwritten; name another folder with --dir", config)
	case errors.Is(err, os.ErrNotExist):
		if _, err := os.Lstat(filepath.Join(dir, admin.IdentityName)); err == nil {
			return fmt.Errorf("%s has an identity file that would be overwritten; name another folder with --dir", dir)
		}
		return nil
	}
	return err
}

// hosts are the names and addresses in the bridge's certificate, each once.
func (r receiver) hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if slices.Contains(hosts, r.host) {
		return hosts
	}
	return append(hosts, r.host)
}

func writeConfig(path string, world *admin.World, r receiver, files certs.Paths) error {
	text, err := world.BridgeConfig(admin.Bridge{
		Integration: r.integration, Listen: net.JoinHostPort(r.host, r.port), AdminListen: bridgeAdmin,
		CertFile: files.Cert, KeyFile: files.Key,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600) //nolint:gosec // The operator names the folder.
}

func (f *flags) announce(out io.Writer, world *admin.World, config, ca, addr string) {
	login := fmt.Sprintf("user %s, API token %s", jira.BotEmail, jira.BotToken)
	if f.Flavour == jira.DataCenter.String() {
		login = fmt.Sprintf("user %s, personal access token %s", jira.BotName, jira.BotToken)
	}
	_, _ = fmt.Fprintf(out, `Teleport   %s, identity file %s
Jira       %s (%s), %s
Board      %s
Webhook    %s, secret %s
%sCA         %s
Config     %s
Admin API  http://%s

Run a bridge against them:        accessbridge serve --config %s
See what the admin API can do:    curl -sS http://%s
%sThen request something as a person and move its card on the board. Ctrl-C ends the simulators.
`,
		world.Teleport.Addr(), world.Identity, world.Jira.URL(), f.Flavour, login, world.Jira.BoardURL(),
		f.WebhookURL, admin.WebhookSecret, further(world), ca, config, addr, config, addr, f.hint())
}

// further tells of the vendors besides Jira.
func further(world *admin.World) string {
	var text strings.Builder
	for _, v := range admin.Vendors() {
		if world.Address(v) == "" {
			continue
		}
		_, _ = fmt.Fprintf(&text, "%-10s %s, %s\n  board    %s\n  webhook  %s, secret %s\n",
			v.Short(), world.Address(v), world.Login(v), world.BoardURL(v), world.WebhookURL(v), admin.WebhookSecret)
	}
	return text.String()
}

// hint says which requests go to the vendors besides Jira.
func (f *flags) hint() string {
	if len(f.With) == 0 {
		return ""
	}
	var roles []string
	for _, v := range admin.Vendors() {
		if slices.Contains(f.With, v) {
			roles = append(roles, string(v)+"-prod")
		}
	}
	return "Requests for these roles go past Jira: " + strings.Join(roles, ", ") + ". Alice is on call first, Bob second.\n"
}

func serveAdmin(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the admin API: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return errors.Join(fmt.Errorf("stop the admin API: %w", err), server.Close())
	}
	return nil
}
