package teleport

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the credential files must be left alone before they are read: they are written one after the other.
const settle = 100 * time.Millisecond

// Run follows the credential files until the context ends and moves the connection to new credentials as soon as they are there.
// The old ones stay in use while the new ones are unreadable, invalid or not accepted. It warns when the credentials come near
// their end. It returns nil when the context ends.
func (c *Client) Run(ctx context.Context) error {
	events, faults, stop := c.follow()
	defer stop()
	poll := time.NewTicker(c.pollEvery)
	defer poll.Stop()
	look := time.NewTimer(0)
	defer look.Stop()
	var w renewWatch
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-events:
			look.Reset(settle)
		case err := <-faults:
			c.log.Warn("Watching the credential files has a gap", "error", err)
			look.Reset(settle)
		case <-poll.C:
			look.Reset(0)
		case <-look.C:
			if again := c.reload(ctx, &w); again {
				look.Reset(c.retryEvery)
			}
			c.warnOfEnd(&w, time.Now())
		}
	}
}

// follow starts to watch the folders, not the files: renewals replace files or swap symbolic links. Where the system cannot watch,
// polling alone must do.
func (c *Client) follow() (<-chan fsnotify.Event, <-chan error, func()) {
	if c.options.PollOnly {
		return nil, nil, func() {}
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		c.log.Warn("Credential files are polled only", "error", err)
		return nil, nil, func() {}
	}
	for _, dir := range c.options.files().folders() {
		if err := w.Add(dir); err != nil {
			c.log.Warn("Credential folder is polled only", "folder", dir, "error", err)
		}
	}
	return w.Events, w.Errors, func() { _ = w.Close() }
}

// renewWatch remembers what has been said, so that nothing is said twice.
type renewWatch struct {
	fault string
	// ending and ended are the ends of credentials that were warned of.
	ending, ended time.Time
}

// reload takes over new credentials. It reports whether to try again soon.
func (c *Client) reload(ctx context.Context, w *renewWatch) bool {
	creds, sum, err := c.options.files().load(time.Now())
	if sum == c.loaded && sum != (fingerprint{}) {
		w.fault = ""
		return false
	}
	if err != nil {
		c.keepOld(w, err)
		return false
	}
	cn, err := connect(ctx, c.options, creds)
	if err != nil {
		if ctx.Err() == nil {
			c.keepOld(w, err)
		}
		return true
	}
	if before := c.Self(); before != creds.user {
		c.log.Warn("Renewed Teleport credentials are of another user", "user", creds.user, "before", before)
	}
	w.fault = ""
	c.loaded = sum
	c.current.Swap(cn).retire()
	c.log.Info("Teleport credentials renewed", "user", creds.user, "expires", creds.notAfter)
	return false
}

func (c *Client) keepOld(w *renewWatch, err error) {
	if w.fault == err.Error() {
		return
	}
	w.fault = err.Error()
	c.log.Warn("New Teleport credentials are not usable, the old ones stay in use", "error", err, "expires", c.CredentialExpires())
}

func (c *Client) warnOfEnd(w *renewWatch, now time.Time) {
	creds := c.current.Load().creds
	switch {
	case !now.Before(creds.notAfter):
		if !w.ended.Equal(creds.notAfter) {
			w.ended = creds.notAfter
			c.log.Error("Teleport credentials have expired", "file", c.options.files().main(), "expired", creds.notAfter, "mend", renewHint)
		}
	case creds.nearEnd(now) && !w.ending.Equal(creds.notAfter):
		w.ending = creds.notAfter
		c.log.Warn("Teleport credentials expire soon", "file", c.options.files().main(), "expires", creds.notAfter,
			"left", creds.notAfter.Sub(now).Round(time.Second), "mend", renewHint)
	}
}
