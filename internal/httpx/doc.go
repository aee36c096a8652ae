// Package httpx builds the one outbound HTTP client of the product. Every integration calls its vendor through it, so that
// limits, pauses, proxies, certificates, redirects and the meaning of failures are the same everywhere.
package httpx
