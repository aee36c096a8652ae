package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	pagersim "github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// bareOnCall is a world with PagerDuty and without a bridge.
func bareOnCall(t *testing.T) *onCallWorld {
	t.Helper()
	_, w, err := newOnCallWorld(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.close()) })
	return w
}

func TestTheConfigurationWithPagerDutyIsValid(t *testing.T) {
	w := bareOnCall(t)
	cfg, err := config.Load(w.path("config.yaml"), integrations.Kinds(integrations.Builtin()))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Len(t, cfg.Routes, 1)
	require.Equal(t, []config.OnCall{{
		Integration: pager, Services: []string{pagersim.DefaultService}, Levels: 1, ServicesFrom: servicesAnnotation,
	}}, cfg.Routes[0].OnCall)
	require.Equal(t, w.config.webhookURL(), w.pager.Subscriptions()[0].URL)
}

func TestTheFloorReadsWhoIsOnCallAndReviewsOnly(t *testing.T) {
	w := bareOnCall(t)
	before := w.calls()
	turn := onCallTurn{w: w, role: roleFloor, act: w.approveByFloor}
	var took samples
	for spare := range 2 {
		d, err := turn.one(t.Context(), spare)
		require.NoError(t, err)
		took = append(took, d)
	}
	require.Equal(t, calls{vendor: tally{onCallRead: 2}, teleport: tally{"SubmitAccessReview": 2}}, w.calls().since(before))
	for _, d := range took {
		require.GreaterOrEqual(t, d, vendorLatency)
	}
}

func TestTheFloorApprovesNobodyWhoIsNotOnCall(t *testing.T) {
	w := bareOnCall(t)
	require.NoError(t, w.pager.SetOnCall(pagersim.PrimarySchedule, "dave@example.com", time.Now().Add(-time.Hour), time.Time{}))
	ids, err := w.create(t.Context(), 1, roleFloor)
	require.NoError(t, err)
	require.ErrorContains(t, w.floor.approve(t.Context(), ids[0], ordinaryPolicy()), "is not on call")
	require.Zero(t, w.calls().teleport["SubmitAccessReview"])
}

func TestLookupsAreAllReadingsButOfWhoIsOnCall(t *testing.T) {
	require.Equal(t, 10, lookups(tally{
		"GET /oncalls": 500, "POST /incidents": 500, "PUT /incidents/{id}": 500,
		"GET /users": 1, "GET /users/{id}": 2, "GET /services": 3, "GET /escalation_policies/{id}": 4,
	}))
	require.Zero(t, lookups(tally{}))
}

func TestVendorCallsAreSharedByRequestsWithAnIncident(t *testing.T) {
	u := onCallUse{requests: 500, incidents: 100, used: calls{vendor: tally{"GET /oncalls": 10, "POST /incidents": 100, "PUT /incidents/{id}": 100, "GET /users": 90}}}
	require.InDelta(t, 3.0, u.each(), 1e-9)
	require.Contains(t, u.String(), "500 requests, of which 100 had an incident: vendor: GET /oncalls 10, GET /users 90,")
}

func TestFaultsOfIncidents(t *testing.T) {
	good := func(key string) pagersim.Incident {
		return pagersim.Incident{Key: key, Status: "resolved", Notes: make([]pagersim.Note, 1)}
	}
	open, silent := good("c"), good("d")
	open.Status, silent.Notes = "triggered", nil
	require.NoError(t, faults(nil))
	require.NoError(t, faults([]pagersim.Incident{good("a"), good("b")}))
	require.EqualError(t, faults([]pagersim.Incident{good("a"), good("a"), open, silent}),
		"of 4 incidents 1 are doubled, 1 not resolved, and 1 without exactly one note")
}

func TestTheLastSpareServiceCanBeAskedAbout(t *testing.T) {
	w := bareOnCall(t)
	id, err := w.createSpare(roleFloor, spares-1)
	require.NoError(t, err)
	require.NoError(t, w.floor.approve(t.Context(), id, sparePolicy(spares-1)))
	_, err = w.ledger.waitApproved(t.Context(), id)
	require.NoError(t, err)
}
