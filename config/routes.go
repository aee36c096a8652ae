package config

// Settings are the settings of one integration, of the vendor's own type. A Kind makes them with their defaults; the file is
// decoded over these, then Validate is called.
type Settings interface {
	// Validate reports every fault to p, whose paths are relative to these settings, and resolves secrets with
	// Problems.Secret and Problems.Secrets.
	Validate(p *Problems)
}

// TargetSettings is implemented by per-target settings that have something to check.
type TargetSettings interface {
	// Validate reports every fault to p, whose paths are relative to the target.
	Validate(p *Problems)
}

// Kind describes one type of integration to the loader.
type Kind struct {
	// Settings returns a pointer to a new struct that holds the defaults.
	Settings func() Settings
	// Target returns a pointer to a new struct for the per-target settings of a route; nil when the type has none.
	Target func() any
}

// Integration is one vendor account.
type Integration struct {
	Name string `yaml:"name" jsonschema:"required,pattern=^[a-z][a-z0-9-]{0\\,30}$" jsonschema_description:"Your own name for it: it is the end of its webhook's address and the key of its links."`
	Type string `yaml:"type" jsonschema:"required" jsonschema_description:"The vendor."`
	// RoleToRecipients is asked when Config.Routing names it.
	RoleToRecipients map[string][]string `yaml:"role_to_recipients" jsonschema_description:"Who is told of requests for a role, in the vendor's words: a project, a service, a schedule. Entry * is for roles without their own. Asked only where routing names role_to_recipients. Default none."`
	// Config is a pointer to the settings type of the vendor.
	Config Settings `yaml:"config" jsonschema_description:"The vendor's own settings."`
}

// Route says which requests go where, and who may decide them there.
type Route struct {
	Name          string    `yaml:"name" jsonschema:"required,pattern=^[a-z][a-z0-9-]{0\\,30}$" jsonschema_description:"Your own name for it, used in audit lines."`
	When          string    `yaml:"when" jsonschema_description:"CEL expression over request, cluster and time that selects requests. Without it the route selects all."`
	Continue      bool      `yaml:"continue" jsonschema_description:"Try the following routes too when this one selects a request. Default false."`
	Targets       []Target  `yaml:"targets" jsonschema:"required,minItems=1" jsonschema_description:"Where the requests are opened."`
	ApproveWhen   string    `yaml:"approve_when" jsonschema_description:"CEL expression over evidence, approvals, denials and on_call besides. Without it any accepted approval approves, and being on call."`
	DenyWhen      string    `yaml:"deny_when" jsonschema_description:"CEL expression like approve_when, looked at first. Without it any accepted denial denies."`
	Approvers     Approvers `yaml:"approvers" jsonschema_description:"Whose decisions count. Without it everybody's who can make them at the vendor, but never the requester's."`
	RequireReason []string  `yaml:"require_reason" jsonschema:"enum=approve,enum=deny" jsonschema_description:"Which decisions need a reason: approve, deny. Default none."`
	MaxDuration   Duration  `yaml:"max_duration" jsonschema_description:"Longest access that may be approved from outside; longer requests stay for Teleport. Default 0s, no limit."`
	Decide        string    `yaml:"decide" jsonschema:"enum=review,enum=override" jsonschema_description:"review submits an access review and leaves Teleport's thresholds in force; override sets the state. Default review."`
	OverrideRoles []string  `yaml:"override_roles" jsonschema_description:"Roles that override may decide. Required with decide: override."`
	NotifyOnly    bool      `yaml:"notify_only" jsonschema_description:"Open and close objects, but take no decision from them. Default false."`
	OnCall        []OnCall  `yaml:"on_call" jsonschema_description:"Approve a request at once when its requester is on call by one of these."`
	// Texts go before those of the whole configuration.
	Texts map[string]string `yaml:"texts" jsonschema_description:"Templates like the texts of the whole configuration, for requests of this route. They go before those."`
	Quiet Duration          `yaml:"quiet" jsonschema_description:"With on_call: how long targets are held back, so that nobody is told of what on-call approves. Default 0s."`
}

// OnCall says what the requester has to be on call for. The names are alternatives.
type OnCall struct {
	Integration        string   `yaml:"integration" jsonschema:"required" jsonschema_description:"Name of the integration that knows the schedules."`
	Services           []string `yaml:"services" jsonschema_description:"Names or ids of services."`
	EscalationPolicies []string `yaml:"escalation_policies" jsonschema_description:"Names or ids of escalation policies."`
	Schedules          []string `yaml:"schedules" jsonschema_description:"Names or ids of schedules."`
	Teams              []string `yaml:"teams" jsonschema_description:"Names or ids of teams."`
	Levels             int      `yaml:"levels" jsonschema:"minimum=0" jsonschema_description:"Highest escalation level that counts. Default 0, every level."`
	ServicesFrom       string   `yaml:"services_from" jsonschema_description:"System annotation that names further services, such as pagerduty_services."`
	SchedulesFrom      string   `yaml:"schedules_from" jsonschema_description:"System annotation that names further schedules, such as teleport.dev/schedules."`
	TeamsFrom          string   `yaml:"teams_from" jsonschema_description:"System annotation that names further teams, such as teleport.dev/teams."`
}

// The values of Route.Decide. DecideOnBehalf is known in order to be refused with its reason.
const (
	DecideReview   = "review"
	DecideOverride = "override"
	DecideOnBehalf = "on_behalf"
)

// Target is one place a route opens for a request.
type Target struct {
	Integration string `yaml:"integration" jsonschema:"required" jsonschema_description:"Name of the integration."`
	// Settings is a pointer to the per-target type of the vendor, decoded from the other keys of the target; nil when there
	// are none.
	Settings any `yaml:"-"`
}

// Approvers are the people whose decisions count. A person counts who is in any of the lists.
type Approvers struct {
	Emails  []string `yaml:"emails" jsonschema_description:"Addresses of people."`
	Domains []string `yaml:"domains" jsonschema_description:"Domains whose addresses all count, such as example.com."`
	Groups  []Group  `yaml:"groups" jsonschema_description:"Groups of people at vendors."`
	Roles   []string `yaml:"roles" jsonschema_description:"Teleport roles whose users count."`
}

// Group is a group of people at a vendor: a Jira group, or a team.
type Group struct {
	Integration string `yaml:"integration" jsonschema:"required" jsonschema_description:"Name of the integration."`
	Group       string `yaml:"group" jsonschema:"required" jsonschema_description:"Name or id of the group or team there."`
}

// Empty reports whether no approvers are named.
func (a Approvers) Empty() bool {
	return len(a.Emails) == 0 && len(a.Domains) == 0 && len(a.Groups) == 0 && len(a.Roles) == 0
}
