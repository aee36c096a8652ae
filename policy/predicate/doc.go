// Package predicate evaluates the condition of a Teleport Access Monitoring Rule with the meaning Teleport gives it.
//
// A condition is an expression in Go's syntax over a few variables of the request, its requester and the integration to be told.
// Compile parses it and checks the type of every part once; the result is evaluated any number of times. Both are pure: no I/O,
// no clock, no state. What is unknown (a variable, a function, a type that does not fit, a value that could not be read) is an
// error, never false and never true: the caller reports it and the rule selects nothing.
//
// Names and meanings follow https://goteleport.com/docs/reference/access-controls/access-monitoring-rules/ and, for the functions
// both pages share, https://goteleport.com/docs/reference/access-controls/login-rules/.
package predicate
