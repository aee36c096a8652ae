package reconcile

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

func saying(t *testing.T, general map[string]string, ofRoute map[string]string) setting {
	t.Helper()
	set, err := text.New(general, map[string]map[string]string{"all": ofRoute, "other": {"review": "of another route"}}, nil)
	require.NoError(t, err)
	return func(_ *instance, o *Options) { o.Texts = set }
}

func said(v *vendor, id string) (list []string) {
	for _, o := range v.living(id) {
		for _, n := range o.notes {
			list = append(list, n.Text)
		}
	}
	return list
}

// What is written at objects and in Teleport is what the configuration says, in the words of the request's route.
func TestConfiguredTextsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.threshold = 2
		i := w.start("a", saying(t, map[string]string{
			"review": "{{.Review.Author}}: {{upper .Verb}}", "refusal": "No ({{.Code}})", "recorded": `{{join ", " .Missing}}`,
			"reason": "{{.Person}} via {{.Route}}", "approved": "not for this route",
		}, map[string]string{"approved": "Enjoy, {{.Request.User}}."}))
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", alice)
		i.hint("r1")
		pass(time.Second)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		w.review("r1", "carol", bridge.StateApproved, "fine")
		pass(time.Second)
		w.resolve("r1", bridge.StateApproved, "")
		pass(time.Second)
		require.ElementsMatch(t, []string{"No (requester)", "1 of 2 approvals", "carol: APPROVED", "Enjoy, " + requester + "."}, said(v, "r1"))
		require.Equal(t, "bob@example.com via all", w.submitted[0].Text)
		require.NotContains(t, w.submitted[0].Reason, "via all", "the person's own words stay what they are")
	})
}

// The identity of a note is what it tells, so that other words do not repeat it.
func TestOtherWordsDoNotRepeatANote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		w.review("r1", "carol", bridge.StateApproved, "fine")
		v.approve("r1", alice)
		i.hint("r1")
		pass(time.Second)
		require.Len(t, said(v, "r1"), 2)
		i.shut()
		other := w.start("b", saying(t, map[string]string{"review": "another text", "refusal": "a third"}, nil))
		other.hint("r1")
		pass(10 * time.Minute)
		require.Len(t, said(v, "r1"), 2)
		require.NotContains(t, said(v, "r1"), "another text")
	})
}

// A text that fails when it is written never keeps a decision from being taken, or an object from being closed.
func TestATextThatFailsChangesNoDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		bad := map[string]string{}
		for _, name := range text.Names() {
			bad[name] = `{{index "" 7}}`
		}
		i := w.start("a", saying(t, bad, bad))
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", alice)
		i.hint("r1")
		pass(time.Second)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, "Approved by bob@example.com in jira "+v.living("r1")[0].ref.Key+": because", w.submitted[0].Text)
		w.ask("r2")
		pass(time.Second)
		w.resolve("r2", bridge.StateDenied, "no")
		pass(time.Second)
		require.Equal(t, []string{"The request was denied in Teleport: no"}, said(v, "r2"))
		require.Equal(t, bridge.EndDenied, v.living("r2")[0].ending)
	})
}

// The audit record is not written in the words of a template.
func TestTheAuditRecordKeepsItsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.threshold = 2
		i := w.start("a", saying(t, map[string]string{"drift": "drifted"}, nil))
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		v.move("r1", "Open", bridge.Undecided, bob)
		i.hint("r1")
		pass(time.Second)
		require.Contains(t, said(v, "r1"), "drifted")
		last := w.audit[len(w.audit)-1]
		require.Equal(t, bridge.OutcomeDrift, last.Outcome)
		require.Contains(t, last.Detail, "Teleport has taken the decision from here (approved) already")
	})
}
