// Package jira keeps one Jira issue per Access Request, on Jira Cloud and on Jira Data Center, and reads back what people decide
// on it.
//
// It speaks version 2 of the REST API, where texts are wiki markup, because both products have it; only the search of Cloud
// exists in version 3 alone. See developer.atlassian.com/cloud/jira/platform/rest/v2 and
// developer.atlassian.com/server/jira/platform/rest.
package jira
