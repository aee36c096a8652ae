package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

// FuzzParse holds the loader to this: it never fails but with an Error, whose problems all name the file and a place in it, and
// a file it accepts can be dumped.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"testdata/mistakes.yaml", "../config.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(least))
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("config.yaml", data, kinds(), config.Offline())
		if err == nil {
			if _, err := config.Dump(c); err != nil {
				t.Fatal(err)
			}
			return
		}
		var mistakes config.Error
		if !errors.As(err, &mistakes) || len(mistakes) == 0 {
			t.Fatalf("not an Error: %v", err)
		}
		for _, p := range mistakes {
			if p.File != "config.yaml" || p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatalf("incomplete: %+v", p)
			}
		}
	})
}

// unquoted is a file in which a secret is written without quotes, as people do.
func unquoted(secret string) []byte {
	return []byte(`teleport:
  addr: tele.example.com:443
integrations:
  - name: itsm
    type: tracker
    config:
      url: https://tracker.example.com
      basic:
        user: x
        password: ` + secret + `
      token: t0ken
      webhook:
        secrets:
          - ` + secret + `
`)
}

// A secret may begin with what means something in YAML. The message is about that, and has nothing of the file.
func FuzzUnquotedSecret(f *testing.F) {
	for _, before := range []string{
		"", "*", "&", "!", "!!", "|", ">", "@", "%", "`", `"`, "'", "[", "{", "- ", "? ", ": ", "# ", "<<", "${", "${A ", `"\`, `"a"`, "x: ", "{x: ", "{*", "&a *",
	} {
		f.Add(before, "")
		f.Add(before, "x: *")
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before)+len(after) > 100 || strings.ContainsAny(before+after, "\n\r") {
			t.Skip("a secret is one line")
		}
		if _, err := config.Parse("config.yaml", unquoted(before+"planted"+after), kinds(), config.Offline()); err != nil {
			require.NotContains(t, err.Error(), "planted", "P7")
		}
	})
}
