package mutants

// ending are faults in closing objects once their requests have ended (P4).
func ending() []mutant {
	return []mutant{
		{
			"closing-recorded-first", "P4", "that an object is closed is recorded before it is, so that a crash or a failure between the two leaves it open",
			[]edit{{
				"reconcile/finish.go",
				"	if err := m.closeObject(ctx, id, link, outcome); err != nil {\n		m.keepUnclosed(id, link)\n		return 0, err\n	}\n	return 0, m.closed(ctx, id, link, outcome.Ending)\n",
				"	if err := m.closed(ctx, id, link, outcome.Ending); err != nil {\n		return 0, err\n	}\n	return 0, m.closeObject(ctx, id, link, outcome)\n",
			}},
		},
		{
			"error-taken-for-success", "P4", "an object that the vendor refused to close counts as closed",
			[]edit{{
				"reconcile/finish.go",
				"	if err != nil {\n		return fmt.Errorf(\"closing the object: %w\", err)\n	}\n",
				"	if err != nil {\n		m.log.Warn(\"object not closed\", \"error\", err)\n	}\n",
			}},
		},
		{
			"open-links-not-resumed", "P4", "an instance that starts does not look at the objects of requests that ended before",
			[]edit{{
				"reconcile/engine.go",
				"		if link.Phase != bridge.PhaseClosed {\n			open[key.Target]",
				"		if link.Phase == bridge.PhaseFailed {\n			open[key.Target]",
			}},
		},
		{
			"expired-request-not-closed", "P4", "the object of a request that Teleport no longer has stays open",
			[]edit{{
				"reconcile/finish.go",
				"			return m.ended(id, m.judge.words.vanished(id, link, m.hasWitnessed(id), time.Now())), 0, nil\n",
				"			return bridge.Outcome{}, unsettledPause, nil\n",
			}},
		},
		{
			"claim-of-ended-request-dropped", "P4", "an object that was being made when its request ended is not looked for",
			[]edit{{
				"reconcile/finish.go",
				"	if found == nil {\n		if err := gone(",
				"	if found == nil || id != \"\" {\n		if err := gone(",
			}},
		},
		{
			"closed-before-the-last-call", "P4", "an object is closed while a second call that makes it may still be carried out, and then makes another",
			[]edit{{
				"reconcile/open.go",
				"		next.Unsettled = d.until.UTC().Truncate(time.Millisecond)\n",
				"		_ = d\n",
			}},
		},
		{
			"deletions-ignored", "P4", "neither events nor lists show that a request is gone",
			[]edit{
				{
					"teleport/cache.go",
					"	_, known := c.entries[id]\n	delete(c.entries, id)\n	return known\n",
					"	_, known := c.entries[id]\n	return known\n",
				},
				{
					"teleport/cache.go",
					"		delete(c.entries, id)\n		changed = append(changed, id)\n	}\n	maps.DeleteFunc",
					"	}\n	maps.DeleteFunc",
				},
			},
		},
	}
}
