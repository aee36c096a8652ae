package pagerduty

import (
	"slices"
	"time"
)

// onCallHorizon is how far ahead PagerDuty tells turns.
const onCallHorizon = 90 * 24 * time.Hour

// listOnCalls tells who is on call, now or in a range.
func (s *Server) listOnCalls(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	within, err := s.onCallSpan(c)
	if err != nil {
		return reply{}, err
	}
	users, policies, schedules := c.list("user_ids"), c.list("escalation_policy_ids"), c.list("schedule_ids")
	chosen := func(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }
	var found []duty
	for _, policy := range s.acc.policies {
		if !chosen(policies, policy.ID) {
			continue
		}
		for _, d := range s.duties(policy, within) {
			schedule := ""
			if d.schedule != nil {
				schedule = d.schedule.ID
			}
			if chosen(users, d.user.ID) && chosen(schedules, schedule) {
				found = append(found, d)
			}
		}
	}
	if c.Query.Get("earliest") == "true" {
		found = earliest(found)
	}
	return paged(p, "oncalls", found, func(d duty) any { return s.dutyJSON(d, c) })
}

// onCallSpan reads the range, whose bounds are now unless given.
func (s *Server) onCallSpan(c *call) (span, error) {
	within, err := c.span()
	if err != nil {
		return span{}, err
	}
	now := s.now()
	if within.since.IsZero() {
		within.since = now
	}
	if within.until.IsZero() {
		within.until = now
		if within.since.After(now) {
			within.until = within.since
		}
	}
	if within.until.Before(within.since) {
		return span{}, invalidInput("Until cannot be before Since")
	}
	if horizon := now.Add(onCallHorizon); within.until.After(horizon) {
		within.until = horizon
	}
	return within, nil
}

// earliest keeps the first entry of each policy, level and user.
func earliest(list []duty) []duty {
	type key struct {
		policy, user string
		level        int
	}
	first := map[key]int{}
	var out []duty
	for _, d := range list {
		k := key{d.policy.ID, d.user.ID, d.level}
		if i, seen := first[k]; seen {
			if d.turn.From.Before(out[i].turn.From) {
				out[i] = d
			}
			continue
		}
		first[k] = len(out)
		out = append(out, d)
	}
	return out
}
