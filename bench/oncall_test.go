package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/simulators/alerting"
	pagersim "github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// eachVendor runs a test with each vendor, in a world without a bridge.
func eachVendor(t *testing.T, test func(t *testing.T, w *onCallWorld)) {
	t.Helper()
	for _, v := range onCallVendors() {
		t.Run(v.kind, func(t *testing.T) {
			_, w, err := newOnCallWorld(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard}, v)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, w.close()) })
			test(t, w)
		})
	}
}

func TestTheConfigurationWithAVendorThatKnowsWhoIsOnCallIsValid(t *testing.T) {
	want := map[string]config.OnCall{
		"pagerduty": {Integration: pagerName, Services: []string{pagersim.DefaultService}, Levels: 1, ServicesFrom: servicesAnnotation},
		"opsgenie":  {Integration: pagerName, SchedulesFrom: schedulesAnnotation},
		"jsm":       {Integration: pagerName, SchedulesFrom: schedulesAnnotation},
	}
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		cfg, err := config.Load(w.path("config.yaml"), integrations.Kinds(integrations.Builtin()))
		require.NoError(t, err)
		require.Empty(t, cfg.Warnings)
		require.Len(t, cfg.Integrations, 1)
		require.Equal(t, w.vendor.kind, cfg.Integrations[0].Type)
		require.Len(t, cfg.Routes, 1)
		require.Equal(t, []config.OnCall{want[w.vendor.kind]}, cfg.Routes[0].OnCall)
		require.Zero(t, cfg.Routes[0].Quiet, "alerts are opened beside the approval")
	})
}

func TestDeliveriesGoToTheBridge(t *testing.T) {
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		url := w.config.webhookURL()
		switch s := w.simulator.(type) {
		case pager:
			require.Len(t, s.Subscriptions(), 1)
			require.Equal(t, url, s.Subscriptions()[0].URL)
		case alerts:
			receivers := s.alertServer.(interface{ Receivers() []alerting.Receiver }).Receivers()
			require.Len(t, receivers, 1)
			require.Equal(t, url, receivers[0].URL)
			require.Equal(t, "Bearer "+webhookSecret, receivers[0].Headers["Authorization"])
		default:
			require.Fail(t, "unknown simulator")
		}
	})
}

func TestTheFloorReadsWhoIsOnCallAndReviewsOnly(t *testing.T) {
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		before := w.calls()
		turn := onCallTurn{w: w, role: roleFloor, act: w.floor.approve}
		for _, spare := range []int{0, spares - 1, ordinary} {
			took, err := turn.one(t.Context(), spare)
			require.NoError(t, err)
			require.GreaterOrEqual(t, took, vendorLatency)
		}
		require.Equal(t, calls{vendor: tally{w.vendor.read: 3}, teleport: tally{"SubmitAccessReview": 3}}, w.calls().since(before))
	})
}

func TestTheFloorApprovesNobodyWhoIsNotOnCall(t *testing.T) {
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		schedule := pagersim.PrimarySchedule
		if _, ok := w.simulator.(alerts); ok {
			schedule = alerting.PrimarySchedule
		}
		roster := w.simulator.(interface {
			SetOnCall(schedule, user string, from, until time.Time) error
		})
		require.NoError(t, roster.SetOnCall(schedule, "dave@example.com", time.Now().Add(-time.Hour), time.Time{}))
		ids, err := w.createAll(t.Context(), 1, roleFloor)
		require.NoError(t, err)
		require.ErrorIs(t, w.floor.approve(t.Context(), ids[0], ordinary), errNotOnCall)
		require.Zero(t, w.calls().teleport["SubmitAccessReview"])
	})
}

func TestEachSpareIsReadByItself(t *testing.T) {
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		seen := map[string]bool{}
		for spare := ordinary; spare < spares; spare++ {
			for _, values := range w.simulator.annotations(spare) {
				require.Len(t, values, 1)
				require.False(t, seen[values[0]], values[0])
				seen[values[0]] = true
			}
		}
		require.GreaterOrEqual(t, len(seen), spares)
	})
}

func TestRowsOfVendors(t *testing.T) {
	require.Equal(t, "oncall.pagerduty.p50_ratio", pagerDuty().row(idleRatio))
	require.Equal(t, "oncall.burst.total_ratio", pagerDuty().row(burstRatio))
	require.Equal(t, "oncall.opsgenie.p50_ratio", opsgenie().row(idleRatio))
	require.Equal(t, "oncall.opsgenie.burst.total_ratio", opsgenie().row(burstRatio))
	require.Equal(t, "oncall.jsm.lookups", jsm().row(lookUps))
	require.Len(t, selected(specs(), "oncall."), 4*len(onCallVendors()))
}

func TestLookupsAreAllReadingsButOfWhoIsOnCallAndOfAlerts(t *testing.T) {
	require.Equal(t, 10, pagerDuty().lookups(tally{
		"GET /oncalls": 500, "POST /incidents": 500, "PUT /incidents/{id}": 500,
		"GET /users": 1, "GET /users/{id}": 2, "GET /services": 3, "GET /escalation_policies/{id}": 4,
	}))
	require.Equal(t, 10, jsm().lookups(tally{
		"GET /schedules/{id}/on-calls": 500, "POST /alerts": 500, "GET /alerts/alias": 500, "GET /alerts/requests/{id}": 500, "GET /alerts": 1,
		"GET /tenant_info": 1, "GET /schedules": 2, "GET /user": 3, "GET /oncalls": 4,
	}))
	require.Zero(t, opsgenie().lookups(tally{}))
}

func TestVendorCallsAreSharedByRequestsWithAnIncident(t *testing.T) {
	u := onCallUse{requests: 500, incidents: 100, used: calls{vendor: tally{"GET /oncalls": 10, "POST /incidents": 100, "PUT /incidents/{id}": 100, "GET /users": 90}}}
	require.InDelta(t, 3.0, u.each(), 1e-9)
	require.Contains(t, u.String(), "500 requests, of which 100 had an incident: vendor: GET /oncalls 10, GET /users 90,")
}

func TestObjectsOfVendors(t *testing.T) {
	eachVendor(t, func(t *testing.T, w *onCallWorld) {
		require.Empty(t, w.simulator.objects())
		a, ok := w.simulator.(alerts)
		if !ok {
			return // PagerDuty's are made by its REST API alone
		}
		account := a.alertServer.(interface {
			AddAlert(user string, d alerting.Draft) (alerting.Alert, error)
			CloseAlert(user, alert, note string) error
		})
		alert, err := account.AddAlert("alice", alerting.Draft{Message: "m", Alias: "one"})
		require.NoError(t, err)
		require.Equal(t, []object{{key: "one", open: true}}, a.objects())
		require.NoError(t, account.CloseAlert("alice", alert.ID, "approved"))
		require.Equal(t, []object{{key: "one", notes: 1}}, a.objects())
	})
}

func TestFaultsOfIncidents(t *testing.T) {
	good := func(key string) object { return object{key: key, notes: 1} }
	require.NoError(t, faults(nil))
	require.NoError(t, faults([]object{good("a"), good("b")}))
	require.EqualError(t, faults([]object{good("a"), good("a"), {key: "c", open: true, notes: 1}, {key: "d"}}),
		"of 4 incidents 1 are doubled, 1 not ended, and 1 without exactly one note")
}

func TestALagIsThatOfProductsWithAlerts(t *testing.T) {
	_, w, err := newOnCallWorld(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard, lag: time.Hour}, opsgenie())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.close()) })
	account := w.simulator.(alerts).alertServer.(interface {
		Create(by alerting.Actor, d alerting.Draft) string
		PendingRequests() int
	})
	account.Create(alerting.Actor{}, alerting.Draft{Message: "m", Alias: "one"})
	require.Equal(t, 1, account.PendingRequests())
	require.Empty(t, w.simulator.objects())
}
