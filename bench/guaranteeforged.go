package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

// signatures are what forged deliveries carry as their signature; an empty one is left out.
func signatures(body []byte) map[string]string {
	good := jirasim.Sign(webhookSecret, body)
	return map[string]string{
		"none": "", "another secret": jirasim.Sign("a guess", body), "an empty secret": jirasim.Sign("", body),
		"another body": jirasim.Sign(webhookSecret, append(bytes.Clone(body), ' ')), "cut": good[:len(good)-2],
		"another method": strings.Replace(good, "sha256", "sha1", 1), "nothing in it": "sha256=",
	}
}

// approval is a delivery that says that Bob has approved an issue.
func approval(i jirasim.Issue) ([]byte, error) {
	return json.Marshal(map[string]any{
		"timestamp": time.Now().UnixMilli(), "webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_generic",
		"user":  map[string]any{"accountId": "712020:bob", "emailAddress": approver, "accountType": "atlassian"},
		"issue": map[string]any{"id": i.ID, "key": i.Key, "fields": map[string]any{"status": map[string]any{"name": "Approved"}}},
		"changelog": map[string]any{"id": "1", "items": []any{map[string]any{
			"field": "status", "fieldId": "status", "fromString": statusPending, "toString": "Approved",
		}}},
	})
}

// forged sends deliveries that do not come from Jira, and such that do but do not tell the truth. One honest decision shows afterwards that
// deliveries are heard at all.
func forged(ctx context.Context, t *trial) (harm, string, error) {
	const requests = 50
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	ids, err := t.opened(ctx, requests)
	if err != nil {
		return harm{}, "", err
	}
	before := t.jira.TotalCalls()
	var sent, taken, lies int
	for _, id := range ids {
		s, k, err := t.forge(ctx, bridge, id)
		if err != nil {
			return harm{}, "", err
		}
		sent, taken = sent+s, taken+k
	}
	if err := rest(ctx, doubleWait); err != nil {
		return harm{}, "", err
	}
	heeded := t.jira.TotalCalls() - before
	for _, id := range ids {
		code, err := t.lie(ctx, bridge, id)
		if err != nil {
			return harm{}, "", err
		}
		lies += count(code == http.StatusOK)
	}
	if err := t.until(ctx, func() bool { return t.jira.TotalCalls() >= before+heeded+lies }); err != nil {
		return harm{}, "", err
	}
	if err := rest(ctx, doubleWait); err != nil {
		return harm{}, "", err
	}
	damage := t.harm(ids, waiting()).plus(harm{wrong: taken + heeded})
	refused, err := bridge.metric(ctx, "webhook_deliveries_total", `result="refused"`)
	if err == nil && (int(refused) != sent-taken || lies != requests) {
		err = fmt.Errorf("of %d forged deliveries %v were refused, of %d lies %d taken", sent, refused, requests, lies)
	}
	err = errors.Join(err, t.honest(ctx, ids[0]))
	proof := fmt.Sprintf("%d forged deliveries, %d answered 401, %d calls of Jira because of them; %d signed ones told what was not so; an honest one decided",
		sent, sent-taken, heeded, lies)
	return damage, proof, err
}

// forge sends every kind of forged delivery about a request's issue, and counts those that were taken.
func (t *trial) forge(ctx context.Context, bridge *instance, id string) (sent, taken int, err error) {
	body, err := t.claim(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	for kind, signature := range signatures(body) {
		code, err := t.post(ctx, bridge, body, signature)
		if err != nil {
			return 0, 0, fmt.Errorf("signature with %s: %w", kind, err)
		}
		sent, taken = sent+1, taken+count(code != http.StatusUnauthorized)
	}
	return sent, taken, nil
}

// lie sends a signed delivery that tells of an approval that nobody has given.
func (t *trial) lie(ctx context.Context, bridge *instance, id string) (code int, err error) {
	body, err := t.claim(ctx, id)
	if err != nil {
		return 0, err
	}
	return t.post(ctx, bridge, body, jirasim.Sign(webhookSecret, body))
}

func (t *trial) claim(ctx context.Context, id string) ([]byte, error) {
	key, err := t.issueOf(ctx, id)
	if err != nil {
		return nil, err
	}
	issue, ok := t.jira.Issue(key)
	if !ok {
		return nil, fmt.Errorf("there is no issue %s", key)
	}
	return approval(issue)
}

func (t *trial) post(ctx context.Context, bridge *instance, body []byte, signature string) (code int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, bridge.config.webhookURL(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set("X-Hub-Signature", signature)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// honest has Bob approve an issue, which Jira delivers, and fails when that decides nothing.
func (t *trial) honest(ctx context.Context, id string) error {
	t.connect(true)
	if err := t.moveAll(ctx, []string{id}, "bob"); err != nil {
		return err
	}
	if err := t.await(ctx, []string{id}, "closed"); err != nil {
		return err
	}
	if damage := t.harm([]string{id}, moved()); damage.total() > 0 {
		return fmt.Errorf("an honest delivery: %v", damage)
	}
	return nil
}

// ownIssue has the requester approve the issues of own requests. One approved by somebody else shows afterwards that issues decide at all.
func ownIssue(ctx context.Context, t *trial) (harm, string, error) {
	const requests = 50
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	t.connect(true)
	ids, err := t.opened(ctx, requests+1)
	if err != nil {
		return harm{}, "", err
	}
	own, other := ids[:requests], ids[requests]
	if err := t.moveAll(ctx, own, "alice"); err != nil {
		return harm{}, "", err
	}
	if err := errors.Join(t.until(ctx, func() bool { return t.unheard(own) == 0 }), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	refused, err := bridge.metric(ctx, "decisions_total", `outcome="refused"`)
	if err != nil {
		return harm{}, "", err
	}
	var damage harm
	tickets := t.desk.tickets()
	for _, id := range own {
		damage = damage.plus(harmByOwner(t.pending([]string{id}) == 1, tickets[id]))
	}
	err = t.honest(ctx, other)
	return damage, fmt.Sprintf("%d own issues moved, %v decisions refused; somebody else's decided", len(own), refused), err
}

// unheard counts the requests that still wait and whose issue does not say why.
func (t *trial) unheard(ids []string) int {
	n := 0
	tickets := t.desk.tickets()
	for _, id := range ids {
		silent := len(tickets[id]) == 0 || len(tickets[id][0].notes) == 0
		n += count(silent && t.pending([]string{id}) == 1)
	}
	return n
}

// harmByOwner is what came of a requester's own decision: it must not count, and the issue says so once.
func harmByOwner(waits bool, tickets []ticket) harm {
	if len(tickets) == 0 {
		return harm{lost: 1}
	}
	notes := tickets[0].notes
	return harm{
		lost: count(waits && len(notes) == 0), doubled: count(len(tickets) > 1 || repeated(notes)), wrong: count(!waits),
	}
}
