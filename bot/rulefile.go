package bot

import (
	"time"

	"bellhop/rules"
	"bellhop/rules/syntax"
)

// Rules compiles the rules of the operator's file; nil when it has none. Mistakes are a *SettingsError: a bot that runs with
// half of its rules is worse than one that does not start.
func (s *Settings) Rules(kinds []rules.Kind) (*rules.Set, error) {
	set, found := compileOperator(s.File, s.Source, kinds)
	if len(found) > 0 {
		e := &SettingsError{}
		for _, d := range found {
			redact(&d, s.Source, false)
			e.Problems = append(e.Problems, d.String())
		}
		return nil, e
	}
	if len(set.Rules()) == 0 {
		return nil, nil
	}
	return set, nil
}

// CheckFile reports the mistakes in a rule file: the operator's when operator says so or the file has settings, else a
// repository's; or in a file of tests. It looks at no other file, runs no test and makes no request.
func CheckFile(name string, src []byte, operator bool, kinds []rules.Kind) []syntax.Diagnostic {
	_, found := rules.ReadTests(name, src, kinds)
	if rules.IsTestFile(name) {
		return found
	}
	mistakes := checkRules(name, src, operator, kinds)
	if f, _ := syntax.Parse(name, src); f.Root == nil {
		return mistakes // no TOML, which is said
	}
	if operator || IsSettings(src) {
		for i := range found {
			redact(&found[i], src, false)
		}
	}
	return syntax.Sort(append(found, mistakes...))
}

// checkRules is CheckFile for all but the tests.
func checkRules(name string, src []byte, operator bool, kinds []rules.Kind) []syntax.Diagnostic {
	if !operator && !IsSettings(src) {
		_, found := rules.Compile(name, src, kinds, rules.Options{})
		if f, _ := syntax.Parse(name, src); f.Root == nil {
			for i := range found { // whose file it is cannot be seen
				redact(&found[i], src, true)
			}
		}
		return found
	}
	found := CheckSettings(name, src)
	if f, _ := syntax.Parse(name, src); f.Root == nil {
		return found // no TOML, which CheckSettings has said
	}
	_, mistakes := compileOperator(name, src, kinds)
	_, policy := parsePolicy(name, src, kinds)
	mistakes = append(mistakes, policy...)
	for i := range mistakes {
		redact(&mistakes[i], src, false)
	}
	return syntax.Sort(append(found, mistakes...))
}

// LintFile tells what in a rule file is no mistake and hardly meant, as rules.Set.Warnings does, of the rules in it that have none.
func LintFile(name string, src []byte, operator bool, kinds []rules.Kind, now time.Time) []syntax.Diagnostic {
	if !operator && !IsSettings(src) {
		set, _ := rules.Compile(name, src, kinds, rules.Options{})
		return set.Warnings(now)
	}
	set, _ := compileOperator(name, src, kinds)
	found := set.Warnings(now)
	for i := range found {
		redact(&found[i], src, false)
	}
	return found
}

// operatorLayer keeps the operator's rules and a repository's of the same name apart.
const operatorLayer = "host"

// compileOperator compiles the rules of an operator's file, and passes over its settings.
func compileOperator(name string, src []byte, kinds []rules.Kind) (*rules.Set, []syntax.Diagnostic) {
	return rules.Compile(name, src, kinds, rules.Options{Leave: append(syntax.Keys(file{}), policyTable), Layer: operatorLayer, Alone: "the operator's file extends no other"})
}

// ExpandFile writes a rule file with ordinary rules in place of its presets; the settings of an operator's file are left out. A
// file with mistakes has no result but these.
func ExpandFile(name string, src []byte, kinds []rules.Kind) ([]byte, []syntax.Diagnostic) {
	if found := CheckFile(name, src, false, kinds); len(found) > 0 {
		return nil, found
	}
	return rules.Expand(name, src, append(syntax.Keys(file{}), policyTable)...)
}
