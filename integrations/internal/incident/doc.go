// Package incident is what integrations have in common that open one object for each request and read decisions there: the settings
// of an account and of decisions, notes that decide, the plain text of a request, and the outside of an integration.
package incident
