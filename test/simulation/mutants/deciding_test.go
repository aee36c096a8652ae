package mutants

// deciding are faults in deciding requests by what people did at the vendors (P3).
func deciding() []mutant {
	return []mutant{
		{
			"requester-decides", "P3", "people approve their own requests",
			[]edit{{
				"policy/accept.go",
				"	same, told := p.people.isRequester(who, req.User)\n	switch {\n	case same:",
				"	same, told := p.people.isRequester(who, req.User)\n	switch {\n	case same && req.User == \"\":",
			}},
		},
		{
			"anybody-approves", "P3", "the approvers that a route names are not asked for",
			[]edit{{
				"policy/accept.go",
				"	case !in:\n",
				"	case !in && req.ID == \"\":\n",
			}},
		},
		{
			"off-duty-decides", "P3", "people decide who are not on call",
			[]edit{{
				"policy/accept.go",
				"	case ev.Barred != \"\":\n",
				"	case ev.Barred != \"\" && req.ID == \"\":\n",
			}},
		},
		{
			"automation-decides", "P3", "programs decide that bear a person's name or address",
			[]edit{{
				"policy/accept.go",
				"	case ev.Actor.Automated:\n",
				"	case ev.Actor.Automated && req.ID == \"\":\n",
			}},
		},
		{
			"shift-remembered", "P3", "people decide for ten minutes after they were on call",
			[]edit{{
				"integrations/internal/incident/rota.go",
				"const BarredFor = 15 * time.Second\n",
				"const BarredFor = 10 * time.Minute\n",
			}},
		},
		{
			"stale-statement-used", "P3", "a decision rests on what was read long before it is put into effect, and may have been taken back since",
			[]edit{{
				"reconcile/judge.go",
				"const freshEnough = 15 * time.Second\n",
				"const freshEnough = 24 * time.Hour\n",
			}},
		},
		{
			"one-person-counts-twice", "P3", "who approves in two ways counts as two where a route's approve_when wants two people",
			[]edit{{
				"policy/hearing.go",
				"		if !slices.ContainsFunc(kept, func(k statement) bool { return !h.people.distinct(k.who, s.who) }) {\n",
				"		if h.people != nil {\n",
			}},
		},
		{
			"condition-not-asked", "P3", "one approval is enough where a route's approve_when wants two",
			[]edit{{
				"policy/judge.go",
				"	if route.approveWhen == nil {\n		switch {\n",
				"	if route.approveWhen == nil || by != nil {\n		switch {\n",
			}},
		},
		{
			"proof-not-checked", "P3", "webhooks are taken from anybody",
			[]edit{{
				"handlers/webhooks.go",
				"	if err := source.Verify(in); err != nil {\n",
				"	if err := source.Verify(in); err != nil && name == \"\" {\n",
			}},
		},
		{
			"payload-decides", "P3", "what a webhook says is believed, and not read back",
			[]edit{
				{
					"bridge/integration.go",
					"type Hint struct {\n",
					"type Hint struct {\n	Says Evidence\n",
				},
				{
					"integrations/internal/alerting/webhook.go",
					"	Action loose `json:\"action\"`\n	Alert  struct {\n",
					"	Action loose `json:\"action\"`\n	Alert  struct {\n		Username loose `json:\"username\"`\n",
				},
				{
					"integrations/internal/alerting/webhook.go",
					"		out.Hints = []bridge.Hint{{ObjectID: aliasPrefix + marker, RequestID: marker}}\n",
					"		word, reason, _ := t.rules.Words.Match(string(d.Alert.Note))\n" +
						"		out.Hints = []bridge.Hint{{ObjectID: aliasPrefix + marker, RequestID: marker, Says: bridge.Evidence{\n" +
						"			Target: t.Name(), Object: t.ref(marker), Marker: marker, Status: word.Status(), Verdict: word.Verdict, Reason: reason,\n" +
						"			Actor: bridge.Actor{ID: string(d.Alert.Username), Email: string(d.Alert.Username)}, At: time.Now(), ReadAt: time.Now(),\n" +
						"		}}}\n",
				},
				{
					"integrations/internal/alerting/webhook.go",
					"	\"strings\"\n\n",
					"	\"strings\"\n	\"time\"\n\n",
				},
				{
					"reconcile/engine.go",
					"	m.hinted(id, h.DeliveryID)\n	return true\n",
					"	if h.Says.Verdict != bridge.Undecided {\n		e.judge.observe(id, m.name, []bridge.Evidence{h.Says})\n		return true\n	}\n	m.hinted(id, h.DeliveryID)\n	return true\n",
				},
			},
		},
		{
			"note-recorded-first", "P3", "that a note was written is recorded before it is, so that a crash or a failure between the two keeps it from people",
			[]edit{{
				"reconcile/mirror.go",
				"	err = m.call(ctx, func(ctx context.Context) error { return m.ticketer.Update(ctx, link.Ref, missing) })\n",
				"	for _, n := range missing {\n		link.Notes = append(slices.Clip(link.Notes), n.ID)\n	}\n" +
					"	if err := m.swap(ctx, req.ID, m.links.Link(req.ID, m.name), link); err != nil {\n		return 0, err\n	}\n" +
					"	err = m.call(ctx, func(ctx context.Context) error { return m.ticketer.Update(ctx, link.Ref, missing) })\n",
			}},
		},
		{
			"notes-without-lease", "P3", "two instances write the same note at the same time",
			[]edit{{
				"reconcile/mirror.go",
				"	leased := link.Leased(m.self, time.Now().Add(m.updateLease()))\n	return leased, m.swap(ctx, id, link, leased)\n",
				"	return link, nil\n",
			}},
		},
	}
}
