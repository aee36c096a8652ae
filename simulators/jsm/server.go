package jsm

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Options configures a simulator; the zero value is a site over plain HTTP with [DefaultUsers] and the rest of the default
// account of package alerting. What is not known of the vendor has a switch; the zero values are what the contract says, and
// where it is silent what seems the most likely.
type Options struct {
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// Latency is added to every REST call.
	Latency time.Duration
	// CloudID is the id of the site; default [DefaultCloudID].
	CloudID string
	// Email is the user that APIToken and LimitedToken belong to; they default to [DefaultEmail], [DefaultAPIToken] and
	// [DefaultLimitedToken].
	Email, APIToken, LimitedToken string
	// Outsider and OutsiderToken are a user without access to operations: lists are empty for them, everything else is refused.
	// They default to [DefaultOutsider] and [DefaultOutsiderToken].
	Outsider, OutsiderToken string

	// Owners says how owners of alerts, notes and log entries are named.
	Owners OwnerForm
	// PlainStatus tells "open" for an acknowledged alert, and not "acked".
	PlainStatus bool
	// CreateAccepted answers 202 to the creation of an alert, and not 200.
	CreateAccepted bool
	// RefuseUnknown answers 404 to a write to an alert that does not exist, instead of accepting it and telling the failure in
	// the status of the request.
	RefuseUnknown bool
	// BareTeams lists the teams as an array, and not as an object with the field platformTeams.
	BareTeams bool
	// OldestFirst lists notes and logs in the order in which they were made, and not the newest first.
	OldestFirst bool
	// AbsoluteLinks makes links to other pages whole addresses, and not paths below the site such as "/v1/alerts?offset=20".
	AbsoluteLinks bool
	// OldUserIDs puts ids of the time before the move into webhooks, and not Atlassian account ids.
	OldUserIDs bool

	// HideEmails hides everybody's e-mail address from everybody else, Private that of single users, each named as in
	// [alerting.Account.User]: people choose whether theirs is shown.
	HideEmails bool
	Private    []string
	// Groups are the groups of Jira; default [DefaultGroups].
	Groups []Group
	// Account is what operations hold and how they behave. Users without the right to log in (Blocked) are inactive in Jira.
	Account alerting.Options
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// OwnerForm is how the API names a person who did something.
type OwnerForm int

// Values of [OwnerForm]. The contract's examples have an address for a note and a display name for an alert.
const (
	ByAccountID OwnerForm = iota
	ByEmail
	ByDisplayName
)

// Group is a group of Jira. Members are users, named as in [alerting.Account.User].
type Group struct {
	ID, Name string
	Members  []string
}

// Server is one simulated site. It keeps its alerts while it is stopped.
type Server struct {
	*standin.Server[*call]
	*alerting.Account
	opt    Options
	ops    string   // the prefix of operations
	jira   []string // the prefixes of Jira
	logins []login
}

// login is a user's API token.
type login struct {
	user              alerting.User
	token             string
	limited, outsider bool
}

// New makes a simulator that does not listen yet. It fails where a name in the options leads nowhere.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	account, err := alerting.New(opt.Account)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Account: account, opt: opt, ops: "/jsm/ops/api/" + opt.CloudID + "/v1",
		jira: []string{"/rest/api/3", "/ex/jira/" + opt.CloudID + "/rest/api/3"},
	}
	if err := s.addLogins(); err != nil {
		return nil, err
	}
	s.Server = standin.New(standin.Options{
		Name: "jsm simulator", Listen: opt.Listen, TLS: opt.TLS, Latency: opt.Latency, Clock: account.Now, Log: opt.Log,
	}, s.dialect(), opt.Account.Webhooks.Vendor())
	account.DeliverBy(s.Send)
	s.addRoutes()
	s.Show("/board", account.Board("Jira Service Management operations"))
	return s, nil
}

func (o Options) withDefaults() Options {
	o.CloudID = cmp.Or(o.CloudID, DefaultCloudID)
	o.Email, o.APIToken = cmp.Or(o.Email, DefaultEmail), cmp.Or(o.APIToken, DefaultAPIToken)
	o.LimitedToken = cmp.Or(o.LimitedToken, DefaultLimitedToken)
	o.Outsider, o.OutsiderToken = cmp.Or(o.Outsider, DefaultOutsider), cmp.Or(o.OutsiderToken, DefaultOutsiderToken)
	if o.Account.Users == nil {
		o.Account.Users = DefaultUsers()
		if o.Groups == nil {
			o.Groups = DefaultGroups()
		}
	}
	o.Account.Webhooks.Shape.AccountIDs = !o.OldUserIDs
	return o
}

// addLogins checks that everybody who is named exists. A site without the outsider has none.
func (s *Server) addLogins() error {
	bot, found := s.User(s.opt.Email)
	if !found {
		return fmt.Errorf("jsm simulator: no user %q", s.opt.Email)
	}
	s.logins = []login{{user: bot, token: s.opt.APIToken}, {user: bot, token: s.opt.LimitedToken, limited: true}}
	if u, found := s.User(s.opt.Outsider); found {
		s.logins = append(s.logins, login{user: u, token: s.opt.OutsiderToken, outsider: true})
	}
	named := s.opt.Private
	for _, g := range s.opt.Groups {
		named = append(slices.Clip(named), g.Members...)
	}
	for _, name := range named {
		if _, found := s.User(name); !found {
			return fmt.Errorf("jsm simulator: no user %q", name)
		}
	}
	return nil
}

// CloudID is the id of the site.
func (s *Server) CloudID() string { return s.opt.CloudID }

// Close stops the simulator for good; writes that still wait are forgotten and deliveries given up.
func (s *Server) Close() {
	s.Account.Close()
	s.Server.Close()
}
