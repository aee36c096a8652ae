// Package opsgenie is a stateful stand-in of Opsgenie over real HTTP or HTTPS: REST API v2 and outgoing webhooks.
//
// It renders an account of package alerting as the part of the REST API that accessbridge uses, sends webhooks as Opsgenie does,
// shows a small page where a person can act as a responder, and breaks on demand. The facts come from Opsgenie's published
// description of its API (github.com/opsgenie/opsgenie-oas) and its pages (docs.opsgenie.com).
//
// A server is made with [New] and listens after Start:
//
//	srv, err := opsgenie.New(opsgenie.Options{})
//	if err != nil { ... }
//	if err := srv.Start(); err != nil { ... }
//	defer srv.Close()
//
// All methods are safe for concurrent use. What persons and automation do, who is on call, and who receives webhooks are methods
// of the embedded account; faults, counters and deliveries are those of the embedded vendor server.
//
// # What can be read back
//
//   - A note: GET /v2/alerts/{id}/notes, newest first, with its owner; also an entry of the log.
//   - Acknowledge and close: entries of GET /v2/alerts/{id}/logs, newest first, and report.acknowledgedBy and report.closedBy of
//     the alert itself, which lists tell too.
//   - A custom action: an entry of the log whose text has the action's name. Nothing else keeps it.
//
// The owner of a note or entry that was made by the API is whatever the caller put into "user", be it the name of a person or
// not: what tells the two apart is that the text of the log entry says "via API" instead of "via web".
//
// # What is not verified
//
// The published description has no examples of the logs and says nothing of texts, limits and headers beyond names. The vendor's
// own client was the source of the header X-Opsgenie-Errortype, and of X-Request-Id being the id of an accepted request. Not
// checked against anything: most texts of errors, which of 404 and 202 a write to an unknown alert gets ([Options].RefuseUnknown
// changes it), whether the status of a request that never was is told apart from one that waits (here it is not), the values
// of X-RateLimit-Reason, the form of the addresses in paging, the directions of an offset, the paths DELETE /v2/alerts/{id},
// DELETE .../tags, PUT .../message, PUT .../description and GET /v2/escalations, which that client calls and the description lacks,
// what next-on-calls answers flat, with which word a list of teams is expanded, and the wording that a key without access to
// configuration gets with the vendor's code 40301. See package alerting for the rest.
//
// # Where the simulator is stricter than Opsgenie
//
// A message of more than 130 characters is refused with 422, and so are other fields beyond their documented limits; the vendor
// may cut some of them. A query that is not understood is refused, and never searched for as words.
package opsgenie
