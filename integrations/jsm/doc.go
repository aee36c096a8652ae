// Package jsm keeps one alert in the operations of Jira Service Management for each Access Request
// (developer.atlassian.com/cloud/jira/service-desk-ops). What it does with alerts is in package alerting; here are the settings and the calls:
// those of operations, and those to Jira itself, which knows people by account ids. What Atlassian does not describe has a switch that is off.
package jsm
