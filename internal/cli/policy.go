package cli

import (
	"encoding/json"
	"fmt"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy/casebook"
	"github.com/accessbridge/accessbridge/server"
)

type policyCommand struct {
	Test policyTestCommand `cmd:"" help:"Try cases against the routing policy; nothing but files is read."`
}

type policyTestCommand struct {
	configFile
	Files []string `arg:"" name:"file" help:"Files of cases; patterns are expanded."`
	JSON  bool     `help:"Print the results as JSON."`
}

// caseReport is the outcome of all files.
type caseReport struct {
	Files []fileReport `json:"files"`
	// Passed and Failed count cases, Faulty the files that could not be used.
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	Faulty int `json:"faulty"`
}

// fileReport is the outcome of one file.
type fileReport struct {
	File string `json:"file"`
	// Fault says why the file could not be used.
	Fault string            `json:"fault,omitempty"`
	Cases []casebook.Result `json:"cases,omitempty"`
}

// Run tries every case of every file. It ends with 1 when a case fails, and with 2 when a file cannot be used.
func (c *policyTestCommand) Run(w *world) error {
	files, err := expand(c.Files)
	if err != nil {
		return err
	}
	var report caseReport
	for _, file := range files {
		one := fileReport{File: file}
		one.Cases, err = c.try(file)
		if err != nil {
			one.Fault = err.Error()
			report.Faulty++
		}
		for _, r := range one.Cases {
			if r.OK {
				report.Passed++
			} else {
				report.Failed++
			}
		}
		report.Files = append(report.Files, one)
	}
	if err := c.print(w, report); err != nil {
		return err
	}
	switch {
	case report.Faulty > 0:
		return errUnusable
	case report.Failed > 0:
		return errReported
	}
	return nil
}

func (c *policyTestCommand) try(file string) ([]casebook.Result, error) {
	book, err := casebook.Read(file)
	if err != nil {
		return nil, err
	}
	cfg, err := server.LoadConfig(book.ConfigPath(c.Config), config.Offline())
	if err != nil {
		return nil, err
	}
	rules, err := server.CasebookRules(cfg)
	if err != nil {
		return nil, err
	}
	return book.Run(rules)
}

func (c *policyTestCommand) print(w *world, report caseReport) error {
	if c.JSON {
		text, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("printing the results: %w", err)
		}
		w.printf("%s\n", text)
		return nil
	}
	for _, f := range report.Files {
		if f.Fault != "" {
			_, _ = fmt.Fprintln(w.errOut, f.Fault)
		}
		for _, r := range f.Cases {
			printCase(w, f.File, r)
		}
	}
	w.printf("%d passed, %d failed\n", report.Passed, report.Failed)
	return nil
}

func printCase(w *world, file string, r casebook.Result) {
	if r.OK {
		w.printf("ok    %s:%d: %s\n", file, r.Line, r.Name)
		return
	}
	w.printf("FAIL  %s:%d: %s\n", file, r.Line, r.Name)
	for _, difference := range r.Differences {
		w.printf("      %s\n", difference)
	}
	for _, line := range r.Because {
		w.printf("        %s\n", line)
	}
}
