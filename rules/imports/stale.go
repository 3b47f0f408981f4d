package imports

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// looksLikeStale tells whether a workflow has a step of actions/stale.
func looksLikeStale(root *node) bool { return len(staleSteps(root)) > 0 }

// staleSteps finds the steps of actions/stale in a workflow.
func staleSteps(root *node) []*node {
	var out []*node
	jobs := root.peek("jobs")
	if jobs == nil {
		return nil
	}
	for _, job := range jobs.items {
		if steps := job.peek("steps"); steps != nil {
			for _, step := range steps.items {
				if uses := step.peek("uses"); uses != nil && strings.HasPrefix(strings.ToLower(uses.value), "actions/stale@") {
					out = append(out, step)
				}
			}
		}
	}
	return out
}

// stale reads the workflow of actions/stale, or its inputs alone: https://github.com/actions/stale#all-options
func stale(in *source) {
	root := in.root
	root.read = true
	if root.peek("jobs") == nil {
		staleInputs(in, root)
		return
	}
	const around = "the workflow around the action is not needed: Bellhop looks at each issue and pull request when its time has come"
	for _, e := range root.items {
		if e.key != "jobs" {
			e.skip(around)
		}
	}
	for _, job := range root.get("jobs").entries() {
		steps := job.get("steps")
		if len(staleSteps(&node{kind: mapping, items: []*node{{kind: mapping, key: "jobs", items: []*node{job}}}})) == 0 {
			job.lose("this job has no step of actions/stale, and stays a workflow")
			continue
		}
		for _, e := range job.items {
			switch e.key {
			case "steps":
			case "if":
				e.lose("a condition of GitHub Actions")
			default:
				e.skip(around)
			}
		}
		for _, step := range steps.list() {
			uses := step.get("uses")
			if uses == nil || !strings.HasPrefix(strings.ToLower(uses.value), "actions/stale@") {
				step.lose("no step of actions/stale; it stays a workflow")
				continue
			}
			for _, e := range step.items {
				switch e.key {
				case "with":
				case "if":
					e.lose("a condition of GitHub Actions")
				default:
					e.skip(around)
				}
			}
			with := step.get("with")
			if with == nil {
				with = &node{kind: mapping, in: in, line: step.line, path: step.path, marks: new(marks)}
			}
			staleInputs(in, with)
		}
	}
}

// staleInputs makes a rule for issues and one for pull requests, or one for both where they would say the same.
func staleInputs(in *source, with *node) {
	in.count++
	part := in.count
	o := &staleOptions{with: with}
	for _, e := range with.items {
		if strings.Contains(e.value, "${{") {
			if e.key == "repo-token" {
				e.skip("Bellhop acts as its own App")
			} else {
				e.lose("an expression of GitHub Actions, whose value the file does not have")
			}
		}
	}
	issues, pulls := o.rule("issue"), o.rule("pr")
	for _, r := range []*rule{issues, pulls} {
		if r != nil {
			r.of, r.part = with, part
		}
	}
	o.rest()
	if issues != nil && pulls != nil && sameStale(issues, pulls) {
		issues.name = "Stale issues and pull requests"
		issues.cond = all(o.common("issue", true)...)
		in.add(issues)
		return
	}
	for _, r := range []*rule{issues, pulls} {
		if r != nil {
			in.add(r)
		}
	}
}

func sameStale(a, b *rule) bool {
	x, y := *a, *b
	x.name, y.name = "", ""
	text := strings.NewReplacer(`when.kind = "pull_request"`, `when.kind = "issue"`, "pr.", "issue.")
	return text.Replace(x.text()) == text.Replace(y.text())
}

// staleOptions are the inputs of one step.
type staleOptions struct{ with *node }

// get finds an input of a kind (issue or pr), or else the one for both.
func (o *staleOptions) get(special, common string) *node {
	n, both := o.with.get(special), o.with.get(common)
	if both != nil {
		both.has()
	}
	if n != nil && n.value != "" && !n.told {
		n.has()
		return n
	}
	n.has()
	if both != nil && both.told {
		return nil
	}
	return both
}

// names is a list with commas.
func (o *staleOptions) names(special, common string) []string {
	var out []string
	for s := range strings.SplitSeq(o.get(special, common).text(), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// rule is the rule for issues or for pull requests; nil where they are left alone.
func (o *staleOptions) rule(kind string) *rule {
	days := o.get("days-before-"+kind+"-stale", "days-before-stale")
	after := days.text()
	if after == "" {
		after = "60"
	}
	before, err := strconv.ParseFloat(after, 64)
	if err != nil {
		days.lose("no number of days")
		return nil
	}
	names := map[string]string{"issue": "Stale issues", "pr": "Stale pull requests"}
	if before < 0 {
		days.has()
		for _, e := range o.with.items {
			if strings.Contains(e.key, "-"+kind+"-") && e != days {
				e.skip(strings.ToLower(names[kind][6:7]) + names[kind][7:] + " are left alone")
			}
		}
		return nil
	}
	r := &rule{name: names[kind], comments: []string{"idle counts from what people did; what bots do does not count."}}
	if o.get("ignore-"+kind+"-updates", "ignore-updates").flag(false) {
		r.comments = nil
	}
	r.cond = all(o.common(kind, false)...)
	fields := []pair{{"label", "Stale"}}
	if label := o.with.get("stale-" + kind + "-label"); label.text() != "" {
		fields[0].value = plain(label.text())
	}
	closing := o.get("days-before-"+kind+"-close", "days-before-close")
	wait := closing.text()
	if wait == "" {
		wait = "7"
	}
	closes := false
	switch d, err := strconv.ParseFloat(wait, 64); {
	case err != nil:
		closing.lose("no number of days")
	case d == 0:
		closing.differ("it is closed an hour after the mark: Bellhop closes nothing at the moment in which it marks it")
		fields, closes = append(fields, pair{"close_after", "1h"}), true
	case d > 0:
		fields, closes = append(fields, pair{"close_after", daysOf(d)}), true
	}
	if message := o.with.get("stale-" + kind + "-message"); message != nil && !message.told {
		fields = append(fields, pair{"comment", plain(strings.TrimSpace(message.text()))})
	}
	message := o.with.get("close-" + kind + "-message")
	switch {
	case message == nil || message.told:
	case closes:
		fields = append(fields, pair{"close_comment", plain(strings.TrimSpace(message.text()))})
	default:
		message.skip("nothing is closed")
	}
	if reason := o.with.get("close-issue-reason"); kind == "issue" && reason.text() == "completed" && closes {
		fields = append(fields, pair{"reason", "completed"})
	} else if reason != nil && reason.value != "" && reason.value != "completed" && reason.value != "not_planned" {
		reason.lose("GitHub closes issues as completed or not_planned")
	}
	if o.with.get("debug-only").flag(false) {
		r.observes = true
	}
	r.do("stale", fields)
	return r
}

// daysOf writes days as a length of time.
func daysOf(d float64) string {
	if d == float64(int64(d)) {
		return fmt.Sprintf("%dd", int64(d))
	}
	return fmt.Sprintf("%dh", max(1, int64(d*24)))
}

// common is when something counts as stale.
func (o *staleOptions) common(kind string, both bool) []*cond {
	kinds := map[string]string{"issue": "issue", "pr": "pull_request"}
	var list []*cond
	if !both {
		list = append(list, is("kind", kinds[kind], fmt.Sprintf("subject.kind == %q", kinds[kind])))
	}
	after, _ := strconv.ParseFloat(cmp.Or(o.get("days-before-"+kind+"-stale", "days-before-stale").text(), "60"), 64)
	key, fact := "idle", kind+".idle"
	if o.get("ignore-"+kind+"-updates", "ignore-updates").flag(false) {
		key, fact = "age", kind+".age"
	}
	list = append(list, is(key, ">"+daysOf(after), fmt.Sprintf("%s > duration(%q)", fact, daysOf(after))))
	labels := func(names []string) *cond {
		c := hasLabel(names...)
		c.expr = strings.ReplaceAll(c.expr, "pr.", kind+".")
		return c
	}
	if names := o.names("any-of-"+kind+"-labels", "any-of-labels"); len(names) > 0 {
		list = append(list, labels(names))
	}
	for _, name := range o.names("only-"+kind+"-labels", "only-labels") {
		list = append(list, labels([]string{name}))
	}
	if names := o.names("exempt-"+kind+"-labels", "exempt-labels"); len(names) > 0 {
		list = append(list, not(labels(names)))
	}
	if names := o.names("exempt-"+kind+"-milestones", "exempt-milestones"); len(names) > 0 {
		list = append(list, not(matches("milestone", func(g string) string { return fmt.Sprintf("glob(%s.milestone, %s)", kind, quote(g)) }, literals(names)...)))
	}
	if names := o.names("only-"+kind+"-milestones", "only-milestones"); len(names) > 0 {
		list = append(list, matches("milestone", func(g string) string { return fmt.Sprintf("glob(%s.milestone, %s)", kind, quote(g)) }, literals(names)...))
	}
	if o.get("exempt-all-"+kind+"-milestones", "exempt-all-milestones").flag(false) {
		list = append(list, not(matches("milestone", func(string) string { return kind + `.milestone != ""` }, "?**")))
	}
	if names := o.names("exempt-"+kind+"-assignees", "exempt-assignees"); len(names) > 0 {
		list = append(list, not(matches("assignee", func(s string) string { return quote(s) + " in " + kind + ".assignees" }, literals(names)...)))
	}
	if o.get("exempt-all-"+kind+"-assignees", "exempt-all-assignees").flag(false) {
		list = append(list, is("assignees", 0, "size("+kind+".assignees) == 0"))
	}
	if o.with.get("include-only-assigned").flag(false) {
		list = append(list, is("assignees", ">0", "size("+kind+".assignees) > 0"))
	}
	if kind == "pr" && o.with.get("exempt-draft-pr").flag(false) {
		list = append(list, is("draft", false, "!pr.draft"))
	}
	if start := o.with.get("start-date"); start.text() != "" && !start.told {
		if day, err := time.Parse(time.RFC3339, start.value); err == nil {
			list = append(list, is("created", ">="+day.UTC().Format(time.DateOnly), ""))
		} else if day, err := time.Parse(time.DateOnly, start.value); err == nil {
			list = append(list, is("created", ">="+day.Format(time.DateOnly), ""))
		} else {
			start.lose("no date as 2026-01-31")
			list = append(list, lost)
		}
	}
	return list
}

// literals are globs that stand for one text each.
func literals(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = literal(s)
	}
	return out
}

// rest tells about the inputs that no rule has.
func (o *staleOptions) rest() {
	for key, why := range map[string]string{
		"repo-token":         "Bellhop acts as its own App",
		"operations-per-run": "Bellhop looks at each when its time has come; [limits] bounds what it does in an hour",
		"ascending":          "Bellhop looks at each when its time has come, in no order",
		"sort-by":            "Bellhop looks at each when its time has come, in no order",
		"enable-statistics":  "the metrics of Bellhop count what it does",
		"cache-key":          "Bellhop remembers in its own database",
	} {
		if n := o.with.peek(key); n != nil {
			n.skip(why)
		}
	}
	for _, key := range []string{"remove-stale-when-updated", "remove-issue-stale-when-updated", "remove-pr-stale-when-updated"} {
		if n := o.with.get(key); n != nil {
			if n.flag(true) {
				n.skip("then.stale takes the label off when somebody acts")
			} else {
				n.lose("then.stale takes the label off when somebody acts, always")
			}
		}
	}
	if n := o.with.get("delete-branch"); n.flag(false) {
		n.lose("then.stale deletes no branch; a rule with when.state = \"closed\" and then.delete_branch = true can")
	} else if n != nil {
		n.has()
	}
	for _, key := range []string{"labels-to-add-when-unstale", "labels-to-remove-when-unstale", "close-issue-label", "close-pr-label"} {
		if n := o.with.get(key); n != nil && n.value != "" {
			n.lose("then.stale keeps one label and changes no other when it ends")
		} else if n != nil {
			n.has()
		}
	}
}
