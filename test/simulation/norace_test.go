//go:build !race

package simulation

// usually is how many histories are played where nothing else is said.
const usually = 60
