// Package pagerduty is a stateful stand-in of PagerDuty over real HTTP or HTTPS: REST API v2 and webhooks v3.
//
// It keeps users, services, escalation policies, schedules and incidents in memory, answers the part of the REST API that
// accessbridge uses, sends signed webhooks as PagerDuty does, shows a small page where a person can act as a responder, and
// breaks on demand. The facts come from PagerDuty's published REST description (developer.pagerduty.com/api-reference) and
// its webhook pages (developer.pagerduty.com/docs/webhooks).
//
// A server is made with [New] and listens after [Server.Start]:
//
//	srv, err := pagerduty.New(pagerduty.Options{})
//	if err != nil { ... }
//	if err := srv.Start(); err != nil { ... }
//	defer srv.Close()
//
// All methods are safe for concurrent use.
//
// # What can be read back
//
// What a person did is read back with GET, whatever a webhook said:
//
//   - A note: GET /incidents/{id}/notes, newest first, with its user. The user's type is bot_user_reference when no person
//     wrote it. The note is also an annotate_log_entry, whose channel has the text when include[]=channels is asked for.
//   - Acknowledge and resolve: acknowledge_log_entry and resolve_log_entry of GET /incidents/{id}/log_entries and
//     GET /log_entries, newest first. The agent is a user_reference for a person and a service_reference for automation.
//   - A custom incident action: GET /automation_actions/invocations?incident_id=, newest first, and
//     GET /automation_actions/invocations/{id}, where {id} is data.id of the webhook incident.action_invocation.created.
//     metadata.agent is who invoked it (null for automation), action_snapshot.name is the action, and the first entry of
//     timing is when. PagerDuty's log entries have no type for an invocation, so there is none among them.
//
// # On call
//
// GET /oncalls tells, as PagerDuty does, only shifts that an escalation policy leads to: a schedule in no policy has none. A
// person named by a policy directly is on call for ever: schedule, start and end are null.
//
// # What is not verified
//
// The published description that the contract tests use has neither /automation_actions/invocations nor GET /log_entries:
// the paths are PagerDuty's, but the shape of an invocation was not checked against a description. Nor does it say: the
// codes and texts of most errors, the order of log entries, that the month which GET /incidents looks back holds with
// incident_key too, whether a second person may acknowledge, where a note is cut in an event, and that a redirect of a
// receiver counts as a refusal.
//
// # Where the simulator is stricter than PagerDuty
//
// A call without the header "Accept: application/vnd.pagerduty+json;version=2" is refused with 400, so that a client that
// forgets to ask for the version is found out.
package pagerduty
