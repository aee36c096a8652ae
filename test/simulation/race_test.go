//go:build race

package simulation

// usually is how many histories are played where nothing else is said. The race detector makes each of them many times as long.
const usually = 15
