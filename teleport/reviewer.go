package teleport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/teleport/api/utils"
	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

// maxReason is the longest reason Teleport takes, in bytes.
const maxReason = 4096

// Reviewer puts decisions into effect.
type Reviewer struct {
	client   *Client
	requests *Requests
	log      *slog.Logger
}

// NewReviewer returns a reviewer that submits as the client's own user.
func NewReviewer(c *Client, r *Requests, log *slog.Logger) *Reviewer {
	return &Reviewer{client: c, requests: r, log: logger(log)}
}

// Self returns the Teleport user name that the reviews carry.
func (v *Reviewer) Self() string { return v.client.Self() }

// Submit puts a decision into effect and returns the request as Teleport knows it afterwards. The request may still be pending,
// when its thresholds ask for more reviews.
//
// Whatever Teleport answers, an error only counts after the request has been read again: Submit succeeds when the request is in the
// decided state, or carries our own review with the same proposal. Otherwise the error is bridge.ErrGone when the request no longer
// exists, a terminal Refused when Teleport will not accept the decision, and one to be tried again in every other case.
func (v *Reviewer) Submit(ctx context.Context, id string, d bridge.Decision) (bridge.Request, error) {
	propose, want := proposal(d.Verdict)
	if want == "" {
		return bridge.Request{}, bridge.Terminal(fmt.Errorf("request %s: verdict %q decides nothing", id, d.Verdict))
	}
	var (
		req bridge.Request
		err error
	)
	switch d.Mode {
	case bridge.ModeReview, "":
		req, err = v.review(ctx, id, propose, d)
	case bridge.ModeOverride:
		err = v.override(ctx, id, propose, d)
		if err == nil {
			return v.requests.Fresh(ctx, id)
		}
	default:
		return bridge.Request{}, bridge.Terminal(fmt.Errorf("request %s: unknown mode %q", id, d.Mode))
	}
	if err != nil {
		return v.settle(ctx, id, d, want, err)
	}
	v.requests.Merge(req)
	return req, nil
}

func (v *Reviewer) review(ctx context.Context, id string, propose types.RequestState, d bridge.Decision) (bridge.Request, error) {
	var after types.AccessRequest
	err := v.client.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
		after, err = api.SubmitAccessReview(ctx, types.AccessReviewSubmission{
			RequestID: id,
			Review:    types.AccessReview{ProposedState: propose, Reason: reason(d), Created: time.Now().UTC()},
		})
		return err
	})
	if err != nil {
		return bridge.Request{}, err
	}
	return request(v.client.Cluster(), after), nil
}

func (v *Reviewer) override(ctx context.Context, id string, propose types.RequestState, d bridge.Decision) error {
	ctx = utils.WithDelegator(ctx, strings.Join([]string{pluginName, d.Evidence.Target, person(d)}, ":"))
	return v.client.call(ctx, func(ctx context.Context, api *client.Client) error {
		return api.SetAccessRequestState(ctx, types.AccessRequestUpdate{RequestID: id, State: propose, Reason: reason(d)})
	})
}

// settle finds out what a failed submission means, from the request itself and never from the text of the error.
func (v *Reviewer) settle(ctx context.Context, id string, d bridge.Decision, want bridge.State, cause error) (bridge.Request, error) {
	now, err := v.requests.Fresh(ctx, id)
	switch {
	case errors.Is(err, bridge.ErrGone):
		return bridge.Request{}, err
	case err != nil:
		return bridge.Request{}, unsettled(cause, err)
	case now.State == want:
		return now, nil
	}
	own, reviewed := now.ReviewBy(v.Self())
	reviewed = reviewed && d.Mode != bridge.ModeOverride
	switch {
	case reviewed && own.State == want:
		return now, nil
	case now.State != bridge.StatePending:
		return now, refused(AlreadyResolved, now, cause)
	case reviewed:
		return now, refused(AlreadyReviewed, now, cause)
	case trace.IsAccessDenied(cause):
		return now, refused(NotPermitted, now, cause)
	case terminal(cause):
		return now, refused(Invalid, now, cause)
	}
	v.log.Debug("Decision did not take effect and will be tried again", "request_id", id, "error", cause)
	return now, fmt.Errorf("decide request %s: %w", id, cause)
}

// unsettled hides the cause from the chain on purpose: a refusal that could not be looked into is not one yet.
func unsettled(cause, err error) error {
	return fmt.Errorf("outcome of the decision is unknown (%s): read the request: %w", cause.Error(), err)
}

func refused(kind RefusedKind, now bridge.Request, cause error) error {
	return bridge.Terminal(&Refused{Kind: kind, Request: now, Err: cause})
}

func person(d bridge.Decision) string {
	if d.Person != "" {
		return d.Person
	}
	return d.Evidence.Actor.String()
}

// reason is what stands in Teleport beside the decision: the decision's own text, or else the built-in one, which names the person and the
// object.
func reason(d bridge.Decision) string {
	said := d.Text
	if strings.TrimSpace(said) == "" {
		var builtin *text.Set
		said = builtin.Render(nil, text.NewReason(bridge.Request{}, d))
	}
	return FitReason(said)
}

// FitReason shortens a reason to what Teleport takes.
func FitReason(said string) string { return cut(strings.ToValidUTF8(said, "\uFFFD"), maxReason) }

// cut shortens text to at most the given number of bytes, without breaking a character, and shows that it did.
func cut(s string, limit int) string {
	const more = "…"
	if len(s) <= limit {
		return s
	}
	end := limit - len(more)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
