package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// jiraProof is the header of Jira's signature.
const jiraProof = "X-Hub-Signature"

func (w *world) jiraScenarios() []scenario {
	return []scenario{
		{"approved in Jira", "APPROVED, one review by accessbridge for bob@example.com", w.approvedInJira},
		{"denied in Jira with a reason", "DENIED: not during the release", w.deniedInJira},
		{"self-approval refused", "PENDING, refusal told on the issue", w.selfApproval},
		{"approved in Teleport", "issue Approved, closing comment names carol@example.com", w.approvedInTeleport},
		{"requester cancels", "issue Expired, comment says withdrawn", w.requesterCancels},
		{"created while the bridge was down", "1 issue after the start", w.createdWhileDown},
		{"approved in Jira while the bridge was down", "APPROVED after the start", w.decidedWhileDown},
		{"forged webhook refused", "401 401 401, PENDING", w.forgedWebhook},
		{"genuine webhook with a lie in it", "200, PENDING", w.lyingWebhook},
		{"Jira down for a while", "1 issue once Jira is back", w.jiraDown},
		{"answer to the create lost", "1 issue", w.createAnswerLost},
		{"Teleport identity renewed, server restarted", "APPROVED", w.identityRenewed},
	}
}

// request makes alice ask for a role and waits for the issue.
func (w *world) request(ctx context.Context) (id, key string, err error) {
	id, err = w.teleport.CreateRequest(teleport.NewRequest{User: alice, Roles: []string{"prod-db"}, Reason: "incident 42"})
	if err != nil {
		return "", "", err
	}
	err = wait(ctx, "the issue", func() bool { key = w.key(id); return key != "" && w.linked(id) })
	return id, key, err
}

// issues finds the issues of a request by their label.
func (w *world) issues(id string) []jira.Issue {
	var found []jira.Issue
	for _, issue := range w.jira.Issues() {
		for _, label := range issue.Labels {
			if strings.HasSuffix(label, id) {
				found = append(found, issue)
			}
		}
	}
	return found
}

func (w *world) key(id string) string {
	if found := w.issues(id); len(found) > 0 {
		return found[0].Key
	}
	return ""
}

func (w *world) linked(id string) bool {
	return w.phase(id, itsm) == "open"
}

// commented reports whether the bridge wrote a comment that contains the text, without the escapes of Jira's markup.
func (w *world) commented(key, text string) bool {
	issue, _ := w.jira.Issue(key)
	for _, c := range issue.Comments {
		if c.Author == jira.BotAccountID && strings.Contains(strings.ReplaceAll(c.Body, `\`, ""), text) {
			return true
		}
	}
	return false
}

func (w *world) status(key string) string {
	issue, _ := w.jira.Issue(key)
	return issue.Status
}

// moved is a new request whose issue somebody moves.
func (w *world) moved(ctx context.Context, by, status string) (id, key string, err error) {
	if id, key, err = w.request(ctx); err == nil {
		err = w.jira.Move(by, key, status)
	}
	return id, key, err
}

func (w *world) approvedInJira(ctx context.Context) (string, error) {
	id, _, err := w.moved(ctx, "bob", "Approved")
	if err != nil {
		return "", err
	}
	if err := w.waitState(ctx, id, "APPROVED"); err != nil {
		return w.state(id), err
	}
	r, _ := w.teleport.Request(id)
	reviews := r.GetReviews()
	if len(reviews) != 1 || reviews[0].Author != bridgeUser || !strings.Contains(reviews[0].Reason, bob) {
		return fmt.Sprintf("APPROVED, reviews %v", reviews), nil
	}
	return "APPROVED, one review by accessbridge for " + bob, nil
}

func (w *world) deniedInJira(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	if err := w.jira.Comment("bob", key, "Reason: not during the release"); err != nil {
		return "", err
	}
	if err := w.jira.Move("bob", key, "Denied"); err != nil {
		return "", err
	}
	if err := w.waitState(ctx, id, "DENIED"); err != nil {
		return w.state(id), err
	}
	r, _ := w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), "not during the release") {
		return "DENIED: " + r.GetResolveReason(), nil
	}
	return "DENIED: not during the release", nil
}

func (w *world) selfApproval(ctx context.Context) (string, error) {
	id, key, err := w.moved(ctx, "alice", "Approved")
	if err != nil {
		return "", err
	}
	if err := wait(ctx, "the refusal on the issue", func() bool { return w.commented(key, "nobody can decide their own") }); err != nil {
		return w.state(id), err
	}
	return w.state(id) + ", refusal told on the issue", nil
}

func (w *world) approvedInTeleport(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	if err := w.teleport.Review(id, carol, true, "fine"); err != nil {
		return "", err
	}
	err = wait(ctx, "the issue to be closed", func() bool { return w.status(key) == "Approved" && w.commented(key, carol) })
	return "issue " + w.status(key) + ", closing comment names " + carol, err
}

func (w *world) requesterCancels(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	if err := w.teleport.Delete(id); err != nil {
		return "", err
	}
	err = wait(ctx, "the issue to be closed", func() bool { return w.status(key) == "Expired" && w.commented(key, "withdrawn") })
	return "issue " + w.status(key) + ", comment says withdrawn", err
}

func (w *world) createdWhileDown(ctx context.Context) (string, error) {
	if err := w.stopBridge(); err != nil {
		return "", err
	}
	id, err := w.teleport.CreateRequest(teleport.NewRequest{User: alice, Roles: []string{"prod-db"}})
	if err != nil {
		return "", err
	}
	if err := w.startBridge(ctx); err != nil {
		return "", err
	}
	if err := wait(ctx, "the issue", func() bool { return w.linked(id) }); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d issue after the start", len(w.issues(id))), nil
}

func (w *world) decidedWhileDown(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	if err := w.stopBridge(); err != nil {
		return "", err
	}
	if err := w.jira.Move("carol", key, "Approved"); err != nil {
		return "", err
	}
	if err := w.startBridge(ctx); err != nil {
		return "", err
	}
	err = w.waitState(ctx, id, "APPROVED")
	return w.state(id) + " after the start", err
}

// approvalBody is a webhook that claims that bob approved the issue.
func (w *world) approvalBody(key string) ([]byte, error) {
	issue, _ := w.jira.Issue(key)
	return json.Marshal(map[string]any{
		"timestamp": time.Now().UnixMilli(), "webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_generic",
		"user":  map[string]any{"accountId": "712020:bob", "displayName": "Bob Baker", "accountType": "atlassian"},
		"issue": map[string]any{"id": issue.ID, "key": issue.Key, "fields": map[string]any{"status": map[string]any{"id": "10102", "name": "Approved"}}},
		"changelog": map[string]any{"id": "1", "items": []any{map[string]any{
			"field": "status", "fieldId": "status", "from": "10100", "fromString": "Pending", "to": "10102", "toString": "Approved",
		}}},
	})
}

func (w *world) forgedWebhook(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	body, err := w.approvalBody(key)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, signature := range []string{"", jira.Sign("", body), jira.Sign("guessed", body)} {
		code, err := w.post(ctx, itsm, body, header(jiraProof, signature))
		if err != nil {
			return "", err
		}
		codes = append(codes, fmt.Sprint(code))
	}
	err = stays(ctx, settle, "pending", func() bool { return w.state(id) == "PENDING" })
	return strings.Join(codes, " ") + ", " + w.state(id), err
}

func (w *world) lyingWebhook(ctx context.Context) (string, error) {
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	body, err := w.approvalBody(key)
	if err != nil {
		return "", err
	}
	code, err := w.post(ctx, itsm, body, header(jiraProof, jira.Sign(webhookSecret, body)))
	if err != nil {
		return "", err
	}
	err = stays(ctx, settle, "pending", func() bool { return w.state(id) == "PENDING" })
	return fmt.Sprintf("%d, %s", code, w.state(id)), err
}

func (w *world) jiraDown(ctx context.Context) (string, error) {
	w.jira.Stop()
	id, err := w.teleport.CreateRequest(teleport.NewRequest{User: alice, Roles: []string{"prod-db"}})
	if err != nil {
		return "", err
	}
	if err := stays(ctx, settle, "no issue", func() bool { return w.key(id) == "" }); err != nil {
		return "", err
	}
	if err := w.jira.Start(); err != nil {
		return "", err
	}
	if err := wait(ctx, "the issue", func() bool { return w.linked(id) }); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d issue once Jira is back", len(w.issues(id))), nil
}

func (w *world) createAnswerLost(ctx context.Context) (string, error) {
	cancel := w.jira.Inject(jira.Fault{Method: http.MethodPost, PathContains: "/issue", AfterEffect: true, Reset: true, Count: 1})
	defer cancel()
	id, err := w.teleport.CreateRequest(teleport.NewRequest{User: alice, Roles: []string{"prod-db"}})
	if err != nil {
		return "", err
	}
	if err := wait(ctx, "the issue", func() bool { return w.linked(id) }); err != nil {
		return fmt.Sprintf("%d issues", len(w.issues(id))), err
	}
	return fmt.Sprintf("%d issue", len(w.issues(id))), nil
}

func (w *world) identityRenewed(ctx context.Context) (string, error) {
	if err := w.teleport.WriteIdentity(w.path("identity"), bridgeUser, time.Hour); err != nil {
		return "", err
	}
	if err := w.teleport.Restart(); err != nil {
		return "", err
	}
	id, key, err := w.request(ctx)
	if err != nil {
		return "", err
	}
	if err := w.jira.Move("bob", key, "Approved"); err != nil {
		return "", err
	}
	err = w.waitState(ctx, id, "APPROVED")
	return w.state(id), err
}
