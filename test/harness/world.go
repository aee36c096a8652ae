// Package harness puts the whole bridge together for black-box tests: simulators of Teleport and Jira, a configuration file, and any
// number of instances that are started from it as `accessbridge serve` does, over real TLS, gRPC and HTTP on the loopback address.
package harness

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// The cast. Alice asks, the others may decide.
const (
	Alice = "alice@example.com"
	Bob   = "bob@example.com"
	Carol = "carol@example.com"
	// BridgeUser is the bridge's own Teleport user.
	BridgeUser = "accessbridge"
	// Main is the name of the only integration of a world that names none.
	Main = "itsm"
	// Secret signs the webhooks of every integration.
	Secret = "webhook-secret-of-the-tests"
	// Project is the project issues are opened in.
	Project = "ACC"
)

// Setup says what a world is made of. The zero value is one Teleport and one Jira Cloud.
type Setup struct {
	Teleport teleport.Options
	// Jira are the Jira sites by the name of their integration; one Cloud site named Main when empty.
	Jira map[string]jira.Options
	// TeleportStopped leaves Teleport switched off.
	TeleportStopped bool
}

// World is everything around the instances of the bridge.
type World struct {
	T        *testing.T
	Teleport *teleport.Server
	// Jira is the site of the integration named Main, or the first by name.
	Jira  *jira.Server
	Sites map[string]*jira.Server
	// Settings may be changed before an instance is started.
	Settings *Settings
	// Client trusts the bridge's certificate.
	Client *http.Client

	dir  string
	main string

	mu      sync.Mutex
	bridges []*Bridge
	started int
}

// New starts the simulators. Everything ends with the test.
func New(t *testing.T, setup Setup) *World {
	t.Helper()
	w := &World{T: t, dir: t.TempDir(), Sites: map[string]*jira.Server{}}
	t.Cleanup(w.close)
	pair := w.makeCertificates()
	w.startTeleport(setup)
	if len(setup.Jira) == 0 {
		setup.Jira = map[string]jira.Options{Main: {}}
	}
	for name, options := range setup.Jira {
		w.startJira(name, options, pair)
	}
	w.main = Main
	if w.Sites[Main] == nil {
		w.main = slices.Min(w.names())
	}
	w.Jira = w.Sites[w.main]
	w.Settings = w.defaults(setup)
	return w
}

// Path is a file of the world.
func (w *World) Path(name string) string { return filepath.Join(w.dir, name) }

// Write writes a file of the world and returns its path. It appears at once and whole, as files that are renewed do.
func (w *World) Write(name, text string) string {
	w.T.Helper()
	path := w.Path(name)
	require.NoError(w.T, os.WriteFile(path+".new", []byte(text), 0o600))
	require.NoError(w.T, os.Rename(path+".new", path))
	return path
}

// Read is the content of a file of the world.
func (w *World) Read(name string) string {
	w.T.Helper()
	text, err := os.ReadFile(w.Path(name))
	require.NoError(w.T, err)
	return string(text)
}

func (w *World) names() []string {
	var names []string
	for name := range w.Sites {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (w *World) makeCertificates() tls.Certificate {
	w.T.Helper()
	paths, err := certs.WriteDevelopment(w.dir, []string{"localhost", "127.0.0.1"}, 24*time.Hour)
	require.NoError(w.T, err)
	authority, err := os.ReadFile(paths.CACert)
	require.NoError(w.T, err)
	pool := x509.NewCertPool()
	require.True(w.T, pool.AppendCertsFromPEM(authority))
	w.Client = &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64,
			ExpectContinueTimeout: patience,
		},
	}
	pair, err := tls.LoadX509KeyPair(paths.Cert, paths.Key)
	require.NoError(w.T, err)
	return pair
}

func (w *World) startTeleport(setup Setup) {
	w.T.Helper()
	if setup.Teleport.ClusterName == "" {
		setup.Teleport.ClusterName = "test.example.com"
	}
	var err error
	w.Teleport, err = teleport.New(setup.Teleport)
	require.NoError(w.T, err)
	w.Teleport.AddUser(teleport.PluginUser(BridgeUser))
	for _, name := range []string{Alice, Bob, Carol} {
		w.Teleport.AddUser(teleport.User{Name: name, RequestableRoles: []string{"*"}, ReviewRoles: []string{"*"}})
	}
	// The address is known only once it has been listened on.
	require.NoError(w.T, w.Teleport.Start())
	if setup.TeleportStopped {
		w.Teleport.Stop()
	}
	require.NoError(w.T, w.Teleport.WriteIdentity(w.Path("identity"), BridgeUser, 12*time.Hour))
}

func (w *World) startJira(name string, options jira.Options, pair tls.Certificate) {
	w.T.Helper()
	options.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if options.Projects == nil {
		options.Projects = []jira.Project{Board(Project)}
	}
	site, err := jira.New(options)
	require.NoError(w.T, err)
	require.NoError(w.T, site.Start())
	w.Sites[name] = site
}

// Board is the default project of Jira, on which people can take a decision back, as on most boards.
func Board(key string) jira.Project {
	board := jira.DefaultProject(key)
	board.Workflow.Transitions = append(board.Workflow.Transitions,
		jira.Transition{ID: "81", Name: "Take back", From: []string{"Approved", "Denied"}, To: "Pending"})
	return board
}

func (w *World) close() {
	for _, b := range w.running() {
		if w.T.Failed() {
			w.T.Logf("the last lines of an instance:\n%s", b.Logs.tail(60))
		}
		if err := b.Stop(); err != nil && !b.failed {
			w.T.Errorf("the bridge ended with an error: %v", err)
		}
	}
	for _, site := range w.Sites {
		site.Close()
	}
	if w.Teleport != nil {
		w.Teleport.Close()
	}
	if w.Client != nil {
		w.Client.CloseIdleConnections()
	}
}

// Ask makes Alice ask for the roles, prod-db when none are named, and returns the id of the request.
func (w *World) Ask(roles ...string) string {
	w.T.Helper()
	if len(roles) == 0 {
		roles = []string{"prod-db"}
	}
	return w.Request(teleport.NewRequest{User: Alice, Roles: roles, Reason: "incident 42"})
}

// Request makes a request and returns its id.
func (w *World) Request(n teleport.NewRequest) string {
	w.T.Helper()
	id, err := w.Teleport.CreateRequest(n)
	require.NoError(w.T, err)
	return id
}

// Opened makes Alice ask, waits for the issue at Main, and returns the request and the key of the issue.
func (w *World) Opened(roles ...string) (id, key string) {
	w.T.Helper()
	id = w.Ask(roles...)
	return id, w.Key(id)
}

// Key waits until the request is linked to its issue at Main and returns the issue's key.
func (w *World) Key(id string) string {
	w.T.Helper()
	w.Eventually("the issue of "+id, func() bool { return w.Link(id).Phase == bridge.PhaseOpen })
	return w.Link(id).Ref.Key
}

// Link is the link of the request to Main as Teleport has it.
func (w *World) Link(id string) bridge.Link { return w.LinkTo(id, w.main) }

// LinkTo is the link of the request to an integration; the zero link when there is none.
func (w *World) LinkTo(id, integration string) bridge.Link {
	var link bridge.Link
	raw := w.Teleport.PluginData(id)["accessbridge"]["link/"+integration]
	if raw != "" {
		require.NoError(w.T, json.Unmarshal([]byte(raw), &link))
	}
	return link
}

// State is the state of the request in Teleport, "GONE" when it does not exist any more.
func (w *World) State(id string) string {
	r, ok := w.Teleport.Request(id)
	if !ok {
		return "GONE"
	}
	return r.GetState().String()
}

// Reviews counts the reviews that the bridge has submitted on the request.
func (w *World) Reviews(id string) int {
	n := 0
	for _, e := range w.Teleport.Audit() {
		if e.Kind == teleport.AuditReview && e.Request == id && e.User == BridgeUser {
			n++
		}
	}
	return n
}

// Issues are the issues at Main that carry the request's label.
func (w *World) Issues(id string) []jira.Issue { return IssuesAt(w.Jira, id) }

// IssuesAt are the issues of a site that carry the request's label.
func IssuesAt(site *jira.Server, id string) []jira.Issue {
	var found []jira.Issue
	for _, issue := range site.Issues() {
		if slices.Contains(issue.Labels, "teleport-request-"+id) {
			found = append(found, issue)
		}
	}
	return found
}

// Issue is an issue at Main as it is now.
func (w *World) Issue(key string) jira.Issue {
	w.T.Helper()
	issue, ok := w.Jira.Issue(key)
	require.True(w.T, ok, "issue %s", key)
	return issue
}

// Move moves an issue at Main as a person does on the board.
func (w *World) Move(person, key, status string) {
	w.T.Helper()
	require.NoError(w.T, w.Jira.Move(person, key, status))
}

// Told counts the comments of the bridge on an issue at Main that contain the text, without the escapes of Jira's markup.
func (w *World) Told(key, text string) int {
	issue, _ := w.Jira.Issue(key)
	n := 0
	for _, c := range issue.Comments {
		own := c.Author == jira.BotAccountID || c.Author == jira.BotName
		if own && strings.Contains(strings.ReplaceAll(c.Body, `\`, ""), text) {
			n++
		}
	}
	return n
}
