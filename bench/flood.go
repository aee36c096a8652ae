package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

const (
	// floodRate is how many requests a second are to be sent, by that many sources over that many connections each.
	floodRate    = 10_000
	floodSources = 8
	floodWires   = 2
	// floodTick is how often a connection sends what is due.
	floodTick = 4 * time.Millisecond
	// crawlers is how many connections of each source send their requests too slowly to ever end.
	crawlers = 25
	// bulkEvery is how often each source sends a body that is too large.
	bulkEvery = 250 * time.Millisecond
	// tooLarge is more than any body may have.
	tooLarge = 1<<20 + 1<<18
)

// tally of a flood: how its requests were answered, by their status or by one of these words.
const (
	answeredCut   = "cut off"
	answeredNever = "neither answered nor cut off"
)

// floodSource is a loopback address that is not the simulated vendors'.
func floodSource(i int) string { return fmt.Sprintf("127.0.1.%d", i+1) }

// flood sends what no bridge should take: forged and garbled requests as fast as they are to come, bodies that are too large, and requests
// that never end.
type flood struct {
	s        settings
	requests [][]byte
	bulks    [][]byte
	crawls   []crawl
}

// newFlood makes the requests, from a delivery as Jira sends it.
func newFlood(s settings, genuine jirasim.Delivery) (*flood, error) {
	var failed error
	request := func(method, path, signature string, body []byte) []byte {
		header := http.Header{"Content-Type": {"application/json"}}
		if signature != "" {
			header.Set("X-Hub-Signature", signature)
		}
		out, err := written(method, path, header, body)
		failed = errors.Join(failed, err)
		return out
	}
	body, right, noise := genuine.Body, jirasim.Sign(webhookSecret, genuine.Body), bytes.Repeat([]byte{0xff, 0, '{', '"'}, 256)
	path := "/webhooks/" + integration
	f := &flood{s: s, requests: [][]byte{
		request(http.MethodPost, path, jirasim.Sign("guessed", body), body),
		request(http.MethodPost, path, "", body),
		request(http.MethodPost, path, right, bytes.ToUpper(body)),
		request(http.MethodPost, path, "sha256=zz", noise),
		request(http.MethodPost, "/webhooks/"+pagerDutyType, "", noise),
		request(http.MethodPost, "/webhooks/none", right, body),
		request(http.MethodGet, path, right, nil),
		request(http.MethodPost, "/metrics", "", nil),
	}}
	large := bytes.Repeat([]byte(" "), tooLarge)
	whole := request(http.MethodPost, path, jirasim.Sign(webhookSecret, large), large)
	f.bulks = [][]byte{whole, chunked(path, large)}
	f.crawls = []crawl{
		{now: []byte("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), each: 'x'},
		{now: []byte("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"), each: ' '},
	}
	return f, failed
}

// chunked is a request that does not tell the length of its body.
func chunked(path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", path, len(body), body)
}

// torrent is what has come of a flood.
type torrent struct {
	answers tally
	// sent is how many requests were sent on connections that stay, and lasted how long that took.
	sent   int
	lasted time.Duration
}

// run sends until ctx ends. With requests that never end it then waits until all of them are cut off.
func (f *flood) run(ctx context.Context, crawling bool) (torrent, error) {
	start, parts := time.Now(), make([]tally, floodSources*(floodWires+2))
	var group, slow errgroup.Group
	for source := range floodSources {
		from := floodSource(source)
		for i := range floodWires {
			part := &parts[source*(floodWires+2)+i]
			group.Go(func() (err error) { *part, err = f.stream(ctx, from, source+i); return err })
		}
		bulk, crawled := &parts[source*(floodWires+2)+floodWires], &parts[source*(floodWires+2)+floodWires+1]
		group.Go(func() (err error) { *bulk, err = f.throw(ctx, from); return err })
		if crawling {
			slow.Go(func() (err error) { *crawled, err = f.crawl(context.WithoutCancel(ctx), from); return err })
		}
	}
	err := group.Wait()
	t := torrent{answers: tally{}, lasted: time.Since(start)}
	err = errors.Join(err, slow.Wait())
	for i, part := range parts {
		if i%(floodWires+2) < floodWires {
			t.sent += part.total()
		}
		t.answers = t.answers.plus(part)
	}
	return t, err
}

// stream sends garbage and forged deliveries on one connection, each when it is due or, where the bridge is behind, when the one before it was
// answered.
func (f *flood) stream(ctx context.Context, source string, offset int) (tally, error) {
	answers := tally{}
	start, sent := time.Now(), 0
	ticker := time.NewTicker(floodTick)
	defer ticker.Stop()
	const rate = float64(floodRate) / (floodSources * floodWires)
	for ctx.Err() == nil {
		w, err := f.enter(ctx, source, answers)
		if err != nil {
			return answers, err
		}
		if w == nil {
			continue
		}
		for err == nil && ctx.Err() == nil {
			for due := int(rate * time.Since(start).Seconds()); sent < due && err == nil && ctx.Err() == nil; sent++ {
				var status int
				if status, err = w.send(f.requests[(sent+offset)%len(f.requests)]); err == nil {
					answers[fmt.Sprint(status)]++
				} else if ctx.Err() == nil {
					answers[answeredCut]++
				}
			}
			if pause(ctx, ticker.C) != nil {
				break
			}
		}
		w.close()
	}
	return answers, nil
}

// enter makes a connection; none where it was cut off, which is counted, or where time is up.
func (f *flood) enter(ctx context.Context, source string, answers tally) (*wire, error) {
	w, err := f.s.connectFrom(ctx, source, f.s.Listen)
	switch {
	case err == nil:
		return w, nil
	case timeIsUp(ctx):
	case wasCut(err):
		answers[answeredCut]++
	default:
		return nil, err
	}
	return nil, nil //nolint:nilnil // There is neither a connection nor a fault.
}

// throw sends bodies that are too large, each on a connection of its own.
func (f *flood) throw(ctx context.Context, source string) (tally, error) {
	answers := tally{}
	for n := 0; rest(ctx, bulkEvery) == nil; n++ {
		w, err := f.enter(ctx, source, answers)
		if err != nil {
			return answers, err
		}
		if w == nil {
			continue
		}
		// The bridge may answer, and cut the connection off, before it has all of it.
		_, _ = w.conn.Write(f.bulks[n%len(f.bulks)])
		status, err := w.answer()
		w.close()
		switch {
		case ctx.Err() != nil:
		case err != nil:
			answers[answeredCut]++
		default:
			answers[fmt.Sprint(status)]++
		}
	}
	return answers, nil
}

// timeIsUp reports whether ctx has ended or is about to. Dialling keeps the deadline by a timer of its own, which may be the first to notice.
func timeIsUp(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}

// wasCut reports whether a connection was cut off while it was being made, as happens to those that are too slow.
func wasCut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) }

// refused is the share of requests that were refused or cut off.
func (t torrent) refused() float64 {
	refused, all := 0, 0
	for answer, n := range t.answers {
		all += n
		if answer == answeredCut || strings.HasPrefix(answer, "4") {
			refused += n
		}
	}
	return float64(refused) / float64(all)
}

func (t torrent) plus(other torrent) torrent {
	return torrent{answers: t.answers.plus(other.answers), sent: t.sent + other.sent, lasted: t.lasted + other.lasted}
}

// perSecond is how many requests were sent and answered in a second.
func (t torrent) perSecond() float64 { return float64(t.sent) / t.lasted.Seconds() }
