package mutants

// hearing are faults in learning of what people did when no webhook tells (P5), and in keeping vendors apart (P6).
func hearing() []mutant {
	return []mutant{
		{
			"no-resync", "P5", "changed objects are never listed, so that what a lost webhook would have told stays unheard of",
			[]edit{{
				"reconcile/engine.go",
				"m.decisions != nil && every > 0 {",
				"m.decisions != nil && every < 0 {",
			}},
		},
		{
			"listed-decision-passed-over", "P5", "a listing shows that somebody seems to have decided, and the object is not read",
			[]edit{{
				"reconcile/resync.go",
				"		if glance.Decided || m.policy.SeesStates() {\n",
				"		if !glance.Decided || m.policy.SeesStates() {\n",
			}},
		},
		{
			"object-read-once", "P5", "an object that was read is not read again, whatever people do there afterwards",
			[]edit{{
				"reconcile/mirror.go",
				"	if !due {\n		return nil\n	}\n	var evidence []bridge.Evidence\n",
				"	if !due || len(m.judge.evidence(id)) > 0 {\n		return nil\n	}\n	var evidence []bridge.Evidence\n",
			}},
		},
		{
			"vendors-share-their-slots", "P6", "all vendors share one slot for calls, so that one that hangs holds up all",
			[]edit{{
				"reconcile/engine.go",
				"		m.slots = make(chan struct{}, workers)\n",
				"		m.slots = make(chan struct{}, 1)\n		for _, other := range e.mirrors {\n			m.slots = other.slots\n		}\n",
			}},
		},
	}
}
