package opsgenie

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Options configures a simulator; the zero value is an Opsgenie over plain HTTP with the default account of package alerting.
type Options struct {
	// Listen is the address to listen on; default "127.0.0.1:0".
	Listen string
	// TLS is the server's TLS configuration with its certificate; nil means plain HTTP.
	TLS *tls.Config
	// Latency is added to every REST call.
	Latency time.Duration
	// APIKey may do everything; default [DefaultAPIKey]. LimitedKey may use alerts only, as the key of an integration without
	// access to configuration; default [DefaultLimitedKey]. Both are UUIDs: a key of another form is refused with 422.
	APIKey, LimitedKey string
	// RefuseUnknown answers 404 to a write to an alert that does not exist, instead of accepting it and telling the failure in
	// the status of the request.
	RefuseUnknown bool
	// Account is what the account holds and how it behaves.
	Account alerting.Options
	// Log receives one debug line per REST call; default is silence.
	Log *slog.Logger
}

// Server is one simulated Opsgenie account. It keeps its alerts while it is stopped.
type Server struct {
	*standin.Server[*call]
	*alerting.Account
	opt Options
}

// New makes a simulator that does not listen yet. It fails where a name in the options leads nowhere.
func New(opt Options) (*Server, error) {
	opt.APIKey = cmp.Or(opt.APIKey, DefaultAPIKey)
	opt.LimitedKey = cmp.Or(opt.LimitedKey, DefaultLimitedKey)
	account, err := alerting.New(opt.Account)
	if err != nil {
		return nil, err
	}
	s := &Server{Account: account, opt: opt}
	s.Server = standin.New(standin.Options{
		Name: "opsgenie simulator", Listen: opt.Listen, TLS: opt.TLS, Latency: opt.Latency, Clock: account.Now, Log: opt.Log,
	}, s.dialect(), opt.Account.Webhooks.Vendor())
	account.DeliverBy(s.Send)
	s.addRoutes()
	s.Show("/board", account.Board("Opsgenie"))
	return s, nil
}

// Close stops the simulator for good; writes that still wait are forgotten and deliveries given up.
func (s *Server) Close() {
	s.Account.Close()
	s.Server.Close()
}

func (s *Server) addRoutes() {
	s.Handle("GET /v2/account", s.configuration(s.getAccount))
	s.Handle("GET /v2/alerts", s.listAlerts)
	s.Handle("POST /v2/alerts", s.createAlert)
	s.Handle("GET /v2/alerts/requests/{id}", s.getRequest)
	s.Handle("GET /v2/alerts/{id}", s.getAlert)
	s.Handle("DELETE /v2/alerts/{id}", s.command(alerting.Delete))
	s.Handle("POST /v2/alerts/{id}/acknowledge", s.command(alerting.Acknowledge))
	s.Handle("POST /v2/alerts/{id}/unacknowledge", s.command(alerting.Unacknowledge))
	s.Handle("POST /v2/alerts/{id}/close", s.command(alerting.CloseAlert))
	s.Handle("POST /v2/alerts/{id}/notes", s.command(alerting.AddNote))
	s.Handle("POST /v2/alerts/{id}/tags", s.command(alerting.AddTags))
	s.Handle("DELETE /v2/alerts/{id}/tags", s.command(alerting.RemoveTags))
	s.Handle("POST /v2/alerts/{id}/details", s.command(alerting.AddDetails))
	s.Handle("DELETE /v2/alerts/{id}/details", s.command(alerting.RemoveDetails))
	s.Handle("POST /v2/alerts/{id}/actions/{action}", s.command(alerting.CustomAction))
	s.Handle("PUT /v2/alerts/{id}/priority", s.command(alerting.UpdatePriority))
	s.Handle("PUT /v2/alerts/{id}/message", s.command(alerting.UpdateMessage))
	s.Handle("PUT /v2/alerts/{id}/description", s.command(alerting.UpdateDescription))
	s.Handle("GET /v2/alerts/{id}/notes", s.listNotes)
	s.Handle("GET /v2/alerts/{id}/logs", s.listLogs)
	s.Handle("GET /v2/schedules", s.configuration(s.listSchedules))
	s.Handle("GET /v2/schedules/on-calls", s.configuration(s.listOnCalls))
	s.Handle("GET /v2/schedules/{id}", s.configuration(s.getSchedule))
	s.Handle("GET /v2/schedules/{id}/on-calls", s.configuration(s.getOnCalls))
	s.Handle("GET /v2/schedules/{id}/next-on-calls", s.configuration(s.getNextOnCalls))
	s.Handle("GET /v2/teams", s.configuration(s.listTeams))
	s.Handle("GET /v2/teams/{id}", s.configuration(s.getTeam))
	s.Handle("GET /v2/escalations", s.configuration(s.listEscalations))
	s.Handle("GET /v2/escalations/{id}", s.configuration(s.getEscalation))
	s.Handle("GET /v2/users", s.configuration(s.listUsers))
	s.Handle("GET /v2/users/{id}", s.configuration(s.getUser))
}
