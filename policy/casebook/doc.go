// Package casebook tests a routing policy by cases: a request, what people did and who is on call, and what is expected to come of it. The
// cases stand in YAML files beside the configuration, are read as strictly as the configuration, and run without Teleport, without any
// vendor and without the clock of the machine, so that the same files always give the same answer.
package casebook
