// Package teleport is the Teleport side of the bridge and the only part of the product that knows Teleport's API. It keeps a
// connection that survives restarts of the server and renewals of the credentials, caches of all Access Requests and of the Access
// Monitoring Rules fed by one watch, the store of links in plugin data, the reviewer that puts decisions into effect, and a directory
// of people.
//
// Everything that leaves this package is in the words of package bridge, and every error carries the class of package bridge.
package teleport
