// Package simulation plays whole histories of the bridge in virtual time: one to four instances of the real server, with the real clients of
// every vendor and of Teleport, against the simulators, over connections inside the process. A seed makes the history: what people do, what
// goes wrong, and which instance dies between which two effects. The same seed makes the same history again, line by line.
//
// See docs/simulation.md for how to run it and for the promises that are checked.
package simulation
