// Package bridge holds the words every other package speaks: the Access Request as the bridge sees it, the durable link
// between a request and an outside object, the evidence read back from a vendor, the decision taken from it, and the small
// capability interfaces an integration implements. It imports nothing but the standard library, so that any package may
// import it.
package bridge
