package simulation

import "time"

// holder is who has the primary shift of a vendor at a time, as the vendor's own clock has it.
func (w *world) holder(vendor string, at time.Duration) string {
	who, off := alice, time.Duration(0)
	for _, s := range w.settings {
		if s.where == vendor && s.at <= at {
			off = s.off
		}
	}
	at += off
	for _, s := range w.shifts {
		if s.vendor == vendor && s.from <= at && at < s.until {
			who = s.who
		}
	}
	return who
}

// moments are the times between two others at which a shift may change, by whatever the vendor's clock was set to.
func (w *world) moments(vendor string, from, to time.Duration) []time.Duration {
	turns, offs := []time.Duration{}, []time.Duration{0}
	for _, s := range w.settings {
		if s.where == vendor {
			turns, offs = append(turns, s.at), append(offs, s.off)
		}
	}
	for _, s := range w.shifts {
		for _, off := range offs {
			if s.vendor == vendor {
				turns = append(turns, s.from-off, s.until-off)
			}
		}
	}
	out := []time.Duration{from, to}
	for _, turn := range turns {
		for _, at := range []time.Duration{turn - 1, turn} {
			if from < at && at < to {
				out = append(out, at)
			}
		}
	}
	return out
}

// everHeld reports whether somebody had the primary shift at some time between two others, alwaysHeld whether all that time.
func (w *world) everHeld(vendor, who string, from, to time.Duration) bool {
	for _, at := range w.moments(vendor, from, to) {
		if w.holder(vendor, at) == who {
			return true
		}
	}
	return false
}

func (w *world) alwaysHeld(vendor, who string, from, to time.Duration) bool {
	for _, at := range w.moments(vendor, from, to) {
		if w.holder(vendor, at) != who {
			return false
		}
	}
	return true
}

// decidesBeside reports whether somebody is on call at a vendor besides the primary shift: at the pager, whose policy has further levels.
func decidesBeside(vendor, who string) bool {
	return vendor == pagerName && (who == bob || who == carol)
}

// mayEver and mayAlways report whether somebody's word about a request counts at a vendor at some time between two others, or all that time.
func (w *world) mayEver(d done, from, to time.Duration) bool {
	return w.Setup.mayDecide(d.who, d.request.who) &&
		(!w.Setup.needsDuty(d.vendor) || decidesBeside(d.vendor, d.who) || w.everHeld(d.vendor, d.who, from, to))
}

func (w *world) mayAlways(d done, from, to time.Duration) bool {
	return w.Setup.mayDecide(d.who, d.request.who) &&
		(!w.Setup.needsDuty(d.vendor) || decidesBeside(d.vendor, d.who) || w.alwaysHeld(d.vendor, d.who, from, to))
}
