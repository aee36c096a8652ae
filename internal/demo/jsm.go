package demo

func (w *world) jsmScenarios() []scenario {
	return []scenario{
		{"approved by a note (Jira Service Management)", "APPROVED, reason names alice@example.com, alert closed", w.jsmDesk().approvedByNote},
	}
}

func (w *world) jsmDesk() desk {
	d := w.alertDesk(w.jsm.Account)
	d.integration, d.role, d.name, d.server = operations, "operations-db", "Jira Service Management", w.jsm
	return d
}
