package imports

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// policyBot reads .policy.yml: https://github.com/palantir/policy-bot#configuration
//
// An approval rule becomes a gate: what stands under its if says which pull requests it is about, what stands under requires
// is demanded of them. A rule that is not about a pull request is as if it were not there, in policy-bot and in a gate alike.
func policyBot(in *source) {
	root := in.root
	root.read = true
	for _, key := range []string{"remote", "path", "ref"} {
		if n := root.peek(key); n != nil {
			n.lose("the policy of another repository; an account's rules are in .github/bot.toml of its repository .github")
		}
	}
	p := &policy{in: in, rules: map[string]*approval{}, defaults: root.get("approval_defaults")}
	for _, n := range root.get("approval_rules").list() {
		p.rule(n)
	}
	for _, n := range root.get("policy").get("approval").list() {
		p.gate(n)
	}
	if d := root.get("policy").get("disapproval"); d.has() {
		p.disapproval(d)
	}
	for _, a := range p.order {
		if !a.used {
			in.count++
			a.node.lose("the policy does not name this rule")
			continue
		}
		p.askFor(a)
	}
	if len(in.rules) > 0 {
		in.rules[0].comments = append([]string{"Approvals are GitHub reviews of people with write permission. Those who wrote commits may approve, too:",
			"policy-bot asks for others without allow_contributor. Make the check runs of these gates required in the branch protection."}, in.rules[0].comments...)
	}
}

// policy is a .policy.yml while it is read.
type policy struct {
	in       *source
	rules    map[string]*approval
	order    []*approval
	defaults *node
}

// approval is one of approval_rules.
type approval struct {
	node  *node
	name  string
	about *cond // of which pull requests
	need  *cond // what it demands; nil for nothing
	who   []string
	count int
	part  int
	used  bool
	why   string
}

// rule reads one of approval_rules.
func (p *policy) rule(n *node) {
	a := &approval{node: n, name: n.get("name").text(), why: oneLine(n.get("description").text())}
	a.about = predicates(n.get("if"))
	options := func(key string) *node {
		if o := n.get("options").get(key); o != nil {
			return o
		}
		return p.defaults.get("options").get(key)
	}
	onHead := options("invalidate_on_push").flag(false)
	requires := n.get("requires")
	if requires == nil {
		requires = p.defaults.get("requires")
	}
	a.need = p.requires(a, requires, onHead)
	p.options(a, options)
	p.order = append(p.order, a)
	p.rules[a.name] = a
}

// requires is what a rule demands.
func (p *policy) requires(a *approval, n *node, onHead bool) *cond {
	a.count = n.get("count").number(0)
	a.who = actors(n)
	key, count, fact := "approved_by", "approvals", "pr.approvers"
	if onHead {
		key, count, fact = "approved_by_on_head", "approvals_on_head", "pr.approvers_on_head"
	}
	var list []*cond
	if c := predicates(n.get("conditions")); c != nil {
		list = append(list, c)
	}
	anyWriter := false
	for _, perm := range n.get("permissions").list() {
		switch perm.text() {
		case "write":
			anyWriter = true
		case "triage", "read":
			anyWriter = true
			perm.differ("approvals count of people with write permission or more")
		default:
			perm.lose("approvals count of people with write permission or more; who has more cannot be told")
			list = append(list, lost)
		}
	}
	if w := n.get("write_collaborators"); w.flag(false) {
		anyWriter = true
	}
	if admins := n.get("admins"); admins.flag(false) {
		admins.lose("approvals count of people with write permission or more; who has more cannot be told")
		list = append(list, lost)
	}
	switch {
	case a.count <= 0:
	case anyWriter || len(a.who) == 0:
		list = append(list, is(count, fmt.Sprintf(">=%d", a.count), fmt.Sprintf("size(%s) >= %d", fact, a.count)))
	case len(a.who) == 1 && a.count > 1:
		expr := fmt.Sprintf("size(%s.filter(x, %s)) >= %d", fact, isPerson("x", a.who[0]), a.count)
		name := a.who[0]
		if !strings.HasPrefix(name, "@") {
			name = literal(name)
		}
		list = append(list, &cond{term: term{key: key, value: tomlNode(key, []pair{{name, a.count}}), expr: expr, every: true}})
	case a.count == 1:
		c := people(key, "x", a.who...)
		c.expr = fmt.Sprintf("%s.exists(x, %s)", fact, c.expr)
		list = append(list, c)
	default:
		list = append(list, says(fmt.Sprintf("size(%s.filter(x, %s)) >= %d", fact, people("", "x", a.who...).expr, a.count)))
	}
	return all(list...)
}

// actors are the users, organisations and teams of a table, as Bellhop writes them.
func actors(n *node) []string {
	var out []string
	out = append(out, n.get("users").texts()...)
	for _, o := range n.get("organizations").texts() {
		out = append(out, "@"+o)
	}
	for _, t := range n.get("teams").texts() {
		out = append(out, "@"+strings.TrimPrefix(t, "@"))
	}
	return out
}

// options tells what of the options is otherwise in Bellhop.
func (p *policy) options(a *approval, option func(string) *node) {
	if o := option("allow_author"); o.flag(false) {
		o.lose("GitHub lets nobody approve their own pull request")
	}
	for _, key := range []string{"allow_contributor", "allow_non_author_contributor"} {
		if o := option(key); o.flag(false) {
			o.skip("who wrote commits may approve, unless they opened the pull request")
		} else if o != nil {
			o.differ("who wrote commits may approve here; to forbid it, add to require: if = '!pr.approvers.exists(x, pr.commits.exists(c, c.author == x))'")
		}
	}
	for _, key := range []string{"ignore_edited_comments"} {
		if o := option(key); o != nil {
			o.skip("comments approve nothing")
		}
	}
	if o := option("ignore_update_merges"); o.flag(false) {
		o.lose("a merge of the base is a new commit, too: with invalidate_on_push approvals start anew")
	}
	if o := option("ignore_commits_by"); o != nil {
		o.lose("every commit is a new one: with invalidate_on_push approvals start anew")
	}
	m := option("methods")
	if !m.has() {
		return
	}
	for _, e := range m.entries() {
		switch e.key {
		case "github_review":
			if !e.flag(true) {
				e.lose("approvals are GitHub reviews; this rule took comments alone")
				a.need = all(a.need, lost)
			}
		case "comments", "comment_patterns", "body_patterns":
			if len(e.texts()) > 0 {
				e.lose("a comment approves nothing; a [[command]] with then.add_label, and require.label, is like it")
			}
		case "github_review_comment_patterns":
			if len(e.texts()) > 0 {
				e.lose("an approval counts whatever it says")
				a.need = all(a.need, lost)
			}
		}
	}
}

// askFor is the rule that asks for reviews, where the options say so.
func (p *policy) askFor(a *approval) {
	n := a.node.get("options").get("request_review")
	if n == nil {
		n = p.defaults.get("options").get("request_review")
	}
	if !n.has() {
		return
	}
	enabled, mode, count := n.get("enabled").flag(false), n.get("mode"), n.get("count")
	how := mode.text()
	number := count.number(0)
	if !enabled || len(a.who) == 0 || a.count <= 0 {
		return
	}
	r := &rule{of: a.node, part: a.part, name: a.name + ": ask for reviews", once: true}
	r.cond = all(is("draft", false, "!pr.draft"), is("state", "open", `pr.state == "open"`), a.about)
	var from []string
	for _, who := range a.who {
		if strings.HasPrefix(who, "@") && !strings.Contains(who, "/") {
			n.lose("GitHub asks users and teams for a review, no organisation")
			continue
		}
		if how != "teams" || strings.HasPrefix(who, "@") {
			from = append(from, plain(who))
		}
	}
	if len(from) == 0 {
		return
	}
	switch how {
	case "all-users", "teams":
		r.do("review", from)
	default:
		if number <= 0 {
			number = a.count
		}
		r.do("review", []pair{{"from", from}, {"count", number}})
	}
	p.in.add(r)
}

// verdict is what a policy says of a pull request: whether it is about it, and whether it then holds.
type verdict struct{ about, holds *cond }

// verdict reads an entry of a policy: the name of a rule, or rules joined by or and and. What is not about the pull request
// is as if it were not there. https://github.com/palantir/policy-bot#or-and-and-if-rule-predicates
func (p *policy) verdict(n *node, depth int) (verdict, []*approval) {
	if n.kind != mapping {
		name := n.text()
		a := p.rules[name]
		if a == nil {
			n.lose(fmt.Sprintf("no rule is called %q", name))
			return verdict{nil, lost}, nil
		}
		a.used = true
		return verdict{a.about, a.need}, []*approval{a}
	}
	var parts []verdict
	var rules []*approval
	o := ""
	for _, e := range n.entries() {
		if e.key != "or" && e.key != "and" || depth > 5 || o != "" {
			e.lose("neither or nor and, or too many within each other")
			return verdict{nil, lost}, rules
		}
		o = e.key
		for _, i := range e.list() {
			v, some := p.verdict(i, depth+1)
			parts, rules = append(parts, v), append(rules, some...)
		}
	}
	var about, holds []*cond
	for _, v := range parts {
		about = append(about, v.about)
		switch {
		case o == "or":
			holds = append(holds, all(v.about, v.holds))
		case v.about == nil:
			holds = append(holds, v.holds)
		case v.holds != nil:
			holds = append(holds, anyOf(not(v.about), v.holds))
		}
	}
	out := verdict{about: anyOf(about...)}
	if len(about) == 0 {
		out.about = nil
	}
	if o == "or" {
		out.holds = anyOf(holds...)
	} else {
		out.holds = all(holds...)
	}
	return out, rules
}

// gate makes a gate of an entry of the policy. They must all hold, as gates do.
func (p *policy) gate(n *node) {
	v, rules := p.verdict(n, 0)
	if len(rules) == 0 {
		return
	}
	r := &rule{of: rules[0].node, name: rules[0].name, why: rules[0].why, gate: true, cond: v.about, need: v.holds}
	if n.kind == mapping {
		r.name = "Approval"
		r.why = ""
		var names []string
		for _, a := range rules {
			names = append(names, a.name)
		}
		r.comments = append(r.comments, "One of: "+strings.Join(names, "; "))
	}
	for _, a := range rules {
		if a.part == 0 {
			p.in.count++
			a.part = p.in.count
		}
	}
	r.part = rules[0].part
	p.in.add(r)
	for _, a := range rules[1:] { // they are in the same gate, and count with it
		p.in.add(&rule{of: a.node, part: a.part, counted: true, observes: r.cond.hasLost() || r.need.hasLost()})
	}
}

// disapproval is a gate that fails while somebody objects.
func (p *policy) disapproval(d *node) {
	who := actors(d.get("requires"))
	if o := d.get("options"); o != nil {
		for _, kind := range o.get("methods").entries() {
			for _, e := range kind.entries() {
				if e.key == "github_review" && e.flag(true) {
					continue
				}
				if len(e.list()) > 0 && !e.told {
					e.lose("a review that asks for changes is what objects, and only that")
				}
			}
		}
	}
	r := p.in.next(d, "No objection")
	r.gate = true
	var list []*cond
	if len(who) > 0 {
		c := people("changes_requested_by", "x", who...)
		c.expr = fmt.Sprintf("pr.changes_requested_by.exists(x, %s)", c.expr)
		list = append(list, not(c))
	}
	for _, e := range d.get("if").entries() {
		if c := predicate(e); c != nil {
			list = append(list, not(c))
		}
	}
	if len(list) == 0 {
		return
	}
	r.need = all(list...)
	p.in.add(r)
}

// predicates are the conditions of an if, which must all hold.
func predicates(n *node) *cond {
	var list []*cond
	for _, e := range n.entries() {
		list = append(list, predicate(e))
	}
	return all(list...)
}

// predicate is one condition. https://github.com/palantir/policy-bot/blob/develop/policy/predicate
func predicate(e *node) *cond {
	switch e.key {
	case "changed_files", "only_changed_files", "no_changed_files":
		return pathPredicate(e)
	case "file_added", "file_not_added", "file_deleted", "file_not_deleted":
		status := map[bool]string{true: "added", false: "removed"}[strings.HasSuffix(e.key, "added")]
		c := anyFileRE(e.get("paths"), status+"_files", fmt.Sprintf("f.status == %q && ", status))
		if strings.Contains(e.key, "_not_") {
			return not(c)
		}
		return c
	case "has_author_in":
		return someone(e, "author", "pr.author", "%s")
	case "has_contributor_in":
		return someone(e, "commit_author", "c.author", "pr.commits.exists(c, %s)")
	case "only_has_contributors_in":
		return someone(e, "only_commit_author", "c.author", "pr.commits.all(c, %s)")
	case "author_is_only_contributor":
		c := says("pr.commits.all(c, c.author == pr.author)")
		if e.flag(true) {
			return c
		}
		return not(c)
	case "targets_branch", "from_branch":
		p := e.get("pattern")
		return branchRE(p, map[string]string{"targets_branch": "base", "from_branch": "head"}[e.key], p.text())
	case "modified_lines":
		return modifiedLines(e)
	case "has_successful_status":
		return greenChecks(e.texts())
	case "has_status":
		return statuses(e)
	case "has_labels":
		var list []*cond
		for _, l := range e.texts() {
			list = append(list, hasLabel(l))
		}
		return all(list...)
	case "repository", "title":
		return textPredicate(e)
	case "has_valid_signatures":
		return is("verified", e.flag(true), map[bool]string{true: "size(pr.unverified) == 0", false: "size(pr.unverified) > 0"}[e.flag(true)])
	}
	why := map[string]string{
		"has_workflow_result":          "Bellhop knows check runs by name, not by the file of their workflow: when.check_is = { NAME = \"success\" }",
		"has_valid_signatures_by":      "Bellhop knows whether a commit is verified, not by whose signature",
		"has_valid_signatures_by_keys": "Bellhop knows whether a commit is verified, not by which key",
	}[e.key]
	e.lose(cmp.Or(why, "Bellhop has no condition like it"))
	return lost
}

func someone(e *node, key, fact, shape string) *cond {
	who := actors(e)
	if len(who) == 0 {
		return says("false")
	}
	c := people(key, fact, who...)
	c.expr = fmt.Sprintf(shape, c.expr)
	return c
}

// anyFileRE is the condition that a file matches one of the regular expressions.
func anyFileRE(paths *node, key, also string) *cond {
	var globs, exprs []string
	simple := true
	for _, p := range paths.list() {
		re := p.text()
		if err := checkRE(re); err != nil {
			p.lose(err.Error())
			return lost
		}
		some, ok := globsOf(re)
		if !ok {
			simple = false
		}
		globs, exprs = append(globs, some...), append(exprs, pattern{re: re}.expr("f.path"))
	}
	if len(exprs) == 0 {
		return says("false")
	}
	inner := either(exprs)
	if also != "" && len(exprs) > 1 {
		inner = "(" + inner + ")"
	}
	c := says("pr.files.exists(f, " + also + inner + ")")
	if simple {
		c.key, c.values = key, globs
	}
	return c
}

func pathPredicate(e *node) *cond {
	c := anyFileRE(e.get("paths"), "files", "")
	ignored := e.get("ignore")
	if c.op == isLost {
		return lost
	}
	if len(ignored.texts()) > 0 {
		i := anyFileRE(ignored, "files", "")
		if i.op == isLost {
			return lost
		}
		inner := func(c *cond) string {
			return strings.TrimSuffix(strings.TrimPrefix(c.expr, "pr.files.exists(f, "), ")")
		}
		c = says(fmt.Sprintf("pr.files.exists(f, (%s) && !(%s))", inner(c), inner(i)))
	}
	switch e.key {
	case "no_changed_files":
		return not(c)
	case "only_changed_files":
		inner := strings.TrimPrefix(c.expr, "pr.files.exists(")
		out := says("size(pr.files) > 0 && pr.files.all(" + inner)
		if c.key != "" {
			out.key, out.values = "only_files", c.values
		}
		return out
	}
	return c
}

var lineForm = regexp.MustCompile(`^\s*([<>=])\s*(\d{1,9})\s*$`)

// modifiedLines holds when one of its comparisons does.
func modifiedLines(e *node) *cond {
	var list []*cond
	for _, n := range e.entries() {
		m := lineForm.FindStringSubmatch(n.text())
		fact := map[string]string{"additions": "pr.additions", "deletions": "pr.deletions", "total": "pr.additions + pr.deletions"}[n.key]
		if m == nil || fact == "" {
			n.lose("no comparison of additions, deletions or total")
			return lost
		}
		compare := strings.Replace(m[1], "=", "==", 1)
		if n.key == "total" {
			list = append(list, is("lines", m[1]+m[2], fmt.Sprintf("%s %s %s", fact, compare, m[2])))
		} else {
			list = append(list, says(fmt.Sprintf("%s %s %s", fact, compare, m[2])))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return anyOf(list...)
}

// statuses is has_status: each of the statuses ended in one of the conclusions.
func statuses(e *node) *cond {
	want := e.get("conclusions").texts()
	if len(want) == 0 {
		want = []string{"success"}
	}
	var list []*cond
	for _, w := range want {
		if !slices.Contains(append(checkStates["check-failure"], "success", "neutral", "skipped", "stale", "pending"), w) {
			e.get("conclusions").lose(w + " is no conclusion of a check")
			return lost
		}
	}
	for _, s := range e.get("statuses").texts() {
		list = append(list, &cond{term: term{key: "check_is", value: tomlNode("check_is", []pair{{literal(s), want}}), every: true,
			expr: checkEnded("c.name == "+quote(s), want)}})
	}
	return all(list...)
}

// textPredicate is matches or not_matches, of which one is enough.
func textPredicate(e *node) *cond {
	key, fact := "title_matches", "pr.title"
	if e.key == "repository" {
		key, fact = "", "repo.full_name"
	}
	var list []*cond
	for _, side := range []string{"matches", "not_matches"} {
		n := e.get(side)
		var res, exprs []string
		for _, p := range n.list() {
			if err := checkRE(p.text()); err != nil {
				p.lose(err.Error())
				return lost
			}
			res, exprs = append(res, p.value), append(exprs, pattern{re: p.value}.expr(fact))
		}
		if len(res) == 0 {
			continue
		}
		c := &cond{term: term{key: key, values: res, expr: either(exprs)}}
		if key == "" {
			c.values = nil
		}
		if side == "not_matches" {
			c = not(c)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil
	}
	return anyOf(list...)
}
