package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// onceMost bounds the whole script.
const onceMost = 60 * time.Second

// errUnexpected ends a script in which something was not as expected; the output tells what.
var errUnexpected = errors.New("not everything was as expected")

// Once plays all scenarios against the real parts, prints a line for each with what was expected and what was seen, and returns an error
// unless all agree.
func Once(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	ctx, cancel := context.WithTimeout(ctx, onceMost)
	defer cancel()
	w, err := newWorld(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.startBridge(ctx); err != nil {
		return err
	}
	start, bad := time.Now(), 0
	list := w.scenarios()
	for _, s := range list {
		if !play(ctx, s, out) {
			bad++
		}
	}
	say(out, "%d of %d scenarios as expected, in %s\n", len(list)-bad, len(list), time.Since(start).Round(100*time.Millisecond))
	if bad > 0 {
		return errUnexpected
	}
	return nil
}

func play(ctx context.Context, s scenario, out io.Writer) bool {
	seen, err := s.play(ctx)
	verdict := "ok  "
	if err != nil || seen != s.expected {
		verdict = "FAIL"
	}
	say(out, "%s  %-46s expected: %s\n      %-46s seen:     %s\n", verdict, s.name, s.expected, "", seen)
	if err != nil {
		say(out, "      %-46s error:    %v\n", "", err)
	}
	return verdict == "ok  "
}

func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
