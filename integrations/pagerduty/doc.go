// Package pagerduty keeps one PagerDuty incident for each Access Request, reads decisions from notes, custom incident actions and
// changes of status, and tells who is on call. It speaks REST v2 and webhooks v3 (developer.pagerduty.com).
package pagerduty
