//go:build race

package process

// raceDetector is true when the tests run with the race detector. The binary then does as well.
const raceDetector = true

// slowdown is by how much everything goes slower with it.
const slowdown = 4
