package casebook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/casebook"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// Whatever is written in a file: it is a fault with its place, or every case has a result, twice the same.
func FuzzCases(f *testing.F) {
	examples, err := filepath.Glob("../../examples/policy/*.yaml")
	require.NoError(f, err)
	require.NotEmpty(f, examples)
	for _, name := range examples {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		// One case each: short seeds let the engine get on.
		head, cases, _ := strings.Cut(string(text), "cases:\n")
		for one := range strings.SplitSeq(cases, "\n\n") {
			f.Add([]byte(head + "cases:\n" + one + "\n"))
		}
	}
	p, err := policy.New([]policy.Route{{Name: "all", ApproveWhen: "approvals.size() > 0"}})
	require.NoError(f, err)
	rules := casebook.Rules{
		Policy: p, Integrations: []string{"itsm", "pager"}, Routes: []string{"all"},
		People: func(d policy.Directory) *policy.People { return policy.NewPeople(d, nil, false) },
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		run := func() ([]casebook.Result, error) {
			b, err := casebook.Parse("f.yaml", text)
			if err != nil {
				return nil, err
			}
			return b.Run(rules)
		}
		first, err := run()
		if err != nil {
			var list config.Error
			require.ErrorAs(t, err, &list)
			require.NotEmpty(t, list)
			return
		}
		require.NotEmpty(t, first)
		second, err := run()
		require.NoError(t, err)
		require.Equal(t, first, second)
	})
}
