package jira

import (
	"encoding/json"
	"time"
)

// Project is one Jira project with its screens and its workflow.
type Project struct {
	// Key is the upper-case prefix of issue keys, for example "ACC".
	Key string
	// Name is the display name.
	Name string
	// IssueTypes are the types that can be created; at least one.
	IssueTypes []IssueType
	// Workflow governs every issue type of the project.
	Workflow Workflow
	// Components are the names of the project's components.
	Components []string
	// Priorities are the names of the priorities, highest first. Their ids are "1", "2", ...
	Priorities []string
}

// IssueType is one kind of issue with its create screen.
type IssueType struct {
	ID, Name string
	// Fields is the create screen apart from project, issue type and summary, which are always on it.
	// Nil means [DefaultFields].
	Fields []Field
}

// Field is one field of a create screen.
type Field struct {
	// ID is the system name ("description") or "customfield_" and a number; Name is the label on the screen.
	ID, Name string
	// Required refuses a create without a value.
	Required bool
	// Type is the schema type: string, number, array (of strings), option, user, date or any. System fields need none.
	Type string
	// AllowedValues lists the options of an option field.
	AllowedValues []string
}

// Workflow is the statuses of a project and the ways between them.
type Workflow struct {
	Statuses []Status
	// Initial is the name of the status a new issue gets; empty means the first one.
	Initial     string
	Transitions []Transition
}

// Status is one step of a workflow. Ids are global to a Jira site.
type Status struct {
	ID, Name string
	// Category is "To Do", "In Progress" or "Done".
	Category string
}

// Transition is one way between statuses.
type Transition struct {
	ID, Name string
	// From names the statuses it starts at; empty means every status (a global transition).
	From []string
	// To names the status it ends at.
	To string
	// Screen says that the transition has a screen, so that a comment may be sent along with it.
	Screen bool
}

// User is one account of the site.
type User struct {
	// AccountID identifies the user on Cloud.
	AccountID string
	// Name is the user name of Data Center.
	Name               string
	Email, DisplayName string
	// App marks an app account (accountType "app"), such as the one automation rules act as.
	App bool
	// Token is the API token on Cloud, the password or the personal access token on Data Center. A user with an empty
	// token cannot log in.
	Token string
	// NextToken is valid as well, while a token is being replaced by another. Empty is none.
	NextToken string
	// Permissions are the project permissions held, such as BROWSE_PROJECTS; nil means all of them.
	Permissions []string
	// Administrator holds the permission to administer Jira besides.
	Administrator bool
	// Inactive is an account that was deactivated. It is found nowhere but in its groups, and by its id.
	Inactive bool
}

// Group is a group of people. Members are account ids, names or e-mail addresses of users.
type Group struct {
	ID, Name string
	Members  []string
}

// Issue is what the simulator knows about one issue at one moment. It shares memory with the simulator and must not be
// changed by the caller.
type Issue struct {
	ID, Key string
	// Project is the key of the project, Type the name of the issue type.
	Project, Type string
	Summary       string
	// Description is plain text (wiki markup of API version 2), also when it was sent as an Atlassian document.
	Description string
	// Status is the name of the current status.
	Status     string
	Labels     []string
	Priority   string
	Components []string
	// Creator, Reporter and Assignee are account ids on Cloud and user names on Data Center; empty when nobody. The creator never
	// changes.
	Creator, Reporter, Assignee string
	// Fields holds the values of custom fields by field id.
	Fields map[string]any
	// Properties holds the entity properties.
	Properties map[string]json.RawMessage
	// Comments are in the order in which they were written.
	Comments         []Comment
	Created, Updated time.Time
	// History is the changelog, oldest first whatever order the REST API answers in.
	History []Change

	seq      int
	statusID string
	document json.RawMessage // the description as sent by version 3, nil when it came as text
}

// Comment is one comment of an issue. Author is an account id on Cloud and a user name on Data Center.
type Comment struct {
	ID, Author, Body string
	Properties       map[string]json.RawMessage
	Created, Updated time.Time

	document json.RawMessage
}

// Change is one entry of the changelog. Author is an account id on Cloud and a user name on Data Center.
type Change struct {
	ID, Author string
	At         time.Time
	Items      []ChangeItem
}

// ChangeItem is one changed field: From and To are ids, FromString and ToString what people see.
type ChangeItem struct {
	Field, FieldID   string
	From, FromString string
	To, ToString     string
}
