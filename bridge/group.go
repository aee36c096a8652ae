package bridge

import "context"

// GroupSource tells who is in a group of people at a vendor, such as a Jira group or a team.
type GroupSource interface {
	Integration
	// Members returns everybody who is in the group now, named as the vendor does or by id. A group that the vendor does not know is an
	// error made by Terminal, because silence would look like a group without members.
	Members(ctx context.Context, group string) ([]Actor, error)
}
