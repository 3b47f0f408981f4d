package bot

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bellhop/rules"
	"bellhop/rules/syntax"
)

// RuleFile is a rule file or a file of tests, as it was read.
type RuleFile struct {
	Name   string
	Source []byte
}

// Suite is rule files that are in force together, and the tests of them.
type Suite struct {
	Set   *rules.Set
	Tests []*rules.Test
}

// NewSuite compiles rule files as the bot does for a repository that has them, and reads the tests that are in them and in the files
// of tests among them. Mistakes are those that CheckFile reports, those that files make together, and names in tests that no rule
// has; a suite with mistakes has what is left.
func NewSuite(files []RuleFile, kinds []rules.Kind) (*Suite, []syntax.Diagnostic) {
	suite := &Suite{}
	var found []syntax.Diagnostic
	var sets []*rules.Set
	for _, f := range files {
		found = append(found, CheckFile(f.Name, f.Source, false, kinds)...)
		tests, _ := rules.ReadTests(f.Name, f.Source, kinds)
		suite.Tests = append(suite.Tests, tests...)
		switch {
		case rules.IsTestFile(f.Name):
		case IsSettings(f.Source):
			set, _ := compileOperator(f.Name, f.Source, kinds)
			sets = append(sets, set)
		default:
			set, _ := rules.Compile(f.Name, f.Source, kinds, rules.Options{})
			sets = append(sets, set)
		}
	}
	set, clashes := rules.Stack(sets)
	suite.Set, found = set, append(found, clashes...)
	for _, t := range suite.Tests {
		found = append(found, suite.Set.Fit(t)...)
	}
	return suite, syntax.Sort(found)
}

// testSuffix ends the name of a file of tests.
const testSuffix = "_test.toml"

// testsOf is the file of tests beside a rule file.
func testsOf(name string) string { return strings.TrimSuffix(name, ".toml") + testSuffix }

// FilesBeside lists the files that are one suite with a file: of a repository's file, ConfigPath and what is in ConfigFolder; else the
// rule file of that name; and the files of tests beside these. Only files that there are, and the file itself, are among them.
func FilesBeside(name string) []string {
	rule := name
	if stem, ok := strings.CutSuffix(name, testSuffix); ok {
		rule = stem + ".toml"
	}
	all := []string{rule}
	if root, ok := repositoryOf(rule); ok {
		all = []string{filepath.Join(root, filepath.FromSlash(ConfigPath))}
		more, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(ConfigFolder), "*.toml"))
		more = slices.DeleteFunc(more, rules.IsTestFile)
		all = append(all, more[:min(len(more), maxConfigFiles)]...)
	}
	for _, f := range slices.Clone(all) {
		all = append(all, testsOf(f))
	}
	if root, ok := repositoryOf(rule); ok {
		more, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(ConfigFolder), "*"+testSuffix))
		all = append(all, more...)
	}
	var out []string
	for _, f := range all {
		if _, err := os.Stat(f); (err == nil || f == name) && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// repositoryOf is the root of the repository that a rule file is in, if it is where a repository has its rule files.
func repositoryOf(name string) (root string, ok bool) {
	slashed := filepath.ToSlash(filepath.Clean(name))
	if filepath.ToSlash(filepath.Dir(slashed)) == ConfigFolder || strings.HasSuffix(filepath.ToSlash(filepath.Dir(slashed)), "/"+ConfigFolder) {
		return filepath.Dir(filepath.Dir(filepath.Dir(filepath.Clean(name)))), true
	}
	if slashed == ConfigPath || strings.HasSuffix(slashed, "/"+ConfigPath) {
		return filepath.Dir(filepath.Dir(filepath.Clean(name))), true
	}
	return "", false
}
