// Package conformance is the suite that every integration passes. A vendor folder runs it from one short test: it says how to start the
// vendor's stand-in, how to configure the integration for it, and which cases cannot be passed, each by name and with the reason.
//
// The suite itself stands on the wire between the two. It counts calls, breaks them, loses answers and looks at what was sent, so that a
// stand-in needs no part in that and all vendors are judged alike. It knows no vendor.
package conformance
