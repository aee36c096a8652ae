package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// crawlEvery is how often a slow request goes on by a byte, and crawlFor how long before the bridge is said not to mind.
	crawlEvery = 500 * time.Millisecond
	crawlFor   = 20 * time.Second
)

// crawl is a request that never ends: what is sent of it at once, and the byte that follows again and again.
type crawl struct {
	now  []byte
	each byte
}

// crawl has all slow connections of a source open at once, and waits until the bridge has cut them off.
func (f *flood) crawl(ctx context.Context, source string) (tally, error) {
	answers := make([]string, crawlers)
	var group errgroup.Group
	for i := range crawlers {
		group.Go(func() (err error) {
			w, err := f.s.connectFrom(ctx, source, f.s.Listen)
			if err != nil && wasCut(err) {
				answers[i] = answeredCut
				return nil
			}
			if err != nil {
				return err
			}
			defer w.close()
			answers[i], err = f.crawls[i%len(f.crawls)].on(w)
			return err
		})
	}
	err := group.Wait()
	out := tally{}
	for _, answer := range answers {
		if answer != "" {
			out[answer]++
		}
	}
	return out, err
}

// on sends the request until the connection is cut off.
func (c crawl) on(w *wire) (answer string, err error) {
	if err := w.conn.SetReadDeadline(time.Now().Add(crawlFor)); err != nil {
		return "", err
	}
	gone := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, w.conn) // to the end of the connection
		gone <- err
	}()
	_, _ = w.conn.Write(c.now) // whether it is still there shows in reading
	ticker := time.NewTicker(crawlEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-gone:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return answeredNever, nil
			}
			return answeredCut, nil
		case <-ticker.C:
			_, _ = w.conn.Write([]byte{c.each})
		}
	}
}
