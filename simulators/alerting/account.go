package alerting

import (
	"cmp"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Options configures an account; the zero value is one with the Default users, teams, schedules and escalation, where every
// write takes effect at once.
type Options struct {
	// Users defaults to [DefaultUsers]. Teams, Schedules and Escalations default, all together or not at all, to
	// [DefaultTeams], [DefaultSchedules] and [DefaultEscalations].
	Users       []User
	Teams       []Team
	Schedules   []Schedule
	Escalations []Escalation
	// Integration is the name of the integration that API callers' keys belong to; default "accessbridge".
	Integration string
	// ProcessLag is how long an accepted write waits before it takes effect.
	ProcessLag time.Duration
	// IndexLag is how long a change stays invisible to [Account.Search]; reading one alert always shows it.
	IndexLag time.Duration
	// OpenAliasOnly makes closed alerts impossible to find by alias.
	OpenAliasOnly bool
	// IgnoreUnknownResponders leaves out responders that do not exist, instead of failing the creation.
	IgnoreUnknownResponders bool
	// ActionLog is the text of the log entry of a custom action; {action} and {via} are replaced. Default
	// "Executed [{action}] action via {via}".
	ActionLog string
	// Webhooks says how events are sent.
	Webhooks Sending
	// Clock stamps alerts and events, and is what "on call now" goes by; default time.Now.
	Clock func() time.Time
	// Log receives what went wrong inside the simulator; default is silence.
	Log *slog.Logger
}

// Account is one account of an alert product. It is safe for concurrent use.
type Account struct {
	opt       Options
	log       *slog.Logger
	now       func() time.Time
	dir       *directory
	shifts    shifts
	store     store
	queue     queue
	receivers receivers
	hooks     standin.Hooks[Alert]
	version   atomic.Int64 // grows with every change; the page polls it

	// telling is held from a change until its events are queued, so that events come in the order of the changes.
	telling sync.Mutex
}

// New makes an account. It fails where a name in the options leads nowhere.
func New(opt Options) (*Account, error) {
	opt = opt.withDefaults()
	dir, err := newDirectory(opt)
	if err != nil {
		return nil, err
	}
	a := &Account{opt: opt, log: opt.Log, now: opt.Clock, dir: dir}
	if err := a.loadShifts(); err != nil {
		return nil, err
	}
	a.store = store{byID: map[string]int{}, byAlias: map[string][]int{}}
	a.queue.byID = map[string]*Request{}
	return a, nil
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	// The parts name one another, so the defaults come together or not at all.
	if o.Teams == nil && o.Schedules == nil && o.Escalations == nil {
		o.Teams, o.Schedules, o.Escalations = DefaultTeams(), DefaultSchedules(o.Clock()), DefaultEscalations()
	}
	o.Integration = cmp.Or(o.Integration, "accessbridge")
	o.ActionLog = cmp.Or(o.ActionLog, "Executed [{action}] action via {via}")
	o.Webhooks = o.Webhooks.withDefaults()
	return o
}

// Close ends the account: writes that still wait are forgotten.
func (a *Account) Close() { a.queue.close() }

// Now is the time by the account's clock.
func (a *Account) Now() time.Time { return a.now() }

// Integration is the name of the integration that API callers act as.
func (a *Account) Integration() string { return a.opt.Integration }

// Version grows with every change, so that a page can notice one.
func (a *Account) Version() int64 { return a.version.Load() }

// OnAlert adds a hook that is called after each creation and each change of an alert, before the one who caused it hears of
// it. It must neither block nor change alerts.
func (a *Account) OnAlert(hook func(Alert)) { a.hooks.Add(hook) }
