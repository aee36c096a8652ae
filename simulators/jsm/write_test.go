package jsm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jsm"
)

func TestCommandsChangeAnAlert(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(map[string]any{"actions": []string{"Approve"}, "tags": []string{"a"}})
	path := "/alerts/" + id
	require.Equal(t, "Acknowledge", s.write("POST", path+"/acknowledge", nil)["action"])
	require.Equal(t, "acked", s.read(path)["status"])
	require.Equal(t, true, s.read(path)["acknowledged"])
	require.NotEmpty(t, s.read(path)["ackTime"])
	s.write("POST", path+"/tags", map[string]any{"tags": []string{"b"}})
	require.Equal(t, []any{"a", "b"}, s.read(path)["tags"])
	s.write("POST", path+"/extra-properties", map[string]any{"extraProperties": map[string]string{"k": "v"}})
	require.Equal(t, map[string]any{"k": "v"}, s.read(path)["extraProperties"])
	s.write("PATCH", path+"/priority", map[string]any{"priority": "P1"})
	require.Equal(t, "P1", s.read(path)["priority"])
	s.write("POST", path+"/action", map[string]any{"actionName": "Approve"})
	require.Contains(t, s.rows(path + "/logs")[0]["log"], "[Approve]")
	s.write("POST", path+"/close", map[string]any{"note": "not in the contract"})
	require.Equal(t, "closed", s.read(path)["status"])
	require.NotEmpty(t, s.read(path)["closeTime"])
	require.Empty(t, s.rows(path+"/notes"), "the body of a close is not read")
}

func TestAWriteThatCannotBeDoneFailsInItsStatus(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(map[string]any{"actions": []string{"Approve"}})
	for path, why := range map[string]string{"none/close": "Alert does not exist", id + "/action": "Alert has no such custom action"} {
		got := s.write("POST", "/alerts/"+path, map[string]any{"actionName": "Deny"})
		require.Equal(t, false, got["isSuccess"])
		require.Equal(t, why, got["status"])
	}
	s.Do(422, "POST", ops+"/alerts/"+id+"/action", map[string]any{})
	s.Do(422, "PATCH", ops+"/alerts/"+id+"/priority", map[string]any{"priority": "high"})
	s.Do(404, "POST", ops+"/alerts/none/notes", map[string]any{"note": "n"})
	s.Do(405, "PUT", ops+"/alerts/"+id+"/priority", nil)

	strict := start(t, jsm.Options{RefuseUnknown: true})
	strict.Do(404, "POST", ops+"/alerts/none/close", nil)
}

func TestANoteIsWrittenAtOnceByTheTokensOwner(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(nil)
	defer s.PauseRequests()()
	note := s.Do(200, "POST", ops+"/alerts/"+id+"/notes", map[string]any{"note": "granted", "user": "alice"}).Object(t)
	require.Equal(t, "granted", note["note"])
	require.Equal(t, s.account(jsm.DefaultEmail), note["owner"], "nobody writes in another's name")
	require.Equal(t, note, s.rows("/alerts/" + id + "/notes")[0])
	require.Equal(t, "Added note [granted] via API", s.rows("/alerts/" + id + "/logs")[0]["log"])
	s.Do(422, "POST", ops+"/alerts/"+id+"/notes", map[string]any{"note": strings.Repeat("x", 25_001)})
}

func TestNotesAndLogsArePagedByCursor(t *testing.T) {
	for _, oldest := range []bool{false, true} {
		s := start(t, jsm.Options{OldestFirst: oldest})
		id := s.create(nil)
		for _, text := range []string{"1", "2", "3", "4", "5"} {
			require.NoError(t, s.Note("alice", id, text))
		}
		want := []string{"5", "4", "3", "2", "1"}
		if oldest {
			want = []string{"1", "2", "3", "4", "5"}
		}
		got, pages := s.walk("/alerts/"+id+"/notes?size=2", "note")
		require.Equal(t, want, got)
		require.Equal(t, 3, pages)
		got, pages = s.walk("/alerts/"+id+"/logs?size=5", "log")
		require.Len(t, got, 6, "the creation too")
		require.Equal(t, 2, pages)
		s.Do(422, "GET", ops+"/alerts/"+id+"/notes?after=none", nil)
		s.Do(422, "GET", ops+"/alerts/"+id+"/logs?size=101", nil)
	}
}

func TestACursorSurvivesNewNotes(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(nil)
	for _, text := range []string{"1", "2", "3"} {
		require.NoError(t, s.Note("alice", id, text))
	}
	next, _ := s.read("/alerts/"+id+"/notes?size=2").At("links", "next").(string)
	require.NoError(t, s.Note("alice", id, "4"))
	require.Equal(t, []string{"1"}, texts(s.rows(strings.TrimPrefix(next, "/v1")), "note"), "none twice, none left out")
}

func TestAChangedNoteShowsThatItWasChanged(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(nil)
	require.NoError(t, s.Note("alice", id, "looking"))
	note := s.rows("/alerts/" + id + "/notes")[0]
	require.Equal(t, note["createdAt"], note["updatedAt"])
	s.clock.Add(1e9)
	require.NoError(t, s.EditNote("bob", id, note["id"].(string), "approve: fine"))
	edited := s.rows("/alerts/" + id + "/notes")[0]
	require.Equal(t, "approve: fine", edited["note"])
	require.Equal(t, s.account("alice"), edited["owner"], "not whoever changed it")
	require.Equal(t, note["createdAt"], edited["createdAt"])
	require.Greater(t, edited["updatedAt"], edited["createdAt"])
	require.Error(t, s.EditNote("bob", id, "none", "x"))
	require.Error(t, s.EditNote("bob", "none", "1", "x"))
}

func TestOwnersAreNamedAsAsked(t *testing.T) {
	for form, want := range map[jsm.OwnerForm]func(*site) string{
		jsm.ByAccountID:   func(s *site) string { return s.account("alice") },
		jsm.ByEmail:       func(*site) string { return "alice@example.com" },
		jsm.ByDisplayName: func(*site) string { return "Alice Adams" },
	} {
		s := start(t, jsm.Options{Owners: form})
		id := s.create(nil)
		require.NoError(t, s.Acknowledge("alice", id))
		require.NoError(t, s.Note("alice", id, "on it"))
		require.Equal(t, want(s), s.read("/alerts/" + id)["owner"])
		require.Equal(t, want(s), s.rows("/alerts/" + id + "/notes")[0]["owner"])
		require.Equal(t, want(s), s.rows("/alerts/" + id + "/logs")[1]["owner"])
		require.NoError(t, s.Note("", id, "from a rule"))
		require.Equal(t, "system", s.rows("/alerts/" + id + "/notes")[0]["owner"])
	}
}

func TestAnAcknowledgedAlertMayStayOpen(t *testing.T) {
	s := start(t, jsm.Options{PlainStatus: true})
	id := s.create(nil)
	require.NoError(t, s.Acknowledge("alice", id))
	require.Equal(t, "open", s.read("/alerts/" + id)["status"])
	require.Equal(t, true, s.read("/alerts/" + id)["acknowledged"])
}
