package incident_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

func TestTemplatesReplaceTitleAndBody(t *testing.T) {
	texts := incident.Texts{
		Title: "{{upper .Object}} for\n{{.Request.User}}",
		Body:  "{{with .WebURL}}{{.}}{{end}}\n{{.Request.Reason}}\n{{.HowToDecide}}",
	}
	title, body, err := form.Write(texts, testkit.Draft(), "Decide.")
	require.NoError(t, err)
	require.Equal(t, "ALERT for dave@example.com", title, "a title has one line")
	require.Equal(t, testkit.Draft().WebURL+"\nFix the outage\nsee ticket 7\nDecide.", body)

	of := incident.Texts{Title: "t", Body: "b"}
	require.Equal(t, incident.Texts{Title: "own", Body: "b"}, incident.Texts{Title: "own"}.Or(of), "a target's own go first")
	require.Equal(t, of, incident.Texts{}.Or(of))
}

// Whatever a template writes is cut and cleaned as the built-in text is.
func TestTemplatesAreCutAndCleaned(t *testing.T) {
	d := testkit.Draft()
	d.Request.Reason = strings.Repeat("漢🔥\x00\r\n", 9_000)
	title, body, err := form.Write(incident.Texts{Title: "{{.Request.Reason}}", Body: "{{.Request.Reason}}"}, d, "")
	require.NoError(t, err)
	require.Equal(t, form.MaxTitle, utf8.RuneCountInString(title))
	require.Equal(t, form.MaxText, utf8.RuneCountInString(body))
	require.NotContains(t, title+body, "\x00")
	require.NotContains(t, title, "\n")
	require.NotContains(t, body, "\r")
}

// A template that fails for a request never keeps its object from being opened.
func TestATemplateThatFailsIsReplacedByTheBuiltinText(t *testing.T) {
	for name, source := range map[string]string{"fails": `{{index .Request.Roles 99}}`, "writes nothing": `{{with index .Request.Annotations "x"}}{{.}}{{end}} ` + "\x00"} {
		t.Run(name, func(t *testing.T) {
			var log logtest.Log
			title, body := form.Opening(t.Context(), log.Logger(), incident.Texts{Title: source, Body: source}, testkit.Draft(), "Decide.")
			require.Equal(t, form.Title(testkit.Draft().Request), title)
			require.Equal(t, form.Body(testkit.Draft(), "Decide."), body)
			require.Contains(t, log.String(), "a configured template cannot be used")
			require.Contains(t, log.String(), "request_id="+testkit.Draft().Request.ID)
		})
	}
}

func TestFaultsOfTemplatesAreFoundAtLoad(t *testing.T) {
	p := config.NewProblems("c.yaml")
	incident.Texts{Title: "{{.Request.Usr}}", Body: "{{if .WebURL}}x{{else}}{{.Nope}}{{end}}"}.Check(p)
	require.ErrorContains(t, p.Err(), "title: 1:11: <.Request.Usr>: can't evaluate field Usr")
	require.ErrorContains(t, p.Err(), "body: 1:26: <.Nope>: can't evaluate field Nope")

	p = config.NewProblems("c.yaml")
	incident.Texts{}.Check(p)
	incident.Texts{Title: `{{index .Request.Annotations "team" 0}}`, Body: "{{.HowToDecide}}"}.Check(p)
	require.NoError(t, p.Err(), "that a request lacks something is no fault of the template")
}
