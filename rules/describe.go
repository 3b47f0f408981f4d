package rules

import (
	"maps"
	"reflect"
	"slices"

	"bellhop/rules/syntax"
)

// Table is one table that a rule file may have, for the reference and the schema.
type Table struct {
	Name    string
	List    bool // written [[name]], once for each
	Doc     string
	Type    reflect.Type // what it is decoded into; syntax.Fields lists its keys. Nil where people choose the keys
	Example string       // a rule file
}

// IsKey tells that it is no table, but a key above all tables, with a text or a list of texts.
func (t Table) IsKey() bool { return t.Name == "extends" }

// tableRows lists the tables of a rule file. A test holds it against what Compile knows.
var tableRows = []Table{
	{"rule", true, "One rule: when it looks, what must hold, and what the bot then does. A rule that is new or changed looks at what is open already. What a rule put stays there when it is taken out of the file, as if a person had put it.", reflect.TypeFor[ruleFile](), `[[rule]]
name = "Merge Dependabot updates"
why  = "Nobody needs to look at them when all checks are green."
when.author  = "dependabot[bot]"
when.checks  = "green"
unless.label = "on hold"
if           = 'pr.additions < 500'
then.merge   = "squash"
`},
	{"command", true, "One command that people give in comments.", reflect.TypeFor[commandFile](), `[[command]]
name = "label"
why  = "Put labels on it."
args.names = "list"
who  = ["author", "triage"]
then.label = "{{ command.args.names.join(\", \") }}"
`},
	{"commands", false, "Families of commands that people know: NAME = true, who may give them, or a table of options. help and explain can be switched off here.", nil, `[commands]
explain = "triage"
`},
	{"extends", false, "Rule files of other repositories whose rules lie below this file's: of an account's file below the account's, of a repository's above those and below its own. Each is pinned, by a tag or the full SHA of a commit: `owner/name@pin` is its .github/bot.toml, `owner/name:path@pin` another file. It stands above all tables.", nil, `extends = ["acme/rules@v1.2.0", "acme/rules:rules/triage.toml@6dcb09b5b57875f334f61aebed695e2e4193db5e"]

[[rule]]
name = "Greet"    # takes the place of a rule Greet of those files
mode = "off"
`},
	{"freeze", true, "A time in which nothing is merged. Actions that merge are held back until it ends.", reflect.TypeFor[freezeFile](), `[[freeze]]
name = "Year end"
from = 2026-12-18T18:00:00
to   = 2027-01-04T09:00:00
allow.label = "hotfix"
`},
	{"gates", false, "How the check runs of gates are published.", reflect.TypeFor[gatesFile](), `[gates]
combine = "bellhop"

[[rule]]
name = "Two approvals"
require.approvals = ">=2"
`},
	{"limits", false, "Bounds of what the bot does in a repository.", reflect.TypeFor[limitsFile](), `[limits]
actions = 100
`},
	{"people", false, "Groups of people: NAME = logins, @org/team or @org. A group is written people:NAME wherever people are asked for.", nil, `[people]
core = ["octocat", "@acme/core"]

[[rule]]
name = "From the core"
when.author = "people:core"
then.label  = "core"
`},
	{"test", true, "One test of the rules, here or in a file beside whose name ends in _test.toml: the facts of something that happens, and what the bot is to do. `bellhop test` runs it without network. What is not written is as usual: what octocat, a contributor, has just opened in acme/app and nobody has touched.", reflect.TypeFor[testFile](), `[[rule]]
name = "Merge patches"
when.update = "patch"
when.checks = "green"
then.merge  = "squash"

[[test]]
name   = "minor updates are left alone"
pr     = { author = "dependabot[bot]", update = "minor", checks = "green" }
rule   = "Merge patches"
expect = []
because = "when.update"

[[test]]
name   = "patches are merged"
pr     = { author = "dependabot[bot]", update = "patch", checks = "green" }
expect = ["merge squash"]
`},
}

// Tables lists the tables of a rule file, presets at the end.
func Tables() []Table {
	out := slices.Clone(tableRows)
	for _, p := range presets {
		out = append(out, Table{p.Table, false, p.Doc, nil, p.Example})
	}
	return out
}

// keyForms say in words what may be written for keys that are read by a form of their own: the tag form of syntax.Field.
var keyForms = map[string]string{
	"triggers":   "an event, or a list of events",
	"matchers":   "a table of matchers, or a list of such tables",
	"matcher":    "a table of matchers",
	"expression": "an expression",
	"demands":    "a table of matchers and if, or a list of such tables",
	"actions":    "a table of actions, or a list of such tables",
	"backfill":   "true, false, or how many an hour",
	"texts":      "a text, or a list of texts",
	"value":      "any value",
	"facts":      "a table of facts by their names, or one plain value",
	"expected":   "an action, or a list of actions",
}

// KeyForms says in words what the forms of keys take.
func KeyForms() map[string]string { return maps.Clone(keyForms) }

// ValueForm is a way to write a value, for the reference and the schema.
type ValueForm struct {
	Name     string
	Words    string // in words, as Matcher.Values begins
	Doc      string
	Examples []string // values, as they stand in a file
	List     bool     // several may be given in a list: one of them is enough
	Bool     bool     // true and false
	Integer  bool     // whole numbers
	Text     bool     // strings, of Pattern where that is not empty
	Table    bool     // a table
	Pattern  string   // regular expression that all strings match; %s stands for the words allowed, with | between
	Listed   bool     // only the words that the matcher lists
}

const (
	durationPattern = `\s*([0-9.]+\s*(w|d|h|ms|m|s)\s*)+`
	countPattern    = `^\s*(` + operatorPattern + `\s*[+-]?[0-9]+|[+-]?[0-9]+\s*(\.\.\s*([+-]?[0-9]+)?)?|\.\.\s*[+-]?[0-9]+)\s*$`
	operatorPattern = `(>=|<=|==|!=|>|<|=)`
)

// formRows describes the forms of forms.go by their words.
var formRows = []ValueForm{
	{Name: "names", Words: names.words, Text: true, List: true, Pattern: `.`,
		Doc:      "The whole name matches, in upper or lower case. `*` and `?` stand for any part and any character but `/`, `**` for any part, `{a,b}` for a or b, `\\` takes a sign's meaning. Brackets mean themselves. Of a list one is enough.",
		Examples: []string{`"dependabot[bot]"`, `["octocat", "renovate*"]`, `"{bug,crash}"`}},
	{Name: "branches", Words: branches.words, Text: true, List: true, Pattern: `.`,
		Doc:      "As for names, but upper and lower case differ.",
		Examples: []string{`"main"`, `["main", "release/*"]`, `"dependabot/**"`}},
	{Name: "paths", Words: anyFile.words, Text: true, List: true, Pattern: `^[^/!](.*[^/])?$`,
		Doc:      "Paths from the root of the repository. `*` stays in one folder, `**` goes through all: `docs/**` is all in docs, `**/*.md` also a file at the root. `{a,b}` is a or b. Whether one file, all or none must match is said by the key: `files`, `only_files`, `no_files`.",
		Examples: []string{`"docs/**"`, `["**/*.md", "docs/**"]`, `"src/*.{c,h}"`}},
	{Name: "parts", Words: part.words, Text: true, List: true, Pattern: `.`,
		Doc:      "The text stands there, in upper or lower case. Of a list one is enough.",
		Examples: []string{`"wip"`, `["wip", "do not merge"]`}},
	{Name: "expressions", Words: expressionOf.words, Text: true, List: true, Pattern: `.`,
		Doc:      "A regular expression in the syntax of RE2, best in single quotes. It matches anywhere unless `^` and `$` tie it; `(?i)` at the start passes over upper and lower case.",
		Examples: []string{`'^(feat|fix): '`, `['(?i)fixes #\d+', '(?i)closes #\d+']`}},
	{Name: "words", Words: oneWord.words, Text: true, List: true, Listed: true,
		Doc:      "One of the words listed. Of a list one is enough.",
		Examples: []string{`"open"`, `["closed", "merged"]`}},
	{Name: "flag", Words: yesNo.words, Bool: true,
		Doc:      "Without quotes.",
		Examples: []string{`true`, `false`}},
	{Name: "count", Words: count.words, Text: true, Integer: true, Pattern: countPattern,
		Doc:      "A number, a comparison with `>=`, `>`, `<=`, `<`, `=` or `!=`, or a range whose ends belong to it and of which one may be left out.",
		Examples: []string{`3`, `">=2"`, `"<10"`, `"10..49"`, `"..9"`, `"250.."`}},
	{Name: "span", Words: span.words, Text: true, Pattern: `^\s*(` + operatorPattern + durationPattern + `|` + durationPattern + `(\.\.(` + durationPattern + `)?)?|\.\.` + durationPattern + `)$`,
		Doc:      "A comparison or a range of lengths of time, with the units `w`, `d`, `h`, `m`, `s` and `ms`. A day has 24 hours.",
		Examples: []string{`">30d"`, `"<2h"`, `"7d..14d"`, `">1w"`}},
	{Name: "permission", Words: level.words, Text: true, List: true, Pattern: `^(` + operatorPattern + `\s*)?(%s)$`,
		Doc:      "A permission means it or more; `>`, `<=`, `<`, `=` and `!=` say otherwise. The order is none, read, triage, write, maintain, admin.",
		Examples: []string{`"write"`, `"=read"`, `"<write"`}},
	{Name: "commands", Words: commands.words, Text: true, List: true, Pattern: `^/?[^\s*/]+$`,
		Doc:      "The word that follows the slash, or the name of the bot. Of a list one is enough.",
		Examples: []string{`"retest"`, `["approve", "lgtm"]`}},
	{Name: "dates", Words: date.words, Text: true, Pattern: `.`,
		Doc:      "Days in UTC: a comparison or a range whose ends belong to it.",
		Examples: []string{`">=2026-01-31"`, `"2026-01-01..2026-03-31"`}},
	{Name: "windows", Words: weekly.words, Text: true, List: true, Pattern: `.`,
		Doc:      "Days, hours and an IANA time zone, of which one of the first two may be left out. Without a zone it is UTC. Of a list one is enough.",
		Examples: []string{`"Mon-Fri 09:00-17:00 Europe/Berlin"`, `"Sat,Sun"`}},
	{Name: "until", Words: until.words, Text: true, Pattern: `.`,
		Doc:      "As for lengths of time, counted from now to then.",
		Examples: []string{`"<7d"`, `">0d"`}},
	{Name: "lines", Words: lineCount.words, Text: true, Integer: true, Table: true, Pattern: countPattern,
		Doc:      "As for a count. In a table `ignore` names files whose lines do not count.",
		Examples: []string{`">800"`, `{ range = "10..49", ignore = "**/*.lock" }`}},
	{Name: "sizes", Words: size.words, Text: true, Integer: true, Table: true, Pattern: countPattern,
		Doc:      "As for a count, without lock files and generated files. In a table `ignore` names more files that do not count.",
		Examples: []string{`"10..49"`, `{ lines = ">=250", ignore = ["testdata/**"] }`}},
	{Name: "people", Words: person.words, Text: true, List: true, Pattern: `.`,
		Doc:      "As for names. A team or an organisation stands for its members; one that cannot be read is an error with its reason, never a no.",
		Examples: []string{`"octocat"`, `["@acme/backend", "people:core"]`}},
	{Name: "approvers", Words: approvers.words, Text: true, List: true, Table: true, Pattern: `.`,
		Doc:      "Whose approval there is. In a table each line must hold, and a plain number means so many or more.",
		Examples: []string{`["@acme/backend", "octocat"]`, `{ "@acme/backend" = 2 }`}},
	{Name: "ownership", Words: anyOwner.words, Text: true, List: true, Pattern: `.`,
		Doc:      "An owner as CODEOWNERS names it.",
		Examples: []string{`"@acme/backend"`}},
	{Name: "owners", Words: owners.words, Text: true, List: true, Pattern: `.`,
		Doc:      "By the CODEOWNERS file of the base. Files without owners ask for nobody.",
		Examples: []string{`"each >= 1"`, `"any"`}},
	{Name: "green checks", Words: greenChecks.words, Text: true, List: true, Pattern: `.`,
		Doc:      "Checks that have not reported yet are waited for.",
		Examples: []string{`"build"`, `["build", "@ci/lint*"]`}},
	{Name: "named checks", Words: anyCheck("").words, Text: true, List: true, Pattern: `.`,
		Doc:      "As for names; of a list one is enough.",
		Examples: []string{`"build"`, `["lint*", "@ci/build"]`}},
	{Name: "check results", Words: checkResults.words, Table: true,
		Doc:      "Names of checks with the results that will do.",
		Examples: []string{`{ build = "success", "lint*" = ["success", "skipped"] }`}},
	{Name: "any expression", Words: anyMatches.words, Text: true, List: true, Pattern: `.`,
		Doc:      "As for expressions, of each text of a list.",
		Examples: []string{`'^fixup!'`}},
	{Name: "all expressions", Words: allMatch.words, Text: true, List: true, Pattern: `.`,
		Doc:      "As for expressions; each text of a list has to match one of them.",
		Examples: []string{`'^(feat|fix|docs): '`}},
	{Name: "sections", Words: sections.words, Text: true, List: true, Pattern: `.`,
		Doc:      "A heading without its marks.",
		Examples: []string{`"Testing"`, `["Why", "How"]`}},
}

// ValueForms lists the ways to write the value of a matcher.
func ValueForms() []ValueForm { return slices.Clone(formRows) }

// formOf describes a form; without a row nothing is known of it.
func formOf(f form) ValueForm {
	for _, row := range formRows {
		if row.Words == f.words {
			return row
		}
	}
	return ValueForm{Words: f.words}
}

// Trigger describes one event to those who write `on`.
type Trigger struct {
	Event      string
	Doc        string
	Activities []string // "*" where people choose them; none where the event has none
	Aliases    []string // further activities that a rule may name, such as merged
	State      bool     // named alone it is about a state, not about moments
	Subjects   []string // kinds of subject that it is about: issue, pull_request, discussion, or repository
	Variables  []string // what it brings beside delivery, repo, sender, event and its subject
	Example    string   // a rule file; "" where the general one does
}

// Triggers describes all events, in the order of the alphabet.
func Triggers() []Trigger {
	var out []Trigger
	for event, activities := range Events() {
		t := Trigger{Event: event, Activities: activities, Subjects: subjectsOf(event), Variables: recordsOf(event), State: slices.Contains(states, event)}
		t.Doc, t.Example = eventTexts[event].doc, eventTexts[event].example
		if event == "pull_request" {
			t.Aliases = []string{"merged"}
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Trigger) int {
		if a.Event < b.Event {
			return -1
		}
		return 1
	})
	return out
}

// TriggerForm is what `on` takes beside the names of events and their activities.
type TriggerForm struct {
	Pattern string // regular expression
	Doc     string // in the reference; "" for what an event says itself
	Example string // a rule file
}

// triggerForms lists them.
var triggerForms = []TriggerForm{
	{Pattern: `^repository_dispatch\..+$`},
	{Pattern: `^schedule( |$)`, Doc: "A moment of the clock: `schedule daily 06:00 Europe/Berlin`, `schedule every Monday 09:00`, `schedule every 6h`, or five fields of cron and a time zone. A rule about issues or pull requests is then looked at on each that is open; another once for each repository.",
		Example: `[[rule]]
name = "Nightly"
on   = "schedule daily 03:00 Europe/Berlin"
then.dispatch = "nightly.yml"
`},
}

// TriggerForms lists what `on` takes beside the names of events and their activities.
func TriggerForms() []TriggerForm { return slices.Clone(triggerForms) }

// Limit is one bound of what people write.
type Limit struct {
	What  string
	Value int
	Unit  string
}

// Limits lists the bounds that authors of rules may meet.
func Limits() []Limit {
	return []Limit{
		{"A file", syntax.MaxSize, "bytes"},
		{"Rules in a file", maxRules, ""},
		{"Files that the files of a repository extend", MaxExtends, ""},
		{"Lines of conditions and texts with templates in a file", maxTerms, ""},
		{"Actions in one `then` or `else`", maxActs, ""},
		{"An expression", maxExpr, "characters"},
		{"Loops (`all`, `exists`, `filter`, `map`) within loops", maxNesting, ""},
		{"What one expression may cost; some 50 ms", maxCost, "steps"},
		{"A glob", maxGlob, "bytes"},
		{"Braces within braces of a glob", maxGlobDepth, ""},
		{"A regular expression", maxRegexp, "instructions"},
		{"Templates in one text", maxParts, ""},
		{"What one template inserts; the rest is cut, visibly", maxInserted, "characters"},
		{"A text that a function makes", maxText, "bytes"},
		{"Tables within tables of a file", syntax.MaxDepth, ""},
	}
}
