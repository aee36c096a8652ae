package teleport

import (
	"context"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gravitational/teleport/api/client"
	userspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/users/v1"
	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/bridge"
)

// directoryRetry is the pause after a reading that failed for a passing reason.
const directoryRetry = 5 * time.Second

// DirectoryOptions tune the directory of people.
type DirectoryOptions struct {
	// EmailTraits are the traits that hold a user's e-mail addresses; "email" when empty.
	EmailTraits []string
	// Refresh is the pause between two readings of all users; 5 min when zero.
	Refresh time.Duration
	// Log receives what an operator should know; nothing is logged when nil.
	Log *slog.Logger
}

// Directory maps between e-mail addresses and Teleport users. It needs list and read on `user`; without them it stays empty and
// says so.
type Directory struct {
	client  *Client
	traits  []string
	refresh time.Duration
	log     *slog.Logger

	// ready is closed once it is known who the users are, or that they may not be read.
	ready     chan struct{}
	readyOnce sync.Once

	mu      sync.RWMutex
	read    bool
	byEmail map[string][]string
	emails  map[string][]string
	users   map[string]holding
	fault   string
}

// holding is what Teleport keeps with a user.
type holding struct {
	traits map[string][]string
	roles  []string
}

// NewDirectory returns an empty directory. Run fills it.
func NewDirectory(c *Client, o DirectoryOptions) *Directory {
	if len(o.EmailTraits) == 0 {
		o.EmailTraits = []string{"email"}
	}
	if o.Refresh <= 0 {
		o.Refresh = 5 * time.Minute
	}
	return &Directory{client: c, traits: o.EmailTraits, refresh: o.Refresh, log: logger(o.Log), ready: make(chan struct{})}
}

// Run reads all users at once and then at every refresh, until the context ends; it then returns nil. After a fault the last reading
// stays in use, except that a missing permission makes the directory unavailable.
func (d *Directory) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		pause := d.refresh
		if err := d.Load(ctx); err != nil && !terminal(err) {
			pause = min(pause, directoryRetry)
		}
		timer.Reset(pause)
	}
}

// Ready is closed once the users have been read, or may certainly not be read.
func (d *Directory) Ready() <-chan struct{} { return d.ready }

// Load reads all users once.
func (d *Directory) Load(ctx context.Context) error {
	users, err := d.list(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		d.failed(err)
	default:
		d.take(users)
	}
	if err == nil || terminal(err) {
		d.readyOnce.Do(func() { close(d.ready) })
	}
	return err
}

func (d *Directory) list(ctx context.Context) ([]*types.UserV2, error) {
	var all []*types.UserV2
	ask := &userspb.ListUsersRequest{}
	for {
		var page *userspb.ListUsersResponse
		err := d.client.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
			page, err = api.ListUsers(ctx, ask)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Users...)
		if ask.PageToken = page.NextPageToken; ask.PageToken == "" {
			return all, nil
		}
	}
}

func (d *Directory) take(users []*types.UserV2) {
	byEmail, emails, holdings := map[string][]string{}, map[string][]string{}, map[string]holding{}
	for _, u := range users {
		name := u.GetName()
		addresses := d.addresses(u)
		emails[name] = addresses
		holdings[name] = holding{traits: u.GetTraits(), roles: u.GetRoles()}
		for _, key := range append(addresses, name) {
			key = fold(key)
			if !slices.Contains(byEmail[key], name) {
				byEmail[key] = append(byEmail[key], name)
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.read {
		d.log.Info("Teleport users read", "users", len(users))
	}
	d.read, d.fault, d.byEmail, d.emails = true, "", byEmail, emails
	d.users = holdings
}

// addresses returns a user's e-mail addresses: its name, if it is one, and those in its traits.
func (d *Directory) addresses(u *types.UserV2) []string {
	var out []string
	add := func(address string) {
		address = strings.TrimSpace(address)
		same := func(s string) bool { return bridge.SameName(s, address) }
		if isAddress(address) && !slices.ContainsFunc(out, same) {
			out = append(out, address)
		}
	}
	add(u.GetName())
	for _, trait := range d.traits {
		for _, value := range u.GetTraits()[trait] {
			add(value)
		}
	}
	return out
}

func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// failed notes a fault. The same fault is logged once, however often it repeats.
func (d *Directory) failed(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	said := d.fault == err.Error()
	d.fault = err.Error()
	if terminal(err) {
		d.read, d.byEmail, d.emails, d.users = false, nil, nil, nil
	}
	switch {
	case said:
	case terminal(err):
		d.log.Warn("Teleport users may not be read, people are matched by their Teleport name only", "error", err, "mend", "allow list and read on user in our role")
	default:
		d.log.Warn("Teleport users could not be read", "error", err)
	}
}

// Available reports whether the users have been read and may still be read.
func (d *Directory) Available() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.read
}

// ByEmail returns the Teleport users whose name or e-mail address equals the given one, without regard to case.
func (d *Directory) ByEmail(email string) []string {
	key := fold(email)
	if key == "" {
		return nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Clone(d.byEmail[key])
}

// EmailsOf returns the e-mail addresses of a Teleport user; false when the directory does not know the user.
func (d *Directory) EmailsOf(user string) ([]string, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	emails, ok := d.emails[user]
	return slices.Clone(emails), ok
}

// TraitsOf returns the traits that Teleport keeps with a user; false when the directory does not know the user. The caller must not change
// them.
func (d *Directory) TraitsOf(user string) (map[string][]string, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, ok := d.users[user]
	return h.traits, ok
}

// RolesOf returns the roles that Teleport keeps with a user; false when the directory does not know the user. Roles that come from Access
// Lists or approved requests are not among them. The caller must not change them.
func (d *Directory) RolesOf(user string) ([]string, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	h, ok := d.users[user]
	return h.roles, ok
}

// fold brings names that bridge.SameName holds for equal to the same text.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, strings.TrimSpace(s))
}
