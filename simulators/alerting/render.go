package alerting

import "time"

// Date is how both products write times.
func Date(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// Texts is never null in JSON.
func Texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Render is a schedule as both products tell it, in times of a zone, without its team. Its rotations are told where that is asked for, their
// participants as target renders them.
func (s Schedule) Render(zone string, rotations bool, target func(user, team, schedule, escalation string) map[string]any) map[string]any {
	out := map[string]any{"id": s.ID, "name": s.Name, "description": s.Description, "timezone": zone, "enabled": !s.Disabled}
	if !rotations {
		return out
	}
	list := []map[string]any{}
	for _, r := range s.Rotations {
		list = append(list, r.Render(target))
	}
	out["rotations"] = list
	return out
}

// Render is a rotation as both products tell it: its participants, each as target renders the one whose name is given, and not its shifts.
func (r Rotation) Render(target func(user, team, schedule, escalation string) map[string]any) map[string]any {
	out := map[string]any{"id": r.ID, "name": r.Name, "type": "weekly", "length": 1}
	people := []map[string]any{}
	for i, shift := range r.Shifts {
		if i == 0 {
			out["startDate"] = Date(shift.From)
		}
		people = append(people, target(shift.User, shift.Team, "", shift.Escalation))
	}
	out["participants"] = people
	return out
}
