package jsm_test

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
)

func TestAnAlertIsMadeAndFoundByIDAndAliasOnly(t *testing.T) {
	s := start(t, jsm.Options{})
	id := s.create(s.full())
	got := s.read("/alerts/" + id)
	require.Equal(t, id, got["id"])
	require.Equal(t, "accessbridge:r 1", got["alias"])
	require.Equal(t, "Access to prod-db", got["message"])
	require.Equal(t, "who & why", got["description"])
	require.Equal(t, map[string]any{"request": "r1"}, got["extraProperties"])
	require.Equal(t, []any{"Approve", "Deny"}, got["actions"])
	require.Equal(t, "P2", got["priority"])
	require.Equal(t, "open", got["status"])
	require.Equal(t, "accessbridge", got["source"])
	require.Equal(t, "2026-01-02T03:04:05.678Z", got["createdAt"])
	require.Contains(t, got["responders"], map[string]any{"type": "user", "id": s.account("alice")}, "an account id, no address")
	require.NotContains(t, string(s.Do(200, "GET", ops+"/alerts/"+id, nil).Body), "alice@", "no addresses")

	require.Equal(t, id, s.read("/alerts/alias?alias=" + url.QueryEscape("accessbridge:r 1"))["id"])
	s.Do(404, "GET", ops+"/alerts/1", nil) // the tiny id
	s.Do(404, "GET", ops+"/alerts/"+url.PathEscape("accessbridge:r 1"), nil)
	s.Do(422, "GET", ops+"/alerts/alias", nil)
}

func TestAnAliasJoinsOnlyOpenAlerts(t *testing.T) {
	s := start(t, jsm.Options{})
	first := s.create(map[string]any{"alias": "a"})
	require.Equal(t, first, s.create(map[string]any{"alias": "a"}))
	require.EqualValues(t, 2, s.read("/alerts/" + first)["count"])
	s.write("POST", "/alerts/"+first+"/close", nil)
	require.Equal(t, first, s.read("/alerts/alias?alias=a")["id"], "closed, but the only one")
	second := s.create(map[string]any{"alias": "a"})
	require.NotEqual(t, first, second)
	require.Equal(t, second, s.read("/alerts/alias?alias=a")["id"])

	open := start(t, jsm.Options{Account: alerting.Options{OpenAliasOnly: true}})
	open.write("POST", "/alerts/"+open.create(map[string]any{"alias": "a"})+"/close", nil)
	open.Do(404, "GET", ops+"/alerts/alias?alias=a", nil)
}

func TestWritesTakeEffectLater(t *testing.T) {
	s := start(t, jsm.Options{})
	resume := s.PauseRequests()
	answer := s.Do(200, "POST", ops+"/alerts", draft(map[string]any{"alias": "a"})).Object(t)
	require.Equal(t, "Request will be processed", answer["result"])
	request, _ := answer["requestId"].(string)
	s.Do(404, "GET", ops+"/alerts/requests/"+request, nil)
	s.Do(404, "GET", ops+"/alerts/alias?alias=a", nil)
	resume()
	status := s.read("/alerts/requests/" + request)
	require.Equal(t, "Create", status["action"])
	require.Equal(t, true, status["isSuccess"])
	require.Equal(t, "Created alert", status["status"])
	require.Equal(t, "a", status["alias"])
	require.Equal(t, s.read("/alerts/alias?alias=a")["id"], status["alertId"])

	late := start(t, jsm.Options{CreateAccepted: true, Account: alerting.Options{ProcessLag: 5 * time.Millisecond}})
	late.Do(202, "POST", ops+"/alerts", draft(map[string]any{"alias": "a"}))
	require.Eventually(t, func() bool { _, made := late.Alert("a"); return made }, time.Minute, time.Millisecond)
}

func TestADraftIsRefusedWithWhatIsWrong(t *testing.T) {
	s := start(t, jsm.Options{})
	for name, body := range map[string]map[string]any{
		"message":         {"message": ""},
		"priority":        {"priority": "P6"},
		"extraProperties": {"extraProperties": map[string]string{"k": string(make([]byte, 8000))}},
		"tags":            {"tags": "one"},
		"a name is no id": {"responders": []map[string]string{{"type": "user", "id": "alice@example.com"}}},
		"an old id":       {"responders": []map[string]string{{"type": "user", "id": alerting.DefaultUsers()[0].ID}}},
		"a team's name":   {"responders": []map[string]string{{"type": "team", "id": jsm.DefaultTeam}}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.as(jsm.DefaultEmail, jsm.DefaultAPIToken).Do(422, "POST", ops+"/alerts", draft(body)).Object(t)
			require.NotEmpty(t, answer.Rows("errors")[0]["title"])
			require.NotEmpty(t, answer.Rows("errors")[0]["code"])
		})
	}
	require.Empty(t, s.Alerts())

	lenient := start(t, jsm.Options{Account: alerting.Options{IgnoreUnknownResponders: true}})
	id := lenient.create(map[string]any{"responders": []map[string]string{{"type": "user", "id": "nobody"}}})
	require.Empty(t, lenient.read("/alerts/" + id)["responders"])
}

func TestAListIsSearchedSortedAndPaged(t *testing.T) {
	s := start(t, jsm.Options{})
	var made []string
	for i := range 5 {
		s.clock.Add(time.Minute)
		made = append([]string{s.create(map[string]any{
			"alias": "a" + strconv.Itoa(i), "priority": "P" + strconv.Itoa(5-i), "tags": []string{"odd", "even"}[i%2 : i%2+1],
		})}, made...)
	}
	require.EqualValues(t, 5, s.read("/alerts")["count"])
	require.Equal(t, made, texts(s.rows("/alerts"), "id"), "the newest first")
	found, pages := s.walk("/alerts?size=2&query="+url.QueryEscape(`status: open`), "id")
	require.Equal(t, made, found)
	require.Equal(t, 3, pages)
	require.Equal(t, []string{"P1", "P2", "P3", "P4", "P5"}, texts(s.rows("/alerts?sort=priority&order=asc"), "priority"))
	require.Equal(t, []string{"a4", "a2", "a0"}, texts(s.rows(query("tag: odd")), "alias"))
	at := s.clock.Now().Add(-90 * time.Second)
	require.Equal(t, []string{"a4", "a3"}, texts(s.rows("/alerts?from="+strconv.FormatInt(at.Unix(), 10)), "alias"))
	require.Equal(t, []string{"a2", "a1", "a0"}, texts(s.rows("/alerts?to="+strconv.FormatInt(at.UnixMilli(), 10)), "alias"))
	require.NotContains(t, s.rows("/alerts")[0], "description", "a list tells less")

	for _, wrong := range []string{
		"size=0", "size=101", "offset=-1", "offset=19980", "sort=updatedAt", "order=up", "from=yesterday", "query=nosuchfield%3A1",
	} {
		s.Do(422, "GET", ops+"/alerts?"+wrong, nil)
	}
	s.Do(200, "GET", ops+"/alerts?offset=19979", nil)
}

func TestAListSeesChangesLater(t *testing.T) {
	s := start(t, jsm.Options{Account: alerting.Options{IndexLag: time.Minute}})
	id := s.create(nil)
	require.Empty(t, s.rows("/alerts"))
	require.Equal(t, id, s.read("/alerts/" + id)["id"])
	s.clock.Add(time.Minute + time.Second)
	require.Len(t, s.rows("/alerts"), 1)
}

func TestLinksAreWholeAddressesWhereAsked(t *testing.T) {
	s := start(t, jsm.Options{AbsoluteLinks: true})
	s.create(nil)
	s.create(nil)
	next, _ := s.read("/alerts?size=1").At("links", "next").(string)
	require.Equal(t, s.URL()+ops+"/alerts?offset=1&size=1", next)
}
