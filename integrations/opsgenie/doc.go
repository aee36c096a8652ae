// Package opsgenie keeps one Opsgenie alert for each Access Request, over REST API v2 (docs.opsgenie.com). What it does with alerts is in
// package alerting; here are the settings and the calls. Opsgenie ends on 2027-04-05.
package opsgenie
