package config_test

import (
	"errors"
	"os"
	"testing"

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
