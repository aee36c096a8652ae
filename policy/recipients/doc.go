// Package recipients says who is to be told of a request by the routing that Teleport's own configuration holds: the map from
// roles to recipients and the suggested reviewers of the official plugins, and Teleport's Access Monitoring Rules.
//
// It is pure: no I/O, no clock, no state. Facts in, recipients out, in an order that does not change.
package recipients
