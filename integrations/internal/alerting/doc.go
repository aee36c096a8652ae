// Package alerting keeps one alert for each Access Request, reads decisions from notes, custom actions and changes of status, and tells who is on
// call. It is the part that Opsgenie and Jira Service Management operations have in common: both have the same alerts, behind different
// REST interfaces, which an API hides.
package alerting
