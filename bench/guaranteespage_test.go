package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func guaranteesPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "guarantees.md"))
	require.NoError(t, err)
	return string(page)
}

// The page about guarantees has every row, and the run it shows is one of all rows.
func TestThePageHasEveryGuarantee(t *testing.T) {
	page := guaranteesPage(t)
	for _, g := range guarantees() {
		require.Contains(t, page, "`"+g.name+"`")
		line := regexp.MustCompile(`(?m)^ +` + regexp.QuoteMeta(g.row()) + ` +0 +<= 0 +requests +ok$`)
		require.True(t, line.MatchString(page), g.row())
	}
}

// Every test that the page names is there.
func TestThePageNamesTestsThatExist(t *testing.T) {
	named := regexp.MustCompile("`((?:Test|W[0-9]+_)[A-Za-z0-9_]+)`").FindAllStringSubmatch(guaranteesPage(t), -1)
	require.Greater(t, len(named), 70)
	// A test is a function, or has its name in the list of a suite that several integrations run.
	defined := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)|^\s+"(W[0-9]+_\w+)":`)
	known := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		suite := strings.Contains(path, "testkit") && strings.HasSuffix(path, ".go")
		if err != nil || entry.IsDir() || !suite && !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, found := range defined.FindAllStringSubmatch(string(source), -1) {
			known[found[1]+found[2]] = true
		}
		return err
	}))
	for _, name := range named {
		require.True(t, known[name[1]], name[1])
	}
}

// The page goes through all weaknesses, in order, and says of each where it is shown or that it does not apply.
func TestThePageGoesThroughEveryWeakness(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (W[0-9]+) \| .+ \| (.+) \|$`).FindAllStringSubmatch(guaranteesPage(t), -1)
	require.Len(t, rows, 35)
	for n, row := range rows {
		require.Equal(t, "W"+strconv.Itoa(n+1), row[1])
		shown := strings.Contains(row[2], "`Test") || strings.Contains(row[2], "`W")
		require.True(t, shown || strings.Contains(row[2], "does not apply yet") || strings.Contains(row[2], "the same here"), row[0])
	}
}
