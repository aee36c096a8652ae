// Package jsm is a stateful stand-in of the operations of Jira Service Management over real HTTP or HTTPS: their REST API,
// as much of Jira's own as a client needs to know people by, and outgoing webhooks.
//
// It renders an account of package alerting. The site and api.atlassian.com are one host here, so that one address does for both:
//
//   - /_edge/tenant_info tells everybody the site's cloudId;
//   - /jsm/ops/api/{cloudId}/v1/... are the operations;
//   - /rest/api/3/... is Jira at the site's address, and /ex/jira/{cloudId}/rest/api/3/... the same through the gateway.
//
// A server is made with [New] and listens after Start:
//
//	srv, err := jsm.New(jsm.Options{})
//	if err != nil { ... }
//	if err := srv.Start(); err != nil { ... }
//	defer srv.Close()
//
// All methods are safe for concurrent use. What persons and automation do, who is on call, and who receives webhooks are methods
// of the embedded account; faults, counters and deliveries are those of the embedded vendor server. Calls and faults know routes
// below the prefixes, such as "POST /alerts", "GET /user" and "GET /tenant_info".
//
// Callers log in with an e-mail address and an API token, so what they write is written by that person: nobody can act in
// another's name, as they can with Opsgenie. Users are named by Atlassian account ids, and neither responders nor who is on call
// have names; a person's address is Jira's to tell, which it does only where the person lets it.
//
// # What can be read back
//
//   - A note: GET alerts/{id}/notes, with its owner and, where updatedAt is later than createdAt, that it was changed. By whom is
//     not told.
//   - Acknowledge and close: entries of GET alerts/{id}/logs, and when, but not by whom, in the alert itself.
//   - A custom action: an entry of the log whose text has the action's name. Nothing else keeps it.
//
// # What is not verified
//
// The contract that this follows is a part of Atlassian's published description (service-desk-ops/swagger.v3.json) that was
// copied by hand, and it has few examples. Switches of [Options] are for what it leaves open or contradicts itself in:
//
//   - how the owner of a note, entry or alert is named (Owners): the examples have an address for a note, a display name for an
//     alert, and "system";
//   - whether an acknowledged alert has the status "acked", which is listed, or "open" (PlainStatus);
//   - whether creation answers 200 or 202, as all other writes (CreateAccepted);
//   - what a write to an unknown alert gets (RefuseUnknown): 404 is not listed for most;
//   - the form of the list of teams (BareTeams), whose schema was not reached; clients of others read platformTeams;
//   - the order of notes and logs (OldestFirst), and whether links are paths, as in the examples, or addresses (AbsoluteLinks);
//   - which id of a person a webhook has (OldUserIDs); its body is otherwise taken to be Opsgenie's, since both pages of
//     documentation are the same.
//
// Without a switch, and not checked against anything: texts and codes of errors, apart from "scope does not match", the answer of
// 401 to a token that lacks a scope, and lists being empty for who has no access, which users of the API report; that 403 is what
// single objects then get; the unit of from and to (seconds and milliseconds are both taken; the contract's int32 holds
// seconds only); what a list leaves out of an alert (here what Opsgenie's does); that the creation with an unknown responder is
// refused at once; the form of cursors; that bodies of acknowledge and close are ignored, for which the contract has none; headers
// of a 429 other than Retry-After; texts of the log, for which see package alerting; that nobody finds a person by an address that
// is hidden from them. Escalations of a team, users in bulk and members of groups are in Atlassian's descriptions, but not in the
// copies that the tests hold the answers against.
package jsm
