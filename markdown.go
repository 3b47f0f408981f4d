package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"bellhop/bot/actions"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// reference is the whole reference of the rules as Markdown: rules/REFERENCE.md.
func reference() string {
	var b strings.Builder
	for _, part := range []func(*strings.Builder){
		writeOpening, writeKeys, writeEvents, writeMatchers, writeForms, writeFacts, writeExpressions, writeActions, writeTexts, writeLimits,
	} {
		part(&b)
	}
	return b.String()
}

const opening = `# Reference of the rules

<!-- Made from the code by: go test . -run TestReference -update -->

A repository writes its rules in ` + "`.github/bot.toml`" + ` on its default branch; the operator may write some for all repositories
in their own ` + "`bot.toml`" + `. ` + "`bellhop help NAME`" + ` shows one entry of this reference, ` + "`bellhop check FILE`" + ` finds mistakes. An editor that
knows JSON Schema completes and checks while you write: ` + "`bellhop schema > bot.schema.json`" + `, and ` + "`#:schema ./bot.schema.json`" + ` as the
first line of the rules.

[How a rule is written](#how-a-rule-is-written) · [Events](#events) · [Matchers](#matchers) · [Values of matchers](#values-of-matchers) ·
[Facts](#facts) · [Expressions](#expressions) · [Actions](#actions) · [Texts](#texts) · [Limits](#limits)

## How a rule is written

` + "```toml" + `
[[rule]]
name = "Big change needs a design link"          # what people see
why  = "Large changes are read badly."
on   = ["pull_request.opened", "pull_request.synchronize", "pull_request.edited"]   # when to look
when.base    = "main"                            # all of these lines must hold,
when.draft   = false
unless.label = ["trivial", "on hold"]            # none of these,
if = 'pr.additions + pr.deletions > 800 && !pr.body.contains("design:")'   # and this expression
then.label   = "needs-design"                    # done when it holds
then.comment = "Please link the design, {{ pr.author }}."
` + "```" + `

**One answer of four.** A condition is true, false, *waiting* (GitHub cannot tell yet: a check runs, a merge is being tried out) or
an *error*. False wins over all. What waits is asked again, and is neither false nor true meanwhile. What a delivery does not
have, such as the pull request of an issue, makes the line that needs it false.

**Kept and once.** Some actions are *kept*: done while the rule holds, taken back when it stops, and only as far as the bot itself
did them. A label that a person put stays. Others are done *once*: when the rule begins to hold, and again only after it stopped
holding in between.

**State and moment.** Where ` + "`on`" + ` names an event with its activity (` + "`issues.opened`" + `), a push, a comment or another event that is no
state of something, each such delivery is a chance of its own to act. Without ` + "`on`" + `, or with an event such as ` + "`pull_request`" + ` alone, the
rule is about the state, and acts when that changes.

**Either or.** Lines are joined by and. Two tables ` + "`[[rule.when]]`" + ` are joined by or:

` + "```toml" + `
[[rule]]
name = "Needs the security team"
[[rule.when]]
files = ["auth/**", "crypto/**"]
[[rule.when]]
label = "security"
[[rule.then]]
review = "@acme/security"
[[rule.then]]
comment = "The security team was asked."
` + "```" + `

**Own doings.** What the bot itself caused is not heard, unless the rule says ` + "`self = true`" + `.

**Mistakes.** A rule with a mistake is told at its line, by ` + "`bellhop check`" + ` and by a check run on the commit that brought it; the last
good file stays in force.
`

func writeOpening(b *strings.Builder) { b.WriteString(opening) }

// cell is a text in a table of Markdown.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", "\\|")
}

func row(b *strings.Builder, cells ...string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// header begins a table.
func header(b *strings.Builder, cells ...string) {
	b.WriteString("\n")
	row(b, cells...)
	b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
}

func code(text string) string {
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// codes lists words as code.
func codes(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = code(w)
	}
	return strings.Join(out, ", ")
}

func block(b *strings.Builder, toml string) {
	b.WriteString("\n```toml\n" + strings.TrimRight(toml, "\n") + "\n```\n")
}

func writeKeys(b *strings.Builder) {
	for _, t := range rules.Tables() {
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n", tableHeading(t), t.Doc)
		if t.Type != nil {
			writeFields(b, syntax.Fields(t.Type))
		}
		block(b, t.Example)
	}
}

// writeFields writes the keys of a table.
func writeFields(b *strings.Builder, fields []syntax.Field) {
	header(b, "key", "value", "")
	var write func(fields []syntax.Field, in string)
	write = func(fields []syntax.Field, in string) {
		for _, f := range fields {
			row(b, code(in+f.Key), valueText(f), f.Doc)
			write(subkeys(f), in+f.Key+".")
		}
	}
	write(fields, "")
}

func writeEvents(b *strings.Builder) {
	b.WriteString("\n## Events\n\nWhat `on` takes: an event of GitHub's webhooks, `event` or `event.activity`. The App must be subscribed to it. [GitHub says](https://docs.github.com/en/webhooks/webhook-events-and-payloads) what is in each payload; a rule reads it as `event`.\n")
	for _, f := range rules.TriggerForms() {
		if f.Doc != "" {
			b.WriteString("\n" + f.Doc + "\n")
			block(b, f.Example)
		}
	}
	var brief []rules.Trigger
	for _, e := range rules.Triggers() {
		if e.Example == "" {
			brief = append(brief, e)
			continue
		}
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n\n", e.Event, e.Doc)
		fmt.Fprintf(b, "Activities: %s. About %s.", activitiesCode(e), kindsText(e.Subjects))
		if len(e.Variables) > 0 {
			fmt.Fprintf(b, " Brings %s.", codes(e.Variables))
		}
		fmt.Fprintf(b, " Named alone %s.\n", momentText(e))
		block(b, e.Example)
	}
	b.WriteString("\n### Further events\n\nEach delivery of these is a moment. Those that are about no repository reach only the rules of the operator.\n")
	header(b, "event", "activities", "about", "")
	for _, e := range brief {
		row(b, code(e.Event), activitiesCode(e), kindsText(e.Subjects), e.Doc)
	}
	block(b, eventExample(brief[len(brief)-1]))
}

func activitiesCode(e rules.Trigger) string {
	if len(e.Activities) == 0 || slices.Contains(e.Activities, "*") {
		return activitiesText(e)
	}
	return codes(append(slices.Clone(e.Activities), e.Aliases...))
}

func writeMatchers(b *strings.Builder) {
	b.WriteString("\n## Matchers\n\nThe keys of `when` and `unless`. All that stand under `when` must hold, none of those under `unless`.\n")
	header(b, "key", "", "value", "such as")
	for _, m := range rules.Matchers() {
		value := "[" + m.Form.Name + "](#values-of-matchers)"
		if m.Form.Listed {
			value = codes(m.Words)
		}
		row(b, code(m.Key), m.Doc, value, code(m.Example))
	}
}

func writeForms(b *strings.Builder) {
	b.WriteString("\n## Values of matchers\n")
	header(b, "name", "takes", "such as", "")
	for _, f := range rules.ValueForms() {
		row(b, f.Name, f.Words, codes(f.Examples), f.Doc)
	}
}

func writeFacts(b *strings.Builder) {
	b.WriteString("\n## Facts\n\nWhat expressions and texts read. Where a fact comes from: *delivery*, known with each delivery that has the variable; *payload*, from the payload, and looked up where that lacks it; *looked up*, by an API request when a rule needs it and not before. `pr`, `issue` and `discussion` are `subject` where it is of that kind; `pr.title` is `subject.title`.\n")
	views := map[string]bool{"pr": true, "issue": true, "discussion": true}
	for _, v := range rules.Schema() {
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n", v.Name, v.Doc)
		if views[v.Name] || len(v.Facts) == 0 {
			if len(v.Facts) == 0 {
				fmt.Fprintf(b, "\nIt is %s.\n", v.Type)
			}
			continue
		}
		subject := v.Name == "subject"
		if subject {
			header(b, "fact", "type", "of", "from", "")
		} else {
			header(b, "fact", "type", "from", "")
		}
		for _, f := range v.Facts {
			cells := []string{code(f.Name), f.Type}
			if subject {
				cells = append(cells, ofText(f))
			}
			row(b, append(cells, originWord(f.In), f.Doc)...)
		}
		for _, f := range v.Facts {
			if len(f.Facts) == 0 {
				continue
			}
			fmt.Fprintf(b, "\nEach of `%s.%s` has:\n", v.Name, f.Name)
			header(b, "fact", "type", "")
			for _, item := range f.Facts {
				row(b, code(item.Name), item.Type, item.Doc)
			}
		}
	}
}

func ofText(f rules.Fact) string {
	if len(f.Of) == 0 {
		return "all"
	}
	return strings.Join(f.Of, ", ")
}

func originWord(in string) string {
	switch in {
	case "":
		return "delivery"
	case "fetch":
		return "looked up"
	}
	return "payload"
}

func writeExpressions(b *strings.Builder) {
	b.WriteString("\n## Expressions\n\nThe language of `if` and of templates is [CEL](https://cel.dev) over the facts above. It is typed: a misspelt fact or a wrong type is told when the file is read. Write expressions in single quotes, so that texts in them may stand in double quotes.\n")
	header(b, "", "", "example", "is")
	for _, o := range rules.Operators() {
		row(b, code(o.Write), o.Summary, code(o.Example), code(o.Result))
	}
	b.WriteString("\n### Functions\n")
	header(b, "", "", "example", "is")
	for _, f := range rules.Functions() {
		row(b, code(f.Signature), f.Summary, code(f.Example), code(f.Result))
	}
	block(b, `[[rule]]
name = "Only tests are missing"
if = 'pr.files.exists(f, f.path.endsWith(".go") && f.status == "added") && pr.files.all(f, !f.path.endsWith("_test.go"))'
then.label = "needs-tests"

[[rule]]
name = "The author answered at night"
on = "issue_comment.created"
if = 'comment.author == issue.author && now.getHours("Europe/Berlin") < 6'
then.remove_label = "needs-info"`)
}

func writeActions(b *strings.Builder) {
	b.WriteString("\n## Actions\n\nThe keys of `then` and `else`. An action is written as a table, or in short as the one value that matters. A list of tables does it several times: `then.comment = [{ body = \"One\" }, { body = \"Two\" }]`.\n")
	for _, k := range actions.All {
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n\n", k.Name, k.Summary)
		fmt.Fprintf(b, "On %s. Done %s. Needs %s.", kindsText(k.On), keptText(k), permissionsText(k.Needs))
		if short := shortText(k); short != "" {
			fmt.Fprintf(b, " In short: `%s = VALUE` sets `%s`.", "then."+k.Name, short[strings.LastIndex(short, " ")+1:])
		}
		b.WriteString("\n")
		writeFields(b, syntax.Fields(reflect.TypeOf(k.New())))
		block(b, k.Example)
	}
}

func permissionsText(needs map[string]string) string {
	var out []string
	for _, permission := range slices.Sorted(maps.Keys(needs)) {
		name := strings.ReplaceAll(permission, "_", " ")
		out = append(out, "*"+strings.ToUpper(name[:1])+name[1:]+": "+needs[permission]+"*")
	}
	return strings.Join(out, ", ")
}

const texts = `
## Texts

In any text of an action ` + "`{{ expression }}`" + ` is replaced by what the expression comes to: a list by its items with commas between, a time
in the form of RFC 3339. What the delivery does not have is replaced by nothing; a fact that there is not is a mistake in the file.
Two braces that mean themselves are written ` + "`{{ \"{{\" }}`" + `. In a list, a template that is an item of its own and comes to a list stands
for its items, and one that comes to nothing is left out.

What is inserted is *inert*. In Markdown it is one line that is shown as it is: it mentions nobody, links to nothing, formats
nothing, hides nothing and is no command to another bot. To mention somebody, write the @ yourself: ` + "`@{{ pr.author }}`" + `. Elsewhere
it is one line without control characters.
`

func writeTexts(b *strings.Builder) {
	b.WriteString(texts)
	block(b, `[[rule]]
name = "Say who is asked"
on   = "pull_request.review_requested"
then.comment = "@{{ pr.author }}: {{ pr.reviewers }} look at {{ pr.title }} next."
then.assign  = ["{{ pr.author }}", "{{ pr.merged_by }}"]`)
	writeMentions(b)
}

func writeLimits(b *strings.Builder) {
	b.WriteString("\n## Limits\n")
	header(b, "", "at most")
	for _, l := range rules.Limits() {
		row(b, l.What, strings.TrimSpace(thousands(l.Value)+" "+l.Unit))
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
