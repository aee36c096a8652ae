package text

import (
	"maps"
	"slices"
)

// because ends a sentence with a reason, if there is one.
const (
	becauseReview  = `{{if trim .Review.Reason}}: {{.Review.Reason}}{{else}}.{{end}}`
	becauseRequest = `{{if trim .Request.ResolveReason}}: {{.Request.ResolveReason}}{{else}}.{{end}}`
	byWhom         = `{{with .By}} by {{join ", " .}}{{end}}`
	saysNow        = `This object {{if .Evidence.Status}}says {{quote .Evidence.Status}} now{{if .Evidence.Actor.Known}}, by {{.Evidence.Actor}}{{end}}` +
		`{{else}}no longer says so{{end}}`
)

// builtin are the templates of the texts that the configuration does not replace.
func builtin() map[string]string {
	return map[string]string{
		NameReview: `{{.Review.Author}} {{.Verb}} this request in Teleport` + becauseReview,
		NameRecorded: `The decision was submitted to Teleport as a review ({{.Verb}}). ` +
			`{{with .Missing}}Teleport has {{join ", " .}} and waits for more reviewers.{{else}}Teleport still waits for more reviewers.{{end}}`,
		NameRefusal: `{{quote .Evidence.Status}} does not count as a decision: {{.Why}}`,
		NameFailure: `{{if .OnCall}}The approval of the request of {{.Person}}, who is on call,{{else}}The decision of {{.Person}}{{end}}` +
			` could not be put into effect in Teleport: {{.Why}}`,
		NameDrift: saysNow + `, but Teleport has taken the decision from here ({{.Verb}}) already, and it stands. ` +
			`Who wants another has to act in Teleport.`,
		NameLate: saysNow + `, but the request was decided before ({{.Verb}}), and that stands. ` +
			`Who wants otherwise has to act in Teleport.`,
		NameApproved: `The request was approved in Teleport` + byWhom + becauseRequest,
		NameDenied:   `The request was denied in Teleport` + byWhom + becauseRequest,
		NamePromoted: `The request was promoted to a membership of an Access List{{with .Request.PromotedTo}} ({{quote .}}){{end}}` + becauseRequest,
		NameExpired:  `The request expired: nobody decided in time.`,
		NameDeleted:  `The request was withdrawn by the requester, or removed by an administrator, before anybody decided.`,
		NameEnded:    `The request has ended in Teleport while accessbridge was not running; Teleport's audit log tells how.`,
		NameReason: `{{.Verb}} {{if .OnCall}}without a person{{else}}by {{.Person}}` +
			`{{with or .Evidence.Object.Key .Evidence.Object.ID}} in {{$.Evidence.Target}} {{.}}{{end}}{{with .Evidence.Object.URL}} ({{.}}){{end}}{{end}}` +
			`{{with trim .Reason}}: {{.}}{{end}}`,
	}
}

// Names returns the names of all texts, sorted.
func Names() []string { return slices.Sorted(maps.Keys(builtin())) }

// Builtin returns the template that a text has unless the configuration replaces it.
func Builtin(name string) string { return builtin()[name] }
