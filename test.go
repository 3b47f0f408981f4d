package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

type testCommand struct {
	Files []string `arg:"" optional:"" name:"file" help:"A rule file, with the files of tests beside it; or a file of tests. Without one it is .github/bot.toml."`
	Named string   `name:"run" help:"Run the tests only whose name has this in it." placeholder:"TEXT"`
	JSON  bool     `name:"json" help:"Print the results as JSON: an object of mistakes, as check prints them, and tests."`
	JUnit string   `name:"junit" help:"Also write the results to this file in the format of JUnit." placeholder:"FILE" type:"path"`

	Record     string `help:"Instead of running tests print one, made of the delivery with this GUID or of a payload in a file: the facts that the rules read, and what the rules do." placeholder:"GUID|FILE"`
	Event      string `help:"With --record FILE: the event of the payload, as the header X-GitHub-Event names it." placeholder:"EVENT"`
	Config     string `help:"With --record GUID: the operator's file. Default: bot.toml, which need not be there." placeholder:"FILE" env:"BELLHOP_CONFIG"`
	StorageURL string `name:"storage-url" help:"With --record GUID: where deliveries are kept. [BELLHOP_STORAGE_URL]" placeholder:"URL"`
}

// tested is what bellhop test finds.
type tested struct {
	Mistakes []syntax.Diagnostic `json:"mistakes"`
	Tests    []rules.TestResult  `json:"tests"`
}

// Run runs the tests of rule files. It exits with 0 when all pass, with 1 when one fails or a file has mistakes, which keep its
// tests from running, and with 2 when a file cannot be read.
func (c *testCommand) Run(to *console) error {
	if len(c.Files) == 0 {
		c.Files = []string{bot.ConfigPath}
	}
	if c.Record != "" {
		return c.record(to)
	}
	found := tested{Mistakes: []syntax.Diagnostic{}, Tests: []rules.TestResult{}}
	var done []string
	for _, name := range c.Files {
		beside := bot.FilesBeside(name)
		if slices.Contains(done, beside[0]) && !rules.IsTestFile(name) {
			continue
		}
		done = append(done, beside[0])
		if err := c.suite(name, beside, &found); err != nil {
			fmt.Fprintf(to.err, "bellhop: %v\n", err)
			return exitCode(exitMisuse)
		}
	}
	found.Mistakes = syntax.Sort(found.Mistakes)
	if err := c.print(to, found); err != nil {
		return err
	}
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, found); err != nil {
			fmt.Fprintf(to.err, "bellhop: %v\n", err)
			return exitCode(exitMisuse)
		}
	}
	if len(found.Mistakes) > 0 || slices.ContainsFunc(found.Tests, func(r rules.TestResult) bool { return !r.Passed() }) {
		return exitCode(exitFindings)
	}
	return nil
}

// readFiles reads rule files.
func readFiles(names []string) ([]bot.RuleFile, error) {
	var files []bot.RuleFile
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, bot.RuleFile{Name: name, Source: src})
	}
	return files, nil
}

// suite runs the tests of files that are in force together; of a file of tests, those in it.
func (c *testCommand) suite(name string, beside []string, found *tested) error {
	files, err := readFiles(beside)
	if err != nil {
		return err
	}
	suite, mistakes := bot.NewSuite(files, actions.All)
	if len(mistakes) > 0 {
		found.Mistakes = append(found.Mistakes, mistakes...)
		return nil
	}
	for _, t := range suite.Tests {
		if rules.IsTestFile(name) && t.File != name || !strings.Contains(t.Name, c.Named) {
			continue
		}
		found.Tests = append(found.Tests, suite.Set.Test(t))
	}
	return nil
}

func (c *testCommand) print(to *console, found tested) error {
	if c.JSON {
		e := json.NewEncoder(to.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	for _, d := range found.Mistakes {
		fmt.Fprintf(to.out, "%s\n\n", d.String())
	}
	failed := 0
	for _, r := range found.Tests {
		if r.Passed() {
			continue
		}
		failed++
		fmt.Fprintf(to.out, "%s:%d: %s\n  %s\n\n", r.File, r.Line, r.Name, strings.ReplaceAll(r.String(), "\n", "\n  "))
	}
	summary := count(len(found.Tests), "test") + " passed"
	switch {
	case failed > 0:
		summary = fmt.Sprintf("%d of %s failed", failed, count(len(found.Tests), "test"))
	case len(found.Tests) == 0:
		summary = "no tests"
	}
	if len(found.Mistakes) > 0 {
		summary = count(len(found.Mistakes), "mistake") + ", with which nothing is tested; otherwise " + summary
	}
	fmt.Fprintln(to.out, summary)
	return nil
}
