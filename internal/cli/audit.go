package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/accessbridge/accessbridge/internal/audit"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that no line of an audit record was changed, removed, inserted or moved."`
}

type auditVerifyCommand struct {
	Files     []string `arg:"" name:"file" help:"All files of one record, in any order; patterns are expanded."`
	Expect    []string `help:"A hash that was kept elsewhere, such as the head of an earlier verification; a line must have it. May be repeated." placeholder:"HASH"`
	Collected bool     `help:"The lines were collected from the standard output of one or several processes; other lines may stand between them."`
	JSON      bool     `help:"Print the report as JSON."`
}

// Run verifies the files. It fails when the record is not whole.
func (c *auditVerifyCommand) Run(w *world) error {
	files, err := expand(c.Files)
	if err != nil {
		return err
	}
	report, err := audit.Verify(files, audit.VerifyOptions{Expect: c.Expect, Collected: c.Collected})
	if err != nil {
		return fmt.Errorf("verifying the audit record: %w", err)
	}
	if c.JSON {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("printing the report: %w", err)
		}
		w.printf("%s\n", text)
	} else {
		report.Write(w.out)
	}
	if !report.OK {
		return errReported
	}
	return nil
}

// expand replaces patterns by the files they match. A name without a match stays, so that it is reported as missing.
func expand(names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		matches, err := filepath.Glob(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(matches) == 0 {
			matches = []string{name}
		}
		for _, match := range matches {
			if !slices.Contains(files, match) {
				files = append(files, match)
			}
		}
	}
	return files, nil
}
