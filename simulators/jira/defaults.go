package jira

// The account the bridge logs in with on a simulator that was started with default users.
const (
	BotAccountID = "712020:bridge"
	BotName      = "accessbridge"
	BotEmail     = "accessbridge@example.com"
	BotToken     = "bridge-api-token"
)

// AutomationAccountID is the app account of the default users: what an automation rule does is done by it.
const AutomationAccountID = "557058:automation"

// DefaultUsers is a small team (alice, bob, carol, dave), the account of the bridge and the automation app.
func DefaultUsers() []User {
	person := func(name, display string) User {
		return User{
			AccountID: "712020:" + name, Name: name, Email: name + "@example.com", DisplayName: display,
			Token: name + "-token",
		}
	}
	return []User{
		person("alice", "Alice Archer"),
		person("bob", "Bob Baker"),
		person("carol", "Carol Cooper"),
		person("dave", "Dave Dyer"),
		{AccountID: BotAccountID, Name: BotName, Email: BotEmail, DisplayName: "Access Bridge", Token: BotToken},
		{AccountID: AutomationAccountID, Name: "automation", DisplayName: "Automation for Jira", App: true},
	}
}

// DefaultGroup is the one of [DefaultGroups].
const DefaultGroup = "access-approvers"

// DefaultGroups is one group, of alice, bob and carol.
func DefaultGroups() []Group {
	return []Group{{ID: "40000000-0000-4000-8000-000000000001", Name: DefaultGroup, Members: []string{"alice", "bob", "carol"}}}
}

// DefaultFields is the create screen of an issue type that names none: the system fields, none required.
func DefaultFields() []Field {
	return []Field{
		{ID: "description", Name: "Description"},
		{ID: "labels", Name: "Labels"},
		{ID: "priority", Name: "Priority"},
		{ID: "components", Name: "Components"},
		{ID: "reporter", Name: "Reporter"},
		{ID: "assignee", Name: "Assignee"},
	}
}

// DefaultProject is a project with two issue types, three components, five priorities and [DefaultWorkflow].
func DefaultProject(key string) Project {
	return Project{
		Key:        key,
		Name:       "Access " + key,
		IssueTypes: []IssueType{{ID: "10001", Name: "Task"}, {ID: "10002", Name: "Access Request"}},
		Workflow:   DefaultWorkflow(),
		Components: []string{"Database", "Network", "Platform"},
		Priorities: []string{"Highest", "High", "Medium", "Low", "Lowest"},
	}
}

// DefaultWorkflow starts in Pending, lets a reviewer take the issue to In Review, and ends in Approved, Denied, Expired
// or Promoted. An ended issue stays where it is, except that an approval can still be denied.
func DefaultWorkflow() Workflow {
	open := []string{"Pending", "In Review"}
	return Workflow{
		Statuses: []Status{
			{ID: "10100", Name: "Pending", Category: "To Do"},
			{ID: "10101", Name: "In Review", Category: "In Progress"},
			{ID: "10102", Name: "Approved", Category: "Done"},
			{ID: "10103", Name: "Denied", Category: "Done"},
			{ID: "10104", Name: "Expired", Category: "Done"},
			{ID: "10105", Name: "Promoted", Category: "Done"},
		},
		Initial: "Pending",
		Transitions: []Transition{
			{ID: "11", Name: "Start review", From: []string{"Pending"}, To: "In Review"},
			{ID: "21", Name: "Back to pending", From: []string{"In Review"}, To: "Pending"},
			{ID: "31", Name: "Approve", From: open, To: "Approved"},
			{ID: "41", Name: "Deny", From: append(open, "Approved"), To: "Denied"},
			{ID: "51", Name: "Expire", From: open, To: "Expired"},
			{ID: "61", Name: "Promote", From: open, To: "Promoted"},
		},
	}
}

// BacklogWorkflow is [DefaultWorkflow] with new issues starting in Backlog, from where they must be moved to Pending.
func BacklogWorkflow() Workflow {
	w := DefaultWorkflow()
	w.Statuses = append([]Status{{ID: "10099", Name: "Backlog", Category: "To Do"}}, w.Statuses...)
	w.Initial = "Backlog"
	w.Transitions = append(w.Transitions, Transition{ID: "71", Name: "To pending", From: []string{"Backlog"}, To: "Pending"})
	return w
}
