package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// However a text is written in the file, a place inside it is found there. The marked letter is the one at fault.
func TestPlaceInsideATextIsFoundInTheFile(t *testing.T) {
	for name, written := range map[string]string{
		"plain":                 "when: a == ^b",
		"single quotes":         "when: 'a == ^b'",
		"single quotes doubled": "when: 'a == ''x'' && ^b'",
		"double quotes":         `when: "a == ^b"`,
		"double quotes escaped": `when: "a == \"x\" && ^b"`,
		"begins with a quote":   `when: "\"x\" == ^b"`,
		"literal block":         "when: |\n      a == 1 &&\n        ^b",
		"folded block":          "when: >-\n      a == 1 &&\n      ^b\n",
		"folded, indented":      "when: >-\n      a == 1 &&\n        c ||\n      ^b\n",
		"block behind comment":  "when: | # why\n      ^b == 1",
		"plain on two lines":    "when: a == 1 &&\n      ^b",
		"quoted on two lines":   "when: 'a == 1 &&\n      ^b'",
		"other alphabets":       "when: ü == 'é' && ^b",
	} {
		t.Run(name, func(t *testing.T) {
			file := strings.Replace(least, "  - {name: all, targets: [{integration: itsm}]}\n", "  - name: all\n    targets: [{integration: itsm}]\n    "+written+"\n", 1)
			before, _, _ := strings.Cut(file, "^")
			wantLine := strings.Count(before, "\n") + 1
			wantColumn := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
			_, err := config.Parse("config.yaml", []byte(strings.Replace(file, "^", "", 1)), kinds(), config.Offline(),
				config.Check(func(c *config.Config, p *config.Problems) {
					when := c.Routes[0].When
					above, _, _ := strings.Cut(when, "b")
					line, column := strings.Count(above, "\n")+1, len([]rune(above[strings.LastIndex(above, "\n")+1:]))+1
					p.AddInside("routes[0].when", when, line, column, "", "is wrong")
				}))
			var faults config.Error
			require.ErrorAs(t, err, &faults)
			require.Equal(t, [2]int{wantLine, wantColumn}, [2]int{faults[0].Line, faults[0].Column})
			require.Equal(t, "is wrong", faults[0].Message)
		})
	}
}

// Where a text cannot be followed through the file the place inside it is told.
func TestPlaceInsideATextThatIsWrittenOtherwise(t *testing.T) {
	for _, written := range []string{`"\x61 == b"`, `"\u0061 == b"`} {
		file := strings.Replace(least, "{name: all,", "{name: all, when: "+written+",", 1)
		_, err := config.Parse("config.yaml", []byte(file), kinds(), config.Offline(), config.Check(func(c *config.Config, p *config.Problems) {
			require.Equal(t, "a == b", c.Routes[0].When)
			p.AddInside("routes[0].when", c.Routes[0].When, 1, 6, "mend it", "is wrong")
		}))
		require.EqualError(t, err, "config.yaml:7:23: routes[0].when: 1:6: is wrong (mend it)")
	}
}
