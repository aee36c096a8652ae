// Package mutants shows that the simulation has teeth: deliberate faults are planted in the code of the bridge, one at a time, and it is told after
// how many simulated histories each is caught. No file of the tree is touched: what is compiled is a copy with the fault in it.
//
//	make mutants                                  plants all faults
//	make mutants ONLY=no-claim,claim-too-short    plants some
//
// The ordinary tests only check that every fault still fits the code.
package mutants
