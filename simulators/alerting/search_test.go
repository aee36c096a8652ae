package alerting_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

// find lists the aliases that a query finds, the oldest alert first.
func (a *account) find(query string) []string {
	a.t.Helper()
	page, total, err := a.Search(alerting.Search{Query: query, Ascending: true})
	require.NoError(a.t, err, query)
	require.Len(a.t, page, total)
	out := []string{}
	for _, alert := range page {
		out = append(out, alert.Alias)
	}
	return out
}

// filled is an account with the alerts one, two and three:x.
func filled(t *testing.T) *account {
	t.Helper()
	a := start(t, alerting.Options{})
	a.create(alerting.Draft{
		Alias: "one", Message: "Disk full OR so", Tags: []string{"accessbridge", "prod"}, Entity: "db",
		Responders: []alerting.Responder{{Type: "team", Name: "Operations"}},
	})
	a.clock.Add(time.Hour)
	a.create(alerting.Draft{
		Alias: "two", Message: "Access to prod-db", Tags: []string{"accessbridge"}, Priority: "P1",
		Details: map[string]string{"request": "r2"}, Responders: []alerting.Responder{{Type: "user", Name: "alice@example.com"}},
	})
	a.clock.Add(time.Hour)
	a.create(alerting.Draft{Alias: "three:x", Message: "other", Source: "script", Actions: []string{"Approve"}, Description: "long text"})
	a.create(alerting.Draft{Alias: "three:x"})
	require.NoError(t, a.Acknowledge("alice", "two"))
	require.NoError(t, a.CloseAlert("bob", "three:x", ""))
	return a
}

func TestTheSearchLanguage(t *testing.T) {
	a := filled(t)
	noon := a.get("two").Created.UnixMilli()
	for query, want := range map[string][]string{
		"":                                       {"one", "two", "three:x"},
		"  ":                                     {"one", "two", "three:x"},
		"alias: two":                             {"two"},
		"alias:three:x":                          {"three:x"},
		`alias : "three:x"`:                      {"three:x"},
		"alias:t*":                               {"two", "three:x"},
		"alias:*:x":                              {"three:x"},
		"alias:*wo*":                             {"two"},
		"alias:tw":                               {},
		"tag: accessbridge":                      {"one", "two"},
		"tag:access":                             {},
		"tags:accessbridge AND tag:prod":         {"one"},
		"tag:accessbridge tag:prod":              {"one"},
		"status: open":                           {"one", "two"},
		"status: closed":                         {"three:x"},
		"status:(open OR closed)":                {"one", "two", "three:x"},
		"NOT status: open":                       {"three:x"},
		"status:open AND NOT acknowledged:true":  {"one"},
		"acknowledged: true":                     {"two"},
		"alias:one OR alias:two AND status:open": {"one", "two"},
		"(alias:one OR alias:three:x) AND status: closed": {"three:x"},
		"NOT (alias:one OR alias:two)":                    {"three:x"},
		"priority: P1":                                    {"two"},
		"owner: alice@example.com":                        {"two"},
		"prod-db":                                         {"two"},
		`"full OR so"`:                                    {"one"},
		"message: access":                                 {"two"},
		"description:text":                                {"three:x"},
		"entity:db":                                       {"one"},
		"source: script":                                  {"three:x"},
		"details.key: request":                            {"two"},
		"details.value: r2":                               {"two"},
		"details.request: r2":                             {"two"},
		"details.request: r3":                             {},
		"actions: Approve":                                {"three:x"},
		"teams: Operations":                               {"one"},
		"users: alice@example.com":                        {"two"},
		"count > 1":                                       {"three:x"},
		"count: 1":                                        {"one", "two"},
		"count<=1 AND count >= 1":                         {"one", "two"},
		"tinyId: 2":                                       {"two"},
		"isSeen:true AND snoozed:false":                   {"two", "three:x"},
		"integration.name: accessbridge":                  {"one", "two", "three:x"},
		fmt.Sprintf("createdAt > %d", noon):               {"three:x"},
		fmt.Sprintf("createdAt>=%d", noon):                {"two", "three:x"},
		fmt.Sprintf("createdAt < %d", noon):               {"one"},
		"updatedAt >= 02-01-2026T05:00:00":                {"two", "three:x"},
		"lastOccurredAt<02-01-2026T04:30:00":              {"two", "one"},
	} {
		require.ElementsMatch(t, want, a.find(query), query)
	}
}

func TestAQueryThatIsNotUnderstoodIsRefused(t *testing.T) {
	a := filled(t)
	for _, query := range []string{
		"invented: x", "alias >x", "createdAt > tomorrow", "count: many", "(alias:one", "alias:one)", `alias:"one`, "alias:", ": x", "NOT",
		"alias:one OR", "alias:(one two)", "status:(open", "alias:()", `"open`,
	} {
		_, _, err := a.Search(alerting.Search{Query: query})
		require.ErrorIs(t, err, alerting.ErrQuery, query)
	}
	_, _, err := a.Search(alerting.Search{Sort: "invented"})
	require.ErrorIs(t, err, alerting.ErrQuery)
}

func TestListsAreSortedAndCutIntoPages(t *testing.T) {
	a := filled(t)
	order := func(s alerting.Search) []string {
		t.Helper()
		page, total, err := a.Search(s)
		require.NoError(t, err)
		require.Equal(t, 3, total)
		out := []string{}
		for _, alert := range page {
			out = append(out, alert.Alias)
		}
		return out
	}
	require.Equal(t, []string{"three:x", "two", "one"}, order(alerting.Search{}), "the newest first")
	for field, want := range map[string][]string{
		"alias": {"one", "three:x", "two"}, "updatedAt": {"one", "two", "three:x"}, "count": {"one", "two", "three:x"},
		"tinyId": {"one", "two", "three:x"}, "priority": {"two", "one", "three:x"}, "status": {"three:x", "one", "two"},
		"report.ackTime": {"one", "three:x", "two"}, "report.acknowledgedBy": {"one", "three:x", "two"},
		"report.closedBy": {"one", "two", "three:x"}, "integration.type": {"one", "two", "three:x"},
	} {
		require.Equal(t, want, order(alerting.Search{Sort: field, Ascending: true}), field)
	}
	require.Equal(t, []string{"two"}, order(alerting.Search{Offset: 1, Limit: 1}))
	require.Equal(t, []string{"one"}, order(alerting.Search{Offset: 2, Limit: 10}))
	require.Empty(t, order(alerting.Search{Offset: 5, Limit: 1}))
}

// The vendor's search lags behind; what reads one alert does not.
func TestTheSearchSeesChangesLater(t *testing.T) {
	a := start(t, alerting.Options{IndexLag: time.Minute})
	a.create(alerting.Draft{Alias: "key"})
	require.Empty(t, a.find(""))
	a.clock.Add(30 * time.Second)
	require.NoError(t, a.CloseAlert("alice", "key", ""))
	a.clock.Add(30 * time.Second)
	require.Equal(t, []string{"key"}, a.find("status:open"), "the alert as it was a minute ago")
	require.False(t, a.get("key").Open())
	a.clock.Add(31 * time.Second)
	require.Empty(t, a.find("status:open"))
	require.Equal(t, []string{"key"}, a.find("status:closed"))
	require.NoError(t, a.DeleteAlert("alice", "key"))
	require.Len(t, a.find(""), 1)
	a.clock.Add(time.Hour)
	require.Empty(t, a.find(""))
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"alias:a AND (tag:b OR NOT c)", `"x`, "status:(open OR", "createdAt>1", "((((", "a:*", "NOT NOT x"} {
		f.Add(seed)
	}
	a, err := alerting.New(alerting.Options{})
	require.NoError(f, err)
	f.Cleanup(a.Close)
	_, err = a.AddAlert("alice", alerting.Draft{Message: "m"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query string) {
		page, total, err := a.Search(alerting.Search{Query: query})
		require.True(t, err != nil || len(page) == total)
	})
}
