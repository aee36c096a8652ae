package bridge

import "time"

// The outcomes of an audited decision.
const (
	// OutcomeApplied means that Teleport took the decision and the request is resolved.
	OutcomeApplied = "applied"
	// OutcomeRecorded means that Teleport took the review but still waits for others.
	OutcomeRecorded = "recorded"
	// OutcomeRefused means that the evidence did not count.
	OutcomeRefused = "refused"
	// OutcomeFailed means that Teleport did not take the decision.
	OutcomeFailed = "failed"
	// OutcomeDryRun means that the decision was not submitted because the bridge runs dry.
	OutcomeDryRun = "dry_run"
	// OutcomeDrift means that the evidence changed after the decision. The decision stands.
	OutcomeDrift = "drift"
)

// AuditEntry is one line of the audit record: a decision or a refusal, with everything needed to retrace it.
type AuditEntry struct {
	Time      time.Time `json:"time"`
	RequestID string    `json:"request_id"`
	Requester string    `json:"requester"`
	Roles     []string  `json:"roles,omitempty"`
	Verdict   Verdict   `json:"verdict"`
	Outcome   string    `json:"outcome"`
	// Person is the Teleport user or address the actor was mapped to; empty in a refusal before that step.
	Person string `json:"person,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Evidence is the piece that decided, or that was refused; Support are the further pieces the decision rests on.
	Evidence Evidence   `json:"evidence"`
	Support  []Evidence `json:"support,omitempty"`
	Route    string     `json:"route,omitempty"`
	Rule     string     `json:"rule,omitempty"`
	Mode     Mode       `json:"mode,omitempty"`
	// Code and Detail say why a refusal or failure happened.
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Journal keeps audit entries. Record must not block for long and must not lose entries silently.
type Journal interface {
	Record(AuditEntry)
}
