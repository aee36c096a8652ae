// Package alerting is the account of an alert product: users, teams, schedules, escalations and alerts, with everything that
// happens to them. It has no REST API. Opsgenie and the operations of Jira Service Management are the same product behind two
// APIs, and the simulators of both render one [Account].
//
// # Writes
//
// A write by the API is accepted first and takes effect later ([Options.ProcessLag], [Account.PauseRequests]); whether it
// succeeded shows only in the status of its request ([Account.Request]). What a person does in the web application takes
// effect at once: [Account.Note], [Account.Acknowledge], [Account.CloseAlert], [Account.Action]. An empty user stands for
// automation.
//
// An alert whose alias an open alert has already is not made: the open one counts one more, and the draft is dropped. Once it is
// closed, the alias is free for a new alert.
//
// # Who did what
//
// The log of an alert has an entry for everything that was done. Its owner is the username of a person who was logged in, but
// for a call of the API whatever the caller named, or "System". The entry's type does not tell persons from automation:
// both are "system". What tells them apart is the text, which says by which way it was done: "via web" or "via API".
//
// # Webhooks
//
// A [Receiver] gets events without a signature; a header that its owner chose, or basic authentication, is the only proof. Which
// fields a body has, and of which types, is not steady with the vendor: [Shape] has a switch for each difference that was
// seen.
//
// # What is not verified
//
// The vendor's pages show the texts "Created alert" and "Alert does not exist" as statuses of requests, and the log texts "Alert
// acknowledged via web" and "Viewed on [web]" with their owners and types; "Alert closed via ..." was seen in exports. Not
// documented are: the log texts of notes and custom actions ([Options.ActionLog] changes the latter), the statuses of other
// requests, what a second acknowledgement or closing answers, whether a custom action that the alert does not have is refused,
// whether it can be executed on a closed alert (here it can), whether a closed alert is found by its alias
// ([Options.OpenAliasOnly]), what becomes of a responder that does not exist ([Options.IgnoreUnknownResponders]), what an
// alert's log says when a draft joins it, whom a team that is on call stands for, and how long anything takes.
package alerting
