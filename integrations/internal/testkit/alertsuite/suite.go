// Package alertsuite is the suite that every product on top of package alerting passes. A vendor folder runs it from one short test, and says
// what differs by a Vendor: how to start the simulator, how to configure the integration for it, and the few answers that have another form.
// What a vendor's golden files hold is in the vendor's own folder.
package alertsuite

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
)

// Vendor is a product under test: all that differs between products.
type Vendor struct {
	// Product is what the product's tracker is made with.
	alerting.Product

	// Start starts a simulator, which ends with the test.
	Start func(t testing.TB, s Setup) Server
	// Settings work with a simulator at an address, with everything switched on; alerts is the part of them that products have in common.
	Settings func(address string, key config.Secret) (all config.Settings, alerts *alerting.Settings)
	// New makes the integration from settings, as the server does.
	New func(s config.Settings, o Options) (Integration, error)

	// Key is the simulator's key or token. Credentials are the other forms in which calls have it.
	Key         string
	Credentials []string
	// Itself is what notes and logs call the bridge.
	Itself string
	// Person is how evidence names a person, OnDuty how a shift does.
	Person, OnDuty func(u account.User) bridge.Actor
	// Page is the address of the list of alerts, for an integration that works with a simulator at an address.
	Page func(address string) string

	// Prefix begins the routes of operations, as the simulator counts them. Aside are routes that are called once and not for alerts.
	Prefix string
	Aside  []string
	// Round are the calls that an alert costs which is opened and closed.
	Round map[string]int

	// Listing answers a call for a page of a listing with alerts in JSON, more of them to come or not, and any other call on the way there.
	Listing func(r *http.Request, alerts string, more bool) string
	// Failing makes create calls come to nothing once they are carried out, because a responder does not exist.
	Failing testkit.Wrap
	// Waiting are the forms in which the product may answer that a request waits.
	Waiting map[string]testkit.Wrap
	// Good are texts of the findings of a check that finds no fault, besides those about names.
	Good []string
}

// Run runs every case of the suite.
func Run(t *testing.T, v Vendor) {
	t.Helper()
	for _, cases := range []map[string]func(*testing.T, Vendor){
		openCases(), responderCases(), noteCases(), closeCases(), pendingCases(), findCases(), listingCases(), evidenceCases(), whoCases(),
		onCallCases(), webhookCases(), faultCases(), checkCases(),
	} {
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			t.Run(name, func(t *testing.T) { cases[name](t, v) })
		}
	}
}
