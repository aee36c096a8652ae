package jira

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

var twoNotes = []bridge.Note{
	{ID: "review/bob", Text: "bob@example.com approved: looks *fine*\n{code}h1. x{code}"},
	{ID: "review/carol", Text: "carol@example.com denied"},
}

func TestUpdateAddsEachNoteOnceInOrder(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		ref := s.open(t)
		require.NoError(t, s.Comment("bob", ref.ID, "carol@example.com denied, they say"))
		s.calls.Reset()
		for range 3 {
			require.NoError(t, s.Update(t.Context(), ref, twoNotes))
		}
		comments := s.issueOf(t, ref).Comments
		require.Len(t, comments, 3)
		require.Equal(t, `bob\@example.com approved: looks \*fine\*`+"\n"+`\{code\}h1. x\{code\}`, comments[1].Body)
		require.JSONEq(t, `"review/bob"`, string(comments[1].Properties[noteKey]))
		require.Equal(t, `carol\@example.com denied`, comments[2].Body)
		golden.Assert(t, s.calls.Golden(t), "update-"+f.String()+".golden")

		s.ResetCalls()
		require.NoError(t, s.Update(t.Context(), ref, nil))
		require.Zero(t, s.TotalCalls())
	})
}

func TestUpdateGoesOnWhereItWasInterrupted(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Method: "POST", PathContains: "/comment", Reset: true, AfterEffect: true, Count: 1})
	require.Error(t, s.Update(t.Context(), ref, twoNotes))
	require.Len(t, s.issueOf(t, ref).Comments, 1)
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.Len(t, s.issueOf(t, ref).Comments, 2)
}

// Texts come back from Cloud in another spelling.
var respelt = testkit.Rewrite(func(r *http.Request, body string) string {
	if r.Method != http.MethodGet {
		return body
	}
	return strings.ReplaceAll(body, `\\*`, `*`)
})

func TestUpdateComparesTextWherePropertiesAreNotReadable(t *testing.T) {
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			q := r.URL.Query()
			q.Del("expand")
			r.URL.RawQuery = q.Encode()
			return respelt(next).RoundTrip(r)
		})
	}})
	ref := s.open(t)
	for range 2 {
		require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	}
	require.Len(t, s.issueOf(t, ref).Comments, 2)
}

func TestUpdateReadsEveryPageOfComments(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	for range 230 {
		require.NoError(t, s.Comment("bob", ref.ID, "chatter"))
	}
	require.NoError(t, s.Update(t.Context(), ref, append(twoNotes, bridge.Note{ID: "late", Text: "late"})))
	require.Len(t, s.issueOf(t, ref).Comments, 233)
}

func TestP4_CloseTellsAndMovesOnce(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		for ending, want := range map[bridge.Ending]string{
			bridge.EndApproved: "Approved",
			bridge.EndDenied:   "Denied",
			bridge.EndPromoted: "Approved",
			bridge.EndExpired:  "Expired",
			bridge.EndDeleted:  "Expired",
			bridge.EndUnknown:  "Expired",
		} {
			t.Run(string(ending), func(t *testing.T) {
				s := newSite(t, setup{sim: sim.Options{Flavour: f}})
				ref := s.open(t)
				o := bridge.Outcome{Ending: ending, Note: bridge.Note{ID: "end", Text: "The end: " + string(ending)}}
				for range 3 {
					require.NoError(t, s.Close(t.Context(), ref, o))
				}
				i := s.issueOf(t, ref)
				require.Equal(t, want, i.Status)
				require.Len(t, i.Comments, 1)
				require.Len(t, i.History, 1)
			})
		}
	})
}

func TestPromotedHasItsOwnStatusWhereOneIsConfigured(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Statuses.Promoted = []string{"No such", "promoted"} }})
	ref := s.open(t)
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndPromoted, Note: bridge.Note{ID: "e", Text: "e"}}))
	require.Equal(t, "Promoted", s.issueOf(t, ref).Status)
}

func TestCloseLeavesTheIssueWhereNoStatusIsConfigured(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Statuses.Expired = nil }})
	ref := s.open(t)
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndExpired, Note: bridge.Note{ID: "e", Text: "e"}}))
	require.Equal(t, "Pending", s.issueOf(t, ref).Status)
	require.Len(t, s.issueOf(t, ref).Comments, 1)
}

func TestUnreachableStatusIsToldWithItsMendAndTheNoteStands(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Move("bob", ref.ID, "Approved"))
	err := s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndExpired, Note: bridge.Note{ID: "e", Text: "expired"}})
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.ErrorContains(t, err, `in status "Approved" has no transition to "Expired"; it offers "Denied": add the transition`)
	require.Len(t, s.issueOf(t, ref).Comments, 1)
}

func TestCloseAcceptsThatSomebodyWasFaster(t *testing.T) {
	var s *site
	s = newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/transitions") {
				if err := s.Move("bob", s.Issues()[0].ID, "Denied"); err != nil {
					return nil, err
				}
			}
			return next.RoundTrip(r)
		})
	}})
	ref := s.open(t)
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndDenied, Note: bridge.Note{ID: "e", Text: "e"}}))
	require.Equal(t, "Denied", s.issueOf(t, ref).Status)
}

func TestGoneIsOnlyWhatWasDeleted(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		ref, other := s.open(t), s.open(t)
		calls := map[string]func(bridge.Ref) error{
			"update": func(ref bridge.Ref) error { return s.Update(t.Context(), ref, twoNotes) },
			"close": func(ref bridge.Ref) error {
				return s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndDenied})
			},
			"evidence": func(ref bridge.Ref) error { _, err := s.Evidence(t.Context(), ref); return err },
		}
		require.NoError(t, s.DeleteIssue("bob", ref.ID))
		for name, call := range calls {
			require.ErrorIs(t, call(ref), bridge.ErrGone, name)
		}
		hide := func(permissions ...string) {
			require.NoError(t, s.UpdateUser(sim.BotName, func(u *sim.User) { u.Permissions = permissions }))
		}
		hide("CREATE_ISSUES")
		for name, call := range calls {
			err := call(other)
			require.NotErrorIs(t, err, bridge.ErrGone, name)
			require.ErrorContains(t, err, "permission to browse project ACC", name)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class, name)
		}
		require.NoError(t, s.UpdateUser(sim.BotName, func(u *sim.User) { u.Token = "other" }))
		for name, call := range calls {
			err := call(ref)
			require.NotErrorIs(t, err, bridge.ErrGone, name)
			require.ErrorContains(t, err, "401", name)
		}
	})
}

func TestIdsThatAreNotIdsAreRefused(t *testing.T) {
	s := newSite(t, setup{})
	for _, id := range []string{"", "../user", "1/comment", "1?x=y", "é"} {
		_, err := s.Evidence(t.Context(), bridge.Ref{ID: id})
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class, id)
		require.Error(t, s.Update(t.Context(), bridge.Ref{ID: id}, twoNotes))
	}
	require.Zero(t, s.TotalCalls())
}

func TestNoteOfTheOtherSpelling(t *testing.T) {
	var p property
	require.NoError(t, json.Unmarshal([]byte(`{"key":"accessbridge","value":{"note":"x"}}`), &p))
	require.False(t, shows([]comment{{Body: "same", Properties: []property{p}}}, "y", "same"), "an object is some other note")
}
