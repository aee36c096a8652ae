package mutants

// creating are faults in making an object for each request (P1), and only one (P2).
func creating() []mutant {
	return []mutant{
		{
			"retry-dropped", "P1", "what failed once is never tried again",
			[]edit{{
				"reconcile/queue.go",
				"	q.remember(id, err, class, pause)\n	q.work.AddAfter(id, pause)\n",
				"	q.remember(id, err, class, pause)\n",
			}},
		},
		{
			"claim-never-expires", "P1", "the claim of an instance that died keeps all others from making the object for ever",
			[]edit{{
				"reconcile/open.go",
				"	case link.Phase == bridge.PhaseClaimed && now.Before(link.Until):\n		return link.Until.Sub(now) + m.queue.jitter(conflictPause)\n",
				"	case link.Phase == bridge.PhaseClaimed:\n		return max(link.Until.Sub(now), m.claimTime())\n",
			}},
		},
		{
			"no-list-after-reconnect", "P1", "what was asked for while the watch was broken is never heard of",
			[]edit{{
				"teleport/watch.go",
				"	s.list(ctx)\n	// The timer runs only between two lists",
				"	if s.state.Lists == 0 {\n		s.list(ctx)\n	} else {\n		s.online(s.kinds)\n	}\n	// The timer runs only between two lists",
			}},
		},
		{
			"deleted-object-forgotten", "P1", "an object that people delete is not made again",
			[]edit{{
				"reconcile/mirror.go",
				"	m.judge.observe(req.ID, m.name, nil)\n	if link.Replaced >= mostReplacements {",
				"	m.judge.observe(req.ID, m.name, nil)\n	if link.Replaced >= 0 {\n		return 0, nil\n	}\n	if link.Replaced >= mostReplacements {",
			}},
		},
		{
			"no-claim", "P2", "the object is made without a claim, so that each instance makes one",
			[]edit{{
				"reconcile/open.go",
				"	if err := m.swap(ctx, req.ID, link, claim); err != nil {\n		return 0, err\n	}\n	return m.underClaim(ctx, req, target, claim, search)\n",
				"	_, _ = claim, search\n	return m.send(ctx, req.ID, link, bridge.Draft{Request: req, WebURL: m.webURL(req.ID), Settings: target.Settings, Recipients: target.Recipients})\n",
			}},
		},
		{
			"claim-without-comparing", "P2", "a claim is written over that of another instance",
			[]edit{{
				"teleport/store.go",
				"			Expect: map[string]string{linkPrefix + target: before},\n",
				"			Expect: map[string]string{linkPrefix + \"of-nothing\" + before: \"\"},\n",
			}},
		},
		{
			"lost-claim-used", "P2", "an instance that has lost the claim to another goes on as if it had won",
			[]edit{{
				"teleport/store.go",
				"			s.log.Debug(\"Plugin data could not be read after a conflict\", \"request_id\", id, \"error\", rerr)\n		}\n		return fmt.Errorf(\"link %s of request %s: %w\", target, id, bridge.ErrConflict)\n",
				"			s.log.Debug(\"Plugin data could not be read after a conflict\", \"request_id\", id, \"error\", rerr)\n		}\n		return nil\n",
			}},
		},
		{
			"claim-too-short", "P2", "a claim runs out before the vendor has carried out the call and shows the result in a search",
			[]edit{{
				"reconcile/open.go",
				"	return callTime(t) + t.ApplyWithin + t.SearchLag + leaseMargin\n",
				"	return callTime(t) + leaseMargin\n",
			}},
		},
		{
			"no-search-when-taking-over", "P2", "whoever takes over a claim does not look for the object that its owner may have made",
			[]edit{{
				"reconcile/open.go",
				"	search := link.Phase == bridge.PhaseClaimed\n",
				"	search := false\n",
			}},
		},
		{
			"unknown-outcome-taken-for-failure", "P2", "a creation that went unanswered is made again at once",
			[]edit{{
				"reconcile/open.go",
				"	if !bridge.NoEffect(err) {\n		pause := min(",
				"	if !bridge.NoEffect(err) && claim.Phase == bridge.PhaseNone {\n		pause := min(",
			}},
		},
		{
			"object-to-come-taken-for-deleted", "P2", "an object that the vendor is still making counts as deleted, and is made again",
			[]edit{{
				"reconcile/mirror.go",
				"	if err := m.toCome(link); err != nil {\n",
				"	if err := m.toCome(link); err != nil && link.Phase == bridge.PhaseNone {\n",
			}},
		},
		{
			"marker-not-searched", "P2", "the search in Jira asks for another label than the one that marks the issue",
			[]edit{{
				"integrations/jira/find.go",
				`ORDER BY created ASC` + "`, labelOne, m.RequestID)",
				`ORDER BY created ASC` + "`, m.RequestID, labelOne)",
			}},
		},
	}
}
