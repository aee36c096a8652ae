package pagerduty

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Options configures a simulator; the zero value is a PagerDuty over plain HTTP with the Default users, schedules, policies
// and services.
type Options struct {
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// Latency is added to every REST call.
	Latency time.Duration
	// Token is the account's API key; default [DefaultToken].
	Token string
	// BotEmail is the e-mail of the user in whose name the bridge acts; default [DefaultBotEmail]. The user is added unless
	// Users has them.
	BotEmail string
	// Teams defaults to [DefaultTeams] where neither they nor Users are given.
	Teams []Team
	// Users defaults to [DefaultUsers], Services to [DefaultServices], Policies to [DefaultPolicies], and Schedules to
	// [DefaultSchedules].
	Users     []User
	Services  []Service
	Policies  []Policy
	Schedules []Schedule
	// Priorities are the names, most severe first; default P1 to P5.
	Priorities []string
	// Actions are the names of the custom incident actions; default Approve and Deny.
	Actions []string
	// Webhooks says how deliveries are sent.
	Webhooks Sending
	// Clock stamps incidents and webhooks, and is what "on call now" goes by; default time.Now.
	Clock func() time.Time
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// Sending says how webhooks are delivered.
type Sending struct {
	// RetryDelay is waited before each retry; default 1 second.
	RetryDelay time.Duration
	// Attempts is how often a delivery is tried at most; default 20. PagerDuty tries for 48 hours.
	Attempts int
	// Timeout is how long an answer is waited for; default 5 seconds, as with PagerDuty.
	Timeout time.Duration
	// Roots verifies receivers; nil means the system's.
	Roots *x509.CertPool
	// Transport carries deliveries; default is one over the network by PagerDuty's rules of TLS.
	Transport http.RoundTripper
}

// Server is one simulated PagerDuty account. It keeps its incidents while it is stopped.
type Server struct {
	*standin.Server[*call]
	opt        Options
	log        *slog.Logger
	now        func() time.Time
	acc        *account
	shifts     shifts
	store      *store
	subs       subscriptions
	onIncident standin.Hooks[Incident]

	// telling is held from a change until its events are queued, so that events come in the order of the changes.
	telling sync.Mutex
}

// New makes a simulator that does not listen yet. It fails where a name in the options leads nowhere.
func New(opt Options) (*Server, error) {
	opt = opt.withDefaults()
	acc, err := newAccount(opt)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: opt, log: opt.Log, now: opt.Clock, acc: acc, store: newStore()}
	s.shifts.load(acc.schedules)
	s.Server = standin.New(standin.Options{
		Name: "pagerduty simulator", Listen: opt.Listen, TLS: opt.TLS, Latency: opt.Latency, Clock: opt.Clock, Log: opt.Log,
	}, s.dialect(), s.sending())
	s.addRoutes()
	s.Show("/board", s.page())
	return s, nil
}

func (o Options) withDefaults() Options {
	o.Token = orDefault(o.Token, DefaultToken)
	o.BotEmail = orDefault(o.BotEmail, DefaultBotEmail)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
		if o.Teams == nil {
			o.Teams = DefaultTeams()
		}
	}
	if !slices.ContainsFunc(o.Users, func(u User) bool { return strings.EqualFold(u.Email, o.BotEmail) }) {
		o.Users = append(slices.Clip(o.Users), User{ID: "PBOT001", Name: "Access Bridge", Email: o.BotEmail})
	}
	// The parts name one another, so the defaults come together or not at all.
	if o.Services == nil && o.Policies == nil && o.Schedules == nil {
		o.Services, o.Policies, o.Schedules = DefaultServices(), DefaultPolicies(), DefaultSchedules(o.Clock())
	}
	if o.Priorities == nil {
		o.Priorities = []string{"P1", "P2", "P3", "P4", "P5"}
	}
	if o.Actions == nil {
		o.Actions = []string{"Approve", "Deny"}
	}
	o.Webhooks.RetryDelay = orDefault(o.Webhooks.RetryDelay, time.Second)
	o.Webhooks.Attempts = orDefault(o.Webhooks.Attempts, 20)
	o.Webhooks.Timeout = orDefault(o.Webhooks.Timeout, 5*time.Second)
	return o
}

func orDefault[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// OnIncident adds a hook that is called after each creation and each change of an incident, before the call that caused it
// is answered. It must not block.
func (s *Server) OnIncident(hook func(Incident)) { s.onIncident.Add(hook) }
