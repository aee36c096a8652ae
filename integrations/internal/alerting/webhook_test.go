package alerting

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// tracker is one without a product.
func tracker(change func(*Settings)) *Tracker {
	set := DefaultSettings()
	set.Webhook.Secrets = testkit.Secrets("old", "new")
	if change != nil {
		change(&set)
	}
	return &Tracker{product: Product{Kind: "alerts", Name: "Alerts"}, set: set, rules: set.rules(), secrets: set.Webhook.Secrets}
}

const ours = aliasPrefix + "r-1"

func TestDecodeTakesEveryFormOfAField(t *testing.T) {
	for body, want := range map[string]bridge.Delivery{
		`{"action":"Approve","alert":{"alertId":"a","alias":"` + ours + `","updatedAt":1767323046020000123}}`:   {ID: "a:approve:1767323046020000123", Event: "Approve"},
		`{"action":"Approve","alert":{"alertId":"a","alias":"` + ours + `","updatedAt":"1767323046020000123"}}`: {ID: "a:approve:1767323046020000123", Event: "Approve"},
		`{"action":"ap PROVE","alert":{"alertId":7,"alias":"` + ours + `","createdAt":1767323045678}}`:          {ID: "7:approve:1767323045678", Event: "ap PROVE"},
		`{"action":"Add Note","alert":{"alertId":"a","alias":"` + ours + `"}}`:                                  {ID: "a:addnote:", Event: "Add Note"},
		`{"action":"AddNote","alert":{"alias":"` + ours + `","note":"DENY: no"}}`:                               {Event: "AddNote"},
	} {
		d, err := tracker(nil).Decode(bridge.Inbound{Body: []byte(body)})
		require.NoError(t, err)
		want.Hints = []bridge.Hint{{ObjectID: ours, RequestID: "r-1"}}
		require.Equal(t, want, d, body)
	}
}

func TestDecodeAcceptsWhatDoesNotMatter(t *testing.T) {
	for _, body := range []string{
		"", "null", "[]", "{", `"text"`, "7", "\x00", `{"action":null,"alert":null}`, `{"action":{},"alert":[]}`, `{"alert":{"alias":["x"]}}`,
		`{"action":"Approve"}`, `{"action":"Approve","alert":{"alertId":"a"}}`, `{"action":"Approve","alert":{"alias":"other"}}`,
		`{"action":"Approve","alert":{"alias":"` + aliasPrefix + `"}}`, `{"action":"Approve","alert":{"alias":"` + aliasPrefix + `../x"}}`,
		`{"action":"Create","alert":{"alias":"` + ours + `"}}`, `{"action":"Close","alert":{"alias":"` + ours + `"}}`,
		`{"action":"Acknowledge","alert":{"alias":"` + ours + `"}}`, `{"action":"AddNote","alert":{"alias":"` + ours + `","note":"hello"}}`,
		`{"action":"","alert":{"alias":"` + ours + `"}}`, `{"action":"Somebody's own","alert":{"alias":"` + ours + `"}}`,
	} {
		d, err := tracker(nil).Decode(bridge.Inbound{Body: []byte(body)})
		require.NoError(t, err, body)
		require.Empty(t, d.Hints, body)
		require.NotEmpty(t, d.Event, body)
		require.Zero(t, d.Reply, body)
	}
}

func TestDecodeGoesByTheSettings(t *testing.T) {
	noWords := func(s *Settings) { s.Decisions.Notes.Approve, s.Decisions.Notes.Deny = nil, nil }
	for name, c := range map[string]struct {
		settings func(*Settings)
		body     string
		hints    int
	}{
		"closing":         {func(s *Settings) { s.Decisions.Close = "deny" }, `"Close"`, 1},
		"acknowledging":   {func(s *Settings) { s.Decisions.Acknowledge = "approve" }, `"ACKNOWLEDGE"`, 1},
		"no words":        {noWords, `"AddNote"`, 0},
		"another action":  {func(s *Settings) { s.Decisions.Actions.Approve = "Let them in" }, `"let THEM in"`, 1},
		"no longer":       {func(s *Settings) { s.Decisions.Actions.Approve = "Let them in" }, `"Approve"`, 0},
		"no action given": {func(s *Settings) { s.Decisions.Actions.Approve = "" }, `""`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := tracker(c.settings).Decode(bridge.Inbound{Body: []byte(`{"action":` + c.body + `,"alert":{"alias":"` + ours + `"}}`)})
			require.NoError(t, err)
			require.Len(t, d.Hints, c.hints)
		})
	}
}

func TestLongFieldsAreCut(t *testing.T) {
	long := strings.Repeat("漢🔥", 5000)
	d, err := tracker(nil).Decode(bridge.Inbound{Body: []byte(`{"action":"` + long + `","alert":{"alertId":"` + long + `","updatedAt":"` + long + `"}}`)})
	require.NoError(t, err)
	require.LessOrEqual(t, utf8.RuneCountInString(d.Event), maxField)
	require.LessOrEqual(t, utf8.RuneCountInString(d.ID), 3*maxField+2)
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"action":"Approve","alert":{"alertId":"a","alias":"` + ours + `","updatedAt":1767323046020000123}}`,
		`{"action":7,"alert":{"alertId":[],"alias":{},"updatedAt":1e400,"note":null}}`, "", "null", `{"alert":[]}`,
	} {
		f.Add([]byte(seed))
	}
	t0 := tracker(nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := t0.Decode(bridge.Inbound{Body: body})
		require.NoError(t, err)
		require.NotEmpty(t, d.Event)
		require.True(t, utf8.ValidString(d.Event+d.ID))
		for _, h := range d.Hints {
			require.Equal(t, h.RequestID, markerOf(h.ObjectID))
			require.NotEmpty(t, h.RequestID)
		}
	})
}

func FuzzVerify(f *testing.F) {
	for _, seed := range []string{"", "Bearer new", "Bearer ", "Basic bmV3", "\xff", strings.Repeat("Bearer ", 1000)} {
		f.Add(seed)
	}
	bearer, basic := tracker(nil), tracker(func(s *Settings) { s.Webhook.User = "u" })
	f.Fuzz(func(t *testing.T, value string) {
		in := bridge.Inbound{Header: http.Header{"Authorization": {value}}}
		require.Equal(t, value == "Bearer new" || value == "Bearer old", bearer.Verify(in) == nil)
		require.Equal(t, value == "Basic dTpuZXc=" || value == "Basic dTpvbGQ=", basic.Verify(in) == nil)
	})
}
