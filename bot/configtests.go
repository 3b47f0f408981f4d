package bot

import (
	"context"
	"fmt"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// Bounds of the tests that a change of rule files runs.
const (
	maxTestFiles = 20
	testTime     = 2 * time.Second // no test begins later
)

// testReport is what the tests of a repository's rule files came to. What is wrong with them takes no rule out of force.
type testReport struct {
	found  []syntax.Diagnostic // mistakes in tests, and tests that fail
	ran    int
	failed int
	left   int // tests that there was no time for
}

// test runs the tests in rule files and in the files of tests beside them, against the repository's own rules. Where a rule file has
// mistakes nothing is run: other rules are in force than those that the tests are about.
func (c *configs) test(ctx context.Context, gh *githubapp.Client, of configOf, files *configFiles) (testReport, error) {
	var r testReport
	var sources []RuleFile
	var sets []*rules.Set
	for _, f := range files.list {
		if len(f.found) > 0 {
			return r, nil
		}
		if f.set != nil {
			sets = append(sets, f.set)
			sources = append(sources, RuleFile{f.state.Path, f.state.Good})
		}
	}
	for _, e := range files.testing[:min(len(files.testing), maxTestFiles)] {
		if len(sets) == 0 || e.Size > syntax.MaxSize {
			continue
		}
		src, _, err := gh.File(ctx, of.repo.Owner, of.repo.Name, e.Path, "", "")
		if err != nil {
			return r, fmt.Errorf("read %s of %s: %w", e.Path, of.repo.FullName, err)
		}
		sources = append(sources, RuleFile{e.Path, src})
	}
	set, _ := rules.Stack(sets)
	began := time.Now()
	for _, f := range sources {
		tests, found := rules.ReadTests(f.Name, f.Source, c.kinds)
		r.found = append(r.found, found...)
		for _, t := range tests {
			if time.Since(began) > testTime {
				r.left++
				continue
			}
			r.run(set, t)
		}
	}
	return r, nil
}

// run runs one test.
func (r *testReport) run(set *rules.Set, t *rules.Test) {
	if found := set.Fit(t); len(found) > 0 {
		r.found = append(r.found, found...)
		return
	}
	result := set.Test(t)
	r.ran++
	if result.Passed() {
		return
	}
	r.failed++
	r.found = append(r.found, syntax.Diagnostic{File: result.File, Line: result.Line, Message: "Test failed: " + result.Name, Mend: result.String()})
}

// title says that something is wrong with the tests.
func (r testReport) title() string {
	if r.failed == 0 {
		return "The rules are in force; " + counted(len(r.found), "mistake in their tests", "mistakes in their tests")
	}
	return fmt.Sprintf("The rules are in force; %d of %s failed", r.failed, counted(r.ran, "test", "tests"))
}

// summary tells of the tests; it is empty where there are none.
func (r testReport) summary() string {
	text := ""
	switch mistakes := len(r.found) - r.failed; {
	case r.failed > 0 && mistakes > 0:
		text = fmt.Sprintf("%d of %s failed, and there are mistakes in others.", r.failed, counted(r.ran, "test", "tests"))
	case r.failed > 0:
		text = fmt.Sprintf("%d of %s failed.", r.failed, counted(r.ran, "test", "tests"))
	case mistakes > 0:
		text = "There are mistakes in the tests."
	case r.ran > 0:
		text = counted(r.ran, "test passed.", "tests passed.")
	}
	if r.left > 0 {
		text += fmt.Sprintf(" There was no time for %d more.", r.left)
	}
	return text
}
