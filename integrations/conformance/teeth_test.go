package conformance

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/stretchr/testify/require"
)

// deskSuite is the suite of an integration that can do everything, with one thing wrong.
func deskSuite(f flaw) Suite {
	s := Suite{
		Vendor: newDesk,
		Settings: func(p Place) config.Settings {
			set := &deskSettings{URL: p.URL, Token: config.NewSecret(deskToken), Secrets: p.Secrets, flaw: f}
			if f == "keeps the token as text" {
				set.Debug = deskToken
			}
			return set
		},
		New:     newDeskClient,
		Secrets: []string{deskToken},
	}
	if f == "plants another secret" {
		s.Secrets = []string{"a secret that is never used"}
	}
	return s
}

func TestAnIntegrationWithoutFaultsPassesEveryCase(t *testing.T) {
	Run(t, deskSuite(""))
}

// flaws are faults of an integration and the cases that catch them.
var flaws = map[flaw][]Case{
	"checks nothing":               {"check/all-is-well"},
	"is always well":               {"check/bad-credentials"},
	"has no page":                  {"objects/open"},
	"never finds":                  {"objects/open", "objects/adopted-after-lost-reply", "objects/many-at-once"},
	"has no key":                   {"objects/native-key"},
	"no answer is no effect":       {"objects/adopted-after-lost-reply", "errors/reset", "errors/status-500"},
	"mixes up objects":             {"objects/many-at-once"},
	"takes any settings":           {"objects/foreign-settings"},
	"finds anything":               {"objects/find-nothing"},
	"finds by prefix":              {"objects/find-hostile-marker"},
	"finds by memory":              {"objects/find-deleted"},
	"never gone":                   {"objects/deleted-is-gone", "evidence/deleted"},
	"adds no notes":                {"notes/added"},
	"repeats notes":                {"notes/shown-is-no-write"},
	"adds an empty note":           {"notes/none-is-no-write"},
	"remembers too early":          {"notes/interrupted"},
	"leaves promoted open":         {"close/each-ending"},
	"ends again":                   {"close/twice"},
	"ends before it tells":         {"close/interrupted"},
	"cuts bytes":                   {"text/cut-on-runes"},
	"refuses odd text":             {"text/hostile"},
	"every error passes":           {"errors/status-400", "errors/status-401", "errors/status-403", "errors/status-404", "errors/status-429"},
	"every error is final":         {"errors/status-409", "errors/status-500", "errors/status-502", "errors/status-503", "errors/status-504", "errors/refused", "errors/reset"},
	"waits a minute":               {"errors/retry-after"},
	"forgets the pause":            {"errors/pause-is-kept"},
	"not found is gone":            {"errors/not-found-is-not-gone"},
	"believes any answer":          {"errors/something-else-answers"},
	"goes on when cancelled":       {"errors/cancel", "errors/cancelled-before"},
	"believes its own notes":       {"evidence/undecided"},
	"settles too early":            {"evidence/undecided"},
	"always unknown":               {"errors/refused", "errors/status-400", "errors/status-429"},
	"writes again":                 {"notes/interrupted", "close/interrupted"},
	"repeats the answer":           {"secrets/errors-and-logs"},
	"knows no time":                {"evidence/approved", "evidence/denied"},
	"only approves":                {"evidence/denied"},
	"knows no reason":              {"evidence/reason"},
	"denies what it does not know": {"evidence/unknown-status"},
	"takes programs for people":    {"evidence/automated"},
	"takes itself for a person":    {"evidence/own-close"},
	"remembers the marker":         {"evidence/marker"},
	"reads one page":               {"listing/each-object-once"},
	"sees no decision":             {"listing/decided"},
	"reads all first":              {"listing/stops-early"},
	"swallows a page":              {"listing/error-ends-it"},
	"hints at neighbours":          {"webhooks/hint"},
	"hints at every event":         {"webhooks/unknown-event"},
	"takes a delivery once":        {"webhooks/replay"},
	"asks while decoding":          {"webhooks/no-calls"},
	"trusts the types":             {"webhooks/decode-never-panics"},
	"takes what is not signed":     {"webhooks/unproven"},
	"does not sign the body":       {"webhooks/flipped-body"},
	"compares half":                {"webhooks/flipped-proof"},
	"takes any secret":             {"webhooks/foreign-secret"},
	"takes one secret":             {"webhooks/rotation"},
	"takes no secret":              {"webhooks/empty-secret"},
	"never mind the time":          {"webhooks/old-timestamp"},
	"sees one level":               {"oncall/everybody"},
	"ignores the levels":           {"oncall/first-level"},
	"minds the case":               {"oncall/names-ignore-case"},
	"ignores unknown names":        {"oncall/unknown-name"},
	"asks by writing":              {"oncall/reads-only"},
	"reads half a group":           {"groups/everybody"},
	"counts programs in":           {"groups/everybody"},
	"keeps half a group":           {"groups/all-or-nothing"},
	"names members by address":     {"groups/knows-the-decider"},
	"ignores unknown groups":       {"groups/unknown-name"},
	"lists groups by writing":      {"groups/reads-only"},
	"ignores recipients":           {"recipients/named", "recipients/first-known"},
	"believes any recipient":       {"recipients/first-known", "recipients/unknown-is-no-loss"},
	"insists on recipients":        {"recipients/unknown-is-no-loss"},
	"says nothing of recipients":   {"recipients/unknown-is-no-loss"},
	"takes faults for unknown":     {"recipients/fault-is-no-answer"},
	"plants another secret":        {"secrets/used"},
	"logs its calls":               {"secrets/errors-and-logs"},
	"shows the answer":             {"secrets/findings"},
	"keeps the token as text":      {"secrets/config-dump"},
}

func TestEachFaultIsCaught(t *testing.T) {
	for _, f := range slices.Sorted(maps.Keys(flaws)) {
		t.Run(string(f), func(t *testing.T) {
			for _, c := range trials() {
				if slices.Contains(flaws[f], c.name) {
					require.NotEmpty(t, outcomeOf(t, func(tb testing.TB) { c.run(tb, deskSuite(f)) }), "%s does not notice", c.name)
				}
			}
		})
	}
}

// Reconcilers that race are caught only where the vendor itself does not keep the object single.
func TestTwoObjectsUnderTenReconcilersAreCaught(t *testing.T) {
	s := deskSuite("has no key")
	require.Empty(t, outcomeOf(t, func(tb testing.TB) { onceUnderTenReconcilers(tb, s) }), "the search finds it")
	s.New = func(set config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
		it, err := newDeskClient(set, log)
		return blind{it}, err
	}
	require.NotEmpty(t, outcomeOf(t, func(tb testing.TB) { onceUnderTenReconcilers(tb, s) }))
}

// blind is an integration that finds nothing.
type blind struct{ bridge.Ticketer }

func (blind) Find(context.Context, bridge.Marker) (*bridge.Ref, error) { return nil, nil }

func TestEveryCaseCatchesAFault(t *testing.T) {
	caught := slices.Concat(slices.Collect(maps.Values(flaws))...)
	for _, name := range Cases() {
		require.True(t, name == "objects/once-under-ten-reconcilers" || slices.Contains(caught, name), "nothing shows that %s can fail", name)
	}
}

func TestGapsAreNamedWithTheirReason(t *testing.T) {
	for why, c := range map[string]struct {
		gaps map[Case]string
		says string
	}{
		"no such case":        {map[Case]string{"objects/levitate": "cannot"}, "is no case"},
		"no reason":           {map[Case]string{"objects/native-key": " "}, "without a reason"},
		"the capability":      {map[Case]string{"oncall": "it has no schedules"}, "has the capability"},
		"what everybody must": {map[Case]string{"objects": "it has none"}, "has the capability"},
	} {
		t.Run(why, func(t *testing.T) {
			s := deskSuite("")
			s.Unsupported = c.gaps
			require.Contains(t, outcomeOf(t, func(tb testing.TB) { vet(tb, s) }), c.says)
		})
	}
	s := deskSuite("")
	s.Unsupported = map[Case]string{"objects/native-key": "none"}
	require.Empty(t, outcomeOf(t, func(tb testing.TB) { vet(tb, s) }))
	why, gap := s.gap("objects/native-key")
	require.True(t, gap)
	require.Equal(t, "none", why)
	_, gap = s.gap("objects/open")
	require.False(t, gap)
	keyed := deskSuite("says it has a key")
	keyed.Unsupported = s.Unsupported
	require.Contains(t, outcomeOf(t, func(tb testing.TB) { vet(tb, keyed) }), "has to show it")
	s.Secrets = nil
	require.Contains(t, outcomeOf(t, func(tb testing.TB) { vet(tb, s) }), "credentials")
}
