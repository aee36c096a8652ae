package admin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
)

func TestRequestIsCreatedAndSeen(t *testing.T) {
	s := newStage(t)
	var all []request
	s.ask("GET", "/requests", "", &all)
	require.Empty(t, all)
	require.NotNil(t, all, "an empty list is [], not null")

	id := s.create()
	s.ask("GET", "/requests", "", &all)
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.Equal(t, "alice@example.com", all[0].User)
	require.Equal(t, "pending", all[0].State)
	require.Equal(t, []string{"prod-admin"}, all[0].Roles)
	require.Equal(t, "deploy", all[0].Reason)
	require.EqualValues(t, 1, all[0].ThresholdApprove)
	require.Nil(t, all[0].PluginData, "the list is without plugin data")

	require.NoError(t, s.Teleport.SetPluginData(id, "accessbridge", map[string]string{"link/itsm": "here"}))
	var one request
	s.ask("GET", "/requests/"+id, "", &one)
	require.Equal(t, "here", one.PluginData["accessbridge"]["link/itsm"])
}

func TestRequestTakesEveryField(t *testing.T) {
	s := newStage(t)
	var made struct{ ID string }
	s.ask("POST", "/requests", `{
		"user": "bob@example.com", "roles": ["access"], "reason": "look",
		"resources": [{"kind": "node", "name": "n1"}, {"kind": "node", "name": "n2", "cluster": "leaf"}],
		"suggested_reviewers": ["carol@example.com"], "threshold_approve": 2, "threshold_deny": 3, "pending_ttl": "10m"}`, &made)
	var got request
	s.ask("GET", "/requests/"+made.ID, "", &got)
	require.Equal(t, []string{"/simulated/node/n1", "/leaf/node/n2"}, got.Resources)
	require.Equal(t, []string{"carol@example.com"}, got.SuggestedReviewers)
	require.EqualValues(t, 2, got.ThresholdApprove)
	require.EqualValues(t, 3, got.ThresholdDeny)
	require.WithinDuration(t, got.Created.Add(10*time.Minute), got.Expires, time.Second)
}

func TestRequestNamesTheWorldsOwnCluster(t *testing.T) {
	s := newStage(t, func(o *admin.Options) { o.Teleport.ClusterName = "prod" })
	var made struct{ ID string }
	s.ask("POST", "/requests", `{"user":"alice@example.com","resources":[{"kind":"node","name":"n1"}]}`, &made)
	var got request
	s.ask("GET", "/requests/"+made.ID, "", &got)
	require.Equal(t, []string{"/prod/node/n1"}, got.Resources)
	require.Equal(t, []string{"access"}, got.Roles, "resources without roles are requested with the roles they are searched as")
}

func TestBadRequestIsRefused(t *testing.T) {
	s := newStage(t)
	for name, c := range map[string]struct{ body, words string }{
		"empty body":        {"", "empty"},
		"no JSON":           {"user=alice", "not understood"},
		"a list":            {"[]", "not understood"},
		"something after":   {`{"user":"alice@example.com","roles":["a"]} {}`, "after"},
		"misspelt field":    {`{"user":"alice@example.com","role":["a"]}`, `unknown field "role"`},
		"wrong type":        {`{"user":7}`, "not understood"},
		"no user":           {`{"roles":["a"]}`, "user is required"},
		"nothing requested": {`{"user":"alice@example.com"}`, "roles or resources"},
		"unknown user":      {`{"user":"nobody@example.com","roles":["a"]}`, "nobody@example.com"},
		"unknown resource":  {`{"user":"alice@example.com","roles":["a"],"resources":[{"kind":"teapot","name":"x"}]}`, "teapot"},
		"no duration":       {`{"user":"alice@example.com","roles":["a"],"pending_ttl":"soon"}`, "soon"},
		"over already":      {`{"user":"alice@example.com","roles":["a"],"pending_ttl":"-1m"}`, "expired"},
		"too long a reason": {`{"user":"alice@example.com","roles":["a"],"reason":"` + string(make4k()) + `"}`, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{World: s.World, t: t, url: s.url}
			s.refused(http.StatusBadRequest, c.words, "POST", "/requests", c.body)
		})
	}
	require.Empty(t, s.Teleport.Requests())
}

func make4k() []byte {
	long := make([]byte, 4097)
	for i := range long {
		long[i] = 'x'
	}
	return long
}

func TestUnknownRequestIsNotFound(t *testing.T) {
	s := newStage(t)
	for _, c := range [][3]string{
		{"GET", "/requests/none", ""},
		{"POST", "/requests/none/review", `{"user":"bob@example.com","approve":true}`},
		{"POST", "/requests/none/state", `{"state":"denied"}`},
		{"DELETE", "/requests/none", ""},
		{"POST", "/requests/none/expire", ""},
		{"POST", "/requests/none/promote", `{"list":"l"}`},
	} {
		s.refused(http.StatusNotFound, `no request "none"`, c[0], c[1], c[2])
	}
}

func TestReview(t *testing.T) {
	s := newStage(t)
	id := s.create()
	path := "/requests/" + id + "/review"

	s.refused(http.StatusBadRequest, "approve", "POST", path, `{"user":"bob@example.com"}`)
	s.refused(http.StatusBadRequest, "user", "POST", path, `{"approve":true}`)
	s.refused(http.StatusBadRequest, "not found", "POST", path, `{"user":"nobody@example.com","approve":true}`)
	s.refused(http.StatusBadRequest, "unknown field", "POST", path, `{"user":"bob@example.com","aprove":true}`)
	s.refused(http.StatusConflict, "cannot submit reviews", "POST", path, `{"user":"alice@example.com","approve":true}`)

	var got request
	s.ask("POST", path, `{"user":"bob@example.com","approve":true,"reason":"fine"}`, &got)
	require.Equal(t, "approved", got.State)
	require.Equal(t, "fine", got.ResolveReason)
	require.Len(t, got.Reviews, 1)
	require.Equal(t, "bob@example.com", got.Reviews[0].User)
	require.Equal(t, "approved", got.Reviews[0].State)

	s.refused(http.StatusConflict, "already reviewed", "POST", path, `{"user":"bob@example.com","approve":true}`)
	s.refused(http.StatusConflict, "already approved", "POST", path, `{"user":"carol@example.com","approve":true}`)
}

func TestReviewThatDenies(t *testing.T) {
	s := newStage(t)
	var got request
	s.ask("POST", "/requests/"+s.create()+"/review", `{"user":"carol@example.com","approve":false,"reason":"no"}`, &got)
	require.Equal(t, "denied", got.State)
}

func TestState(t *testing.T) {
	s := newStage(t)
	id := s.create()
	path := "/requests/" + id + "/state"
	s.refused(http.StatusBadRequest, "approved", "POST", path, `{"state":"pending"}`)
	s.refused(http.StatusBadRequest, "approved", "POST", path, `{}`)

	var got request
	s.ask("POST", path, `{"state":"approved","reason":"go"}`, &got)
	require.Equal(t, "approved", got.State)
	s.ask("POST", path, `{"state":"denied","reason":"changed my mind","user":"root@example.com"}`, &got)
	require.Equal(t, "denied", got.State)
	require.Equal(t, "changed my mind", got.ResolveReason)
	s.refused(http.StatusConflict, "stays denied", "POST", path, `{"state":"approved"}`)

	audit := s.Teleport.Audit()
	require.Equal(t, admin.Administrator, audit[len(audit)-2].User)
	require.Equal(t, "root@example.com", audit[len(audit)-1].User)
}

func TestPromote(t *testing.T) {
	s := newStage(t)
	path := "/requests/" + s.create() + "/promote"
	s.refused(http.StatusBadRequest, "list is required", "POST", path, `{}`)
	var got request
	s.ask("POST", path, `{"list":"prod-admins"}`, &got)
	require.Equal(t, "promoted", got.State)
	require.Equal(t, "prod-admins", got.AccessList)
	s.refused(http.StatusConflict, "promoted", "POST", path, `{"list":"again"}`)
}

func TestDeleteAndExpire(t *testing.T) {
	s := newStage(t)
	deleted, expired := s.create(), s.create()
	s.tell("DELETE", "/requests/"+deleted, "")
	s.tell("POST", "/requests/"+expired+"/expire", "")
	require.Empty(t, s.Teleport.Requests())

	kinds := map[string]string{}
	for _, entry := range s.Teleport.Audit() {
		kinds[entry.Request] = string(entry.Kind)
	}
	require.Equal(t, map[string]string{deleted: "access_request.delete", expired: "access_request.expire"}, kinds)
	s.refused(http.StatusNotFound, "no request", "DELETE", "/requests/"+deleted, "")
}

func TestPeopleHaveOneNameEverywhere(t *testing.T) {
	s := newStage(t, everybody)
	c := s.dial()
	users, err := c.GetUsers(t.Context(), false)
	require.NoError(t, err)
	known := map[string]types.User{}
	for _, u := range users {
		known[u.GetName()] = u
	}
	for _, name := range []string{admin.Alice, admin.Bob, admin.Carol, admin.Dave} {
		require.Contains(t, known, name)
		require.Equal(t, []string{name}, known[name].GetTraits()["email"])
		resp := s.jira("GET", "/user/search?query="+name, "")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, s.PagerDuty.AddNote(name, s.openIncident(), "hello"))
		require.NoError(t, s.Opsgenie.Note(name, s.openAlert(admin.Opsgenie), "hello"))
		require.NoError(t, s.JSM.Note(name, s.openAlert(admin.JSM), "hello"))
	}
	require.Contains(t, known, admin.BridgeUser)
	for _, approver := range admin.Approvers() {
		require.NoError(t, s.Teleport.Review(s.create(), approver, true, ""))
	}
	require.Error(t, s.Teleport.Review(s.create(), admin.Dave, true, ""), "Dave approves nothing")
}
