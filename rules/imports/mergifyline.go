package imports

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// condition is a condition of Mergify: [-][#]ATTRIBUTE [OPERATOR VALUE].
// https://docs.mergify.com/configuration/conditions/
type mergifyTest struct {
	n         *node
	negated   bool
	counted   bool
	attribute string
	operator  string // =, !=, ~=, *=, >=, >, <=, <; "" for none
	value     string
}

var mergifyLineForm = regexp.MustCompile(`^\s*(-)?\s*(#)?\s*([a-z][a-z-]*)\s*(?:(=|:|!=|≠|~=|\*=|>=|≥|<=|≤|>|<)\s*(.*?)\s*)?$`)

// mergifyLine is one line of conditions.
func mergifyLine(n *node) *cond {
	text := n.text()
	m := mergifyLineForm.FindStringSubmatch(text)
	if m == nil {
		n.lose(fmt.Sprintf("%q is no condition", text))
		return lost
	}
	t := mergifyTest{n: n, negated: m[1] != "", counted: m[2] != "", attribute: m[3], operator: m[4], value: m[5]}
	t.operator = strings.NewReplacer(":", "=", "≠", "!=", "≥", ">=", "≤", "<=").Replace(t.operator)
	if v := t.value; len(v) > 1 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
		t.value = v[1 : len(v)-1]
	}
	c := t.condition()
	if c == nil {
		if !n.told {
			n.lose(fmt.Sprintf("%q: Bellhop has no such fact or comparison", text))
		}
		return lost
	}
	if c.op != isLost && t.negated {
		return not(c)
	}
	return c
}

// mergifyText is an attribute that is a text or a list of texts.
type mergifyText struct {
	key  string // of the matcher; "" for none
	fact string
	list bool
	form string // of the value: name, person, path, branch, re
}

// mergifyTexts is the table of those attributes.
var mergifyTexts = map[string]mergifyText{
	"base":                         {"base", "pr.base", false, "branch"},
	"head":                         {"head", "pr.head", false, "branch"},
	"author":                       {"author", "pr.author", false, "person"},
	"merged-by":                    {"merged_by", "pr.merged_by", false, "person"},
	"title":                        {"title", "pr.title", false, "name"},
	"body":                         {"", "pr.body", false, "name"},
	"body-raw":                     {"", "pr.body", false, "name"},
	"milestone":                    {"milestone", "pr.milestone", false, "name"},
	"label":                        {"label", "pr.labels", true, "name"},
	"assignee":                     {"assignee", "pr.assignees", true, "person"},
	"approved-reviews-by":          {"approved_by", "pr.approvers", true, "person"},
	"changes-requested-reviews-by": {"changes_requested_by", "pr.changes_requested_by", true, "person"},
	"commented-reviews-by":         {"commented_by", "pr.commented_by", true, "person"},
	"review-requested":             {"reviewer", "pr.reviewers", true, "name"},
	"files":                        {"files", "pr.files", true, "path"},
	"added-files":                  {"added_files", `pr.files.filter(f, f.status == "added")`, true, "path"},
	"modified-files":               {"modified_files", `pr.files.filter(f, f.status == "modified")`, true, "path"},
	"removed-files":                {"removed_files", `pr.files.filter(f, f.status == "removed")`, true, "path"},
	"dependabot-dependency-name":   {"dependency", "pr.dependencies", true, "branch"},
	"repository-full-name":         {"repo", "repo.full_name", false, "name"},
	"repository-name":              {"", "repo.name", false, "name"},
	"head-repo-full-name":          {"head_repo", "pr.head_repo", false, "name"},
}

// mergifyCounts are the attributes that are numbers, or lists of which the number is asked.
var mergifyCounts = map[string]struct{ key, fact string }{
	"#label":                        {"labels", "size(pr.labels)"},
	"#assignee":                     {"assignees", "size(pr.assignees)"},
	"#approved-reviews-by":          {"approvals", "pr.approvals"},
	"#changes-requested-reviews-by": {"", "size(pr.changes_requested_by)"},
	"#commented-reviews-by":         {"", "size(pr.commented_by)"},
	"#dismissed-reviews-by":         {"", `size(pr.reviews.filter(r, r.state == "dismissed"))`},
	"#review-requested":             {"reviewers", "size(pr.reviewers)"},
	"#review-threads-unresolved":    {"unresolved_threads", "pr.unresolved_threads"},
	"#files":                        {"changed_files", "pr.changed_files"},
	"#added-files":                  {"", `size(pr.files.filter(f, f.status == "added"))`},
	"#modified-files":               {"", `size(pr.files.filter(f, f.status == "modified"))`},
	"#removed-files":                {"", `size(pr.files.filter(f, f.status == "removed"))`},
	"#commits":                      {"commits", "pr.commit_count"},
	"#commits-behind":               {"behind", "pr.behind"},
	"#commits-unverified":           {"", "size(pr.unverified)"},
	"#title":                        {"", "size(pr.title)"},
	"#body":                         {"body_length", "size(pr.body)"},
	"#check-failure":                {"", "size(pr.checks.filter(c, c.conclusion in " + quotes(checkStates["check-failure"]) + "))"},
	"#check-success":                {"", `size(pr.checks.filter(c, c.conclusion == "success"))`},
	"#check-pending":                {"", `size(pr.checks.filter(c, c.conclusion == ""))`},
	"#check-neutral":                {"", `size(pr.checks.filter(c, c.conclusion == "neutral"))`},
	"#check-skipped":                {"", `size(pr.checks.filter(c, c.conclusion == "skipped"))`},
	"#check-stale":                  {"", `size(pr.checks.filter(c, c.conclusion == "stale"))`},
	"number":                        {"number", "pr.number"},
	"added-lines":                   {"", "pr.additions"},
	"deleted-lines":                 {"", "pr.deletions"},
	"modified-lines":                {"lines", "pr.additions + pr.deletions"},
}

// checkStates are the conclusions that the attributes about checks name. A check that was cancelled failed, too.
var checkStates = map[string][]string{
	"check-success":            {"success"},
	"check-success-or-neutral": {"success", "neutral"},
	"check-failure":            {"failure", "timed_out", "cancelled", "action_required", "startup_failure", "error"},
	"check-neutral":            {"neutral"},
	"check-skipped":            {"skipped"},
	"check-cancelled":          {"cancelled"},
	"check-timed-out":          {"timed_out"},
	"check-stale":              {"stale"},
	"check-pending":            {""},
}

// mergifyFlags are the attributes that are true or false.
var mergifyFlags = map[string]*cond{
	"merged":                    is("merged", true, "pr.merged"),
	"draft":                     is("draft", true, "pr.draft"),
	"conflict":                  is("conflict", true, "(!pr.mergeable)"),
	"locked":                    is("locked", true, "pr.locked"),
	"linear-history":            is("merge_commits", "=0", "pr.merge_commits == 0"),
	"review-threads-unresolved": is("unresolved_threads", ">0", "pr.unresolved_threads > 0"),
	"commits-unverified":        is("verified", false, "size(pr.unverified) > 0"),
}

// condition is the test without its minus; nil where Bellhop has nothing for it.
func (t mergifyTest) condition() *cond {
	name := strings.Replace(t.attribute, "status-", "check-", 1)
	if states, ok := checkStates[name]; ok && !t.counted {
		return t.check(states)
	}
	if t.counted {
		name = "#" + name
	}
	if flag, ok := mergifyFlags[name]; ok && (t.operator == "" || t.value == "true" || t.value == "false") {
		if t.value == "false" != (t.operator == "!=") {
			return not(flag)
		}
		return flag
	}
	if c, ok := mergifyCounts[name]; ok {
		return t.count(c.key, c.fact)
	}
	if a, ok := mergifyTexts[name]; ok {
		return t.texts(a)
	}
	switch name {
	case "closed":
		return not(is("state", "open", `pr.state == "open"`))
	case "dependabot-update-type":
		word := strings.TrimPrefix(t.value, "version-update:semver-")
		if !slices.Contains([]string{"patch", "minor", "major"}, word) {
			return nil
		}
		return t.equality(matches("update", func(s string) string { return "pr.update == " + quote(s) }, word))
	case "review-decision", "branch-protection-review-decision", "github-review-decision":
		return t.equality(matches("review_decision", func(s string) string { return "pr.review_decision == " + quote(s) }, strings.ToLower(t.value)))
	case "created-at", "updated-at", "closed-at", "merged-at":
		return t.since(map[string][2]string{"created-at": {"age", "pr.created_at"}, "updated-at": {"since_update", "pr.updated_at"},
			"closed-at": {"since_close", "pr.closed_at"}, "merged-at": {"since_merge", "pr.merged_at"}}[name])
	case "schedule":
		return t.schedule()
	case "dismissed-reviews-by":
		return t.equality(says(fmt.Sprintf(`pr.reviews.exists(r, r.state == "dismissed" && r.author == %s)`, quote(t.value))))
	}
	return nil
}

// equality is a condition that holds for = and not for !=.
func (t mergifyTest) equality(c *cond) *cond {
	switch t.operator {
	case "=":
		return c
	case "!=":
		return not(c)
	}
	return nil
}

// check is a condition on checks by name. @app/name names one of an app, in Bellhop too.
func (t mergifyTest) check(states []string) *cond {
	named := func(is string) string { return checkEnded(is, states) }
	words := slices.Clone(states)
	for i, w := range words {
		if w == "" {
			words[i] = "pending"
		}
	}
	switch t.operator {
	case "=", "!=":
		if t.value == "" {
			return nil
		}
		is := "c.name == " + quote(t.value)
		if app, name, ok := strings.Cut(strings.TrimPrefix(t.value, "@"), "/"); ok && strings.HasPrefix(t.value, "@") {
			is = fmt.Sprintf("c.app == %s && c.name == %s", quote(app), quote(name))
		}
		c := &cond{term: term{key: "check_is", value: tomlNode("check_is", []pair{{literal(t.value), words}}), expr: named(is), every: true}}
		return t.equality(c)
	case "~=":
		if err := checkRE(t.value); err != nil {
			t.n.lose(err.Error())
			return nil
		}
		return says(named(pattern{re: t.value}.expr("c.name")))
	}
	return nil
}

// count compares a number.
func (t mergifyTest) count(key, fact string) *cond {
	if t.operator == "" { // any at all
		t.operator, t.value = ">", "0"
	}
	if !numberForm.MatchString(t.value) || t.operator == "~=" || t.operator == "*=" {
		return nil
	}
	compare := t.operator
	if compare == "=" {
		compare = "=="
	}
	expr := fmt.Sprintf("%s %s %s", fact, compare, t.value)
	if fact == "size(pr.changes_requested_by)" {
		somebody := matches("changes_requested_by", func(string) string { return "size(pr.changes_requested_by) > 0" }, "*")
		switch t.operator + t.value {
		case ">0", ">=1", "!=0":
			return somebody
		case "=0", "<1", "<=0":
			return not(somebody)
		}
	}
	if key == "" {
		return says(expr)
	}
	if t.operator == "=" {
		n, _ := strconv.Atoi(t.value)
		return is(key, n, expr)
	}
	return is(key, t.operator+t.value, expr)
}

// texts compares a text, or the texts of a list of which one is enough.
func (t mergifyTest) texts(a mergifyText) *cond {
	each := func(test func(x string) string) string {
		switch {
		case a.form == "path":
			return a.fact + ".exists(f, " + test("f.path") + ")"
		case a.list:
			return a.fact + ".exists(x, " + test("x") + ")"
		}
		return test(a.fact)
	}
	value := t.value
	if strings.Join(strings.Fields(value), "") == "{{author}}" {
		if t.operator != "=" && t.operator != "!=" {
			return nil
		}
		return t.equality(says(each(func(x string) string { return x + " == pr.author" })))
	}
	switch t.operator {
	case "=", "!=":
		glob := literal(value)
		test := func(x string) string { return x + " == " + quote(value) }
		if a.form == "person" && strings.HasPrefix(value, "@") {
			glob, test = value, func(x string) string { return x + " in team[" + quote(value) + "]" }
			if !strings.Contains(value, "/") {
				t.n.differ(value + " is the organisation for Bellhop; a team is @org/team")
			}
		}
		if value == "" { // nothing there
			return t.equality(says(each(func(x string) string { return x + ` == ""` })))
		}
		expr := each(test)
		if a.list && a.form != "path" && !strings.HasPrefix(value, "@") {
			expr = quote(value) + " in " + a.fact
		}
		if a.key == "" {
			return t.equality(says(expr))
		}
		return t.equality(matches(a.key, func(string) string { return expr }, glob))
	case "*=":
		p, err := minimatch(value)
		if err != nil {
			t.n.lose(err.Error())
			return nil
		}
		if p.glob == "" || a.key == "" || p.not {
			return says(each(p.expr))
		}
		return matches(a.key, func(string) string { return each(p.expr) }, p.glob)
	case "~=":
		if err := checkRE(value); err != nil {
			t.n.lose(err.Error())
			return nil
		}
		expr := each(pattern{re: value}.expr)
		if re := map[string]string{"title": "title_matches", "body": "body_matches", "body-raw": "body_matches"}[t.attribute]; re != "" {
			return matches(re, func(string) string { return expr }, value)
		}
		if globs, ok := globsOf(value); ok && a.key != "" && a.form != "person" {
			return &cond{term: term{key: a.key, values: globs, expr: expr}}
		}
		return says(expr)
	}
	return nil
}

var numberForm = regexp.MustCompile(`^\d{1,9}$`)

var agoForm = regexp.MustCompile(`^(?:(\d{1,4}) days?)?\s*(?:(\d{1,4}) hours?)?\s*(?:(\d\d):(\d\d))? ago$`)

// since compares a time with one that is so long ago.
func (t mergifyTest) since(a [2]string) *cond {
	m := agoForm.FindStringSubmatch(t.value)
	if m == nil {
		return nil
	}
	span := ""
	for i, unit := range []string{"d", "h", "h", "m"} {
		if n := strings.TrimLeft(m[i+1], "0"); n != "" {
			span += n + unit
		}
	}
	if span == "" {
		return nil
	}
	longer := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[t.operator]
	if longer == "" {
		return nil
	}
	return is(a[0], longer+span, fmt.Sprintf("now - %s %s duration(%q)", a[1], longer, span))
}

var scheduleForm = regexp.MustCompile(`^((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:-(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun))?)?\s*(\d\d:\d\d-\d\d:\d\d)?\s*(?:\[([A-Za-z_/+-]+)\])?$`)

// schedule is a window of the week, in UTC where no zone is named.
func (t mergifyTest) schedule() *cond {
	m := scheduleForm.FindStringSubmatch(t.value)
	if m == nil || m[1]+m[2] == "" {
		return nil
	}
	window := strings.Join(strings.Fields(m[1]+" "+m[2]+" "+m[3]), " ")
	return t.equality(matches("time", func(s string) string { return "during(now, " + quote(s) + ")" }, window))
}
