// Package jira is a stateful stand-in of Jira over real HTTP or HTTPS, in the Cloud and the Data Center flavour.
//
// It keeps projects, workflows, people and issues in memory, answers the part of the REST API that accessbridge uses,
// sends webhooks as Jira does, shows a small board page where a person can move a card, and breaks on demand. The facts
// come from Atlassian's published REST descriptions (developer.atlassian.com/cloud/jira/platform/rest/v3 and
// developer.atlassian.com/server/jira/platform/rest) and its webhook pages.
//
// A server is made with [New] and listens after [Server.Start]:
//
//	srv, err := jira.New(jira.Options{})
//	if err != nil { ... }
//	if err := srv.Start(); err != nil { ... }
//	defer srv.Close()
//
// All methods are safe for concurrent use.
package jira
