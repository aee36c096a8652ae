package simulation

import (
	"net/http"
	"strconv"
	"time"
)

// troubles lets things go wrong: in some histories nothing, in some one vendor alone, in most of all a little.
func (g *generator) troubles() {
	switch g.IntN(8) {
	case 0:
		return
	case 1:
		g.add(step{At: g.upTo(time.Minute), Kind: stepFault, Where: g.among(g.setup.Vendors...), Text: g.mishap(), N: 100, For: chaos})
		return
	}
	for range g.IntN(6) {
		s := step{At: g.upTo(chaos), Kind: stepFault, Where: g.among(g.setup.Vendors...), Text: g.mishap(), N: g.share(), For: g.choose(5*time.Second, g.upTo(2*time.Minute), g.upTo(8*time.Minute))}
		if g.oneIn(2) {
			s.Count = 1
		}
		g.add(s)
	}
	for range g.IntN(3) {
		kinds := []mishap{mishapRefused, mishapLost, mishapLost, mishapHang, mishapHangAfter, mishapSlow, mishapConflict}
		g.add(step{
			At: g.upTo(chaos), Kind: stepFault, Where: teleportName, Text: string(kinds[g.IntN(len(kinds))]), N: g.share(),
			For: g.choose(5*time.Second, g.upTo(time.Minute), g.upTo(5*time.Minute)), Count: g.IntN(2),
		})
	}
	for range g.IntN(3) {
		g.add(step{
			At: g.upTo(chaos), Kind: stepHooks, Where: g.among(g.setup.Vendors...), Text: g.among(string(hookVanishes), string(hookTwice), string(hookDelayed)),
			N: g.share(), For: g.choose(g.upTo(time.Minute), chaos),
		})
	}
	if g.oneIn(3) {
		g.add(step{At: g.upTo(chaos), Kind: stepForge, Where: g.among(g.setup.Vendors...), Text: g.among("replayed", "forged")})
	}
	for range g.IntN(5) {
		g.add(step{
			At: g.upTo(chaos), Kind: stepCrash, N: g.IntN(g.setup.Instances), Text: g.among("before", "after"), Count: 1 + g.IntN(8),
			For: g.choose(time.Second, g.upTo(30*time.Second), g.upTo(4*time.Minute)),
		})
	}
	if g.oneIn(4) {
		g.add(step{At: g.upTo(chaos), Kind: stepStop, N: g.IntN(g.setup.Instances), For: g.upTo(2 * time.Minute)})
	}
	if g.oneIn(4) {
		g.add(step{At: g.upTo(chaos), Kind: stepTeleport, Text: g.among("stop", "drop", "watches"), For: g.upTo(90 * time.Second)})
	}
	if g.oneIn(4) {
		g.add(step{At: g.upTo(chaos), Kind: stepClock, Where: g.among(append([]string{teleportName}, g.setup.Vendors...)...), For: g.upTo(80*time.Second) - 40*time.Second})
	}
}

// share is how many calls of a hundred go wrong.
func (g *generator) share() int { return []int{10, 30, 60, 100}[g.IntN(4)] }

// statuses are those that vendors and what stands before them may answer whatever is asked. 404 and 410 are no faults: they say that an object
// does not exist.
func statuses() []int {
	return []int{
		301, 302, 400, 401, 402, 403, 405, 406, 408, 409, 411, 412, 413, 414, 415, 421, 422, 423, 424, 425, 426, 428, 429, 429, 431, 451,
		500, 500, 501, 502, 503, 503, 504, 505, 507, 520,
	}
}

func (g *generator) mishap() string {
	code := statuses()[g.IntN(len(statuses()))]
	status, after := strconv.Itoa(code), code
	if code < http.StatusInternalServerError && code != http.StatusRequestTimeout {
		// It says that nothing was done. Who says so and has done it anyway cannot be told from one who has not.
		after = http.StatusBadGateway
	}
	kinds := []string{
		status, status, status, mishapAfter + strconv.Itoa(after),
		string(mishapRefused), string(mishapLost), string(mishapLost), string(mishapHang), string(mishapHangAfter), string(mishapLate), string(mishapLate),
		string(mishapSlow), string(mishapGarbled),
	}
	return kinds[g.IntN(len(kinds))]
}
