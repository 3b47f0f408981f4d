package imports

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// mergeable reads .github/mergeable.yml of version 2: https://mergeable.readthedocs.io/en/latest/configuration.html
func mergeable(in *source) {
	in.root.read = true
	if v := in.root.get("version"); v.text() == "2" {
		v.skip("Bellhop has one form of rules")
	} else {
		v.differ("it is read as version 2")
	}
	recipes := in.root.get("mergeable")
	if recipes != nil && recipes.kind == mapping {
		recipes.lose("version 1 of Mergeable; its site tells how to bring it to version 2")
		return
	}
	for i, n := range recipes.list() {
		mergeableRecipe(in, n, i+1)
	}
}

// mergeableRecipe is one recipe. About pull requests in general it is a gate, which Mergeable shows as a check run; about
// other events a rule, and about the clock a rule about what is stale.
func mergeableRecipe(in *source, n *node, number int) {
	r := in.next(n, n.get("name").text())
	if r.name == "" {
		r.name = fmt.Sprintf("Mergeable %d", number)
	}
	m := &recipe{in: in, r: r, fact: "pr"}
	m.when(n.get("when"))
	var about []*cond
	for _, f := range n.get("filter").list() {
		about = append(about, m.validator(f))
	}
	r.cond = all(about...)
	if n.kind != mapping {
		return
	}
	var holds []*cond
	for _, v := range n.get("validate").list() {
		holds = append(holds, m.validator(v))
	}
	pass, fail := m.actions(n.get("pass")), m.actions(n.get("fail"))
	if e := n.get("error"); e.has() {
		e.skip("a gate that cannot be decided says so")
	}
	need := all(holds...)
	r.why = oneLine(strings.Join(m.messages, " "))
	if len(r.why) > 900 {
		r.why = ""
	}
	switch {
	case m.pulls && need != nil:
		r.gate, r.need, r.then, r.otherwise = true, need, pass, fail
	case need == nil:
		r.then = pass
	default:
		r.then = pass
		if len(fail) > 0 && len(r.on) > 0 {
			r.otherwise = fail
			r.cond = all(r.cond, need)
			break
		}
		if len(fail) > 0 { // a state, in which the one or the other is so
			f := r.also(r.name + ": failed")
			if len(pass) == 0 {
				f.name = r.name
			}
			f.why, f.cond, f.then = r.why, all(r.cond, not(need)), fail
			in.add(f)
		}
		r.cond = all(r.cond, need)
	}
	in.add(r)
}

// recipe is what is known of a recipe while it is read.
type recipe struct {
	in       *source
	r        *rule
	fact     string // pr or issue
	pulls    bool   // it is about the state of pull requests
	stale    bool
	messages []string
}

// when reads the events, with commas between.
func (m *recipe) when(n *node) {
	var moments []string
	kinds := map[string]bool{}
	events := n.text()
	for event := range strings.SplitSeq(events, ",") {
		event = strings.TrimSpace(event)
		name, activity, _ := strings.Cut(event, ".")
		switch {
		case event == "":
		case name == "schedule":
			m.stale = true
		case activity == "*" || activity == "":
			kinds[name] = true
		default:
			kinds[name] = true
			moments = append(moments, event)
		}
	}
	issues := kinds["issues"] || kinds["issue_comment"]
	pulls := kinds["pull_request"] || kinds["pull_request_review"] || kinds["status"] || kinds["check_suite"]
	if !pulls && issues {
		m.fact = "issue"
	}
	switch {
	case m.stale:
	case len(moments) == len(strings.Split(events, ",")) || kinds["issue_comment"] && !pulls:
		m.r.on = moments
		if len(moments) == 0 {
			m.r.on = []string{"issue_comment.created"}
		}
	case pulls:
		m.pulls = true
		if issues {
			n.lose("a gate is about pull requests; the same for issues is a rule with when.kind = \"issue\"")
		}
	case issues:
		m.r.cond = is("kind", "issue", `subject.kind == "issue"`)
	default:
		n.lose("no event that Bellhop knows how to carry over")
	}
}

// message keeps what a validator says when it fails.
func (m *recipe) message(n *node) {
	s := strings.TrimSpace(n.get("message").text())
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	if s != "" && !slices.Contains(m.messages, s) {
		m.messages = append(m.messages, s)
	}
}

// validator is one item of filter or validate.
func (m *recipe) validator(n *node) *cond {
	do := n.get("do").text()
	switch do {
	case "and", "or", "not":
		var inner []*cond
		for _, key := range []string{"validate", "filter"} {
			for _, v := range n.get(key).list() {
				inner = append(inner, m.validator(v))
			}
		}
		switch do {
		case "or":
			return anyOf(inner...)
		case "not":
			return not(all(inner...))
		}
		return all(inner...)
	case "title", "description", "label", "milestone", "baseRef", "headRef", "assignee", "author", "lastComment", "changeset":
		return m.options(n, m.subject(do))
	case "approvals":
		return m.approvals(n)
	case "commit":
		return m.commit(n)
	case "size":
		return m.size(n)
	case "dependent":
		return m.dependent(n)
	case "stale":
		return m.age(n)
	case "payload":
		return m.payload(n)
	case "repository":
		n.lose("which repository it is says where the rule file stands; when.repo, when.topic and when.visibility ask for it in an account's file")
		return lost
	}
	n.lose("Bellhop has nothing like the validator " + do)
	return lost
}

// tested is what a validator looks at.
type tested struct {
	key, re string // matchers of the whole text, and of a regular expression
	begins  string // matcher of a beginning
	fact    string
	list    bool // it is a list: one that matches is enough
	count   string
	empty   string // expression that it is empty
}

func (m *recipe) subject(do string) tested {
	f := m.fact
	return map[string]tested{
		"title":       {re: "title_matches", begins: "title_begins", fact: f + ".title", empty: f + `.title.trim() == ""`},
		"description": {re: "body_matches", fact: f + ".body", empty: f + `.body.without_comments().trim() == ""`},
		"label":       {key: "label", fact: f + ".labels", list: true, count: "labels", empty: "size(" + f + ".labels) == 0"},
		"milestone":   {key: "milestone", fact: f + ".milestone", empty: f + `.milestone == ""`},
		"baseRef":     {key: "base", fact: "pr.base", empty: "false"},
		"headRef":     {key: "head", fact: "pr.head", empty: "false"},
		"assignee":    {key: "assignee", fact: f + ".assignees", list: true, count: "assignees", empty: "size(" + f + ".assignees) == 0"},
		"author":      {key: "author", fact: f + ".author", empty: "false"},
		"lastComment": {re: "comment_matches", fact: "comment.body", empty: `comment.body.trim() == ""`},
		"changeset":   {key: "files", fact: "pr.files.map(f, f.path)", list: true, count: "changed_files", empty: "pr.changed_files == 0"},
	}[do]
}

// options are the options of a validator, which must all hold.
func (m *recipe) options(n *node, t tested) *cond {
	var list []*cond
	for _, e := range n.entries() {
		switch e.key {
		case "do":
		case "and", "or":
			var inner []*cond
			for _, i := range e.list() {
				inner = append(inner, m.options(i, t))
			}
			if e.key == "or" {
				list = append(list, anyOf(inner...))
			} else {
				list = append(list, all(inner...))
			}
		case "must_include", "must_exclude":
			m.message(e)
			c := m.include(e, t)
			if e.key == "must_exclude" {
				c = not(c)
			}
			list = append(list, c)
		case "begins_with", "ends_with":
			m.message(e)
			list = append(list, m.edge(e, t))
		case "no_empty", "no-empty":
			m.message(e)
			if e.get("enabled").flag(true) {
				list = append(list, m.filled(t))
			}
		case "min", "max":
			m.message(e)
			if c := m.bound(e, t); c != nil {
				list = append(list, c)
			}
		case "required", "team", "one_of", "none_of":
			if c := m.persons(e, t); c != nil {
				list = append(list, c)
				continue
			}
			e.lose("Bellhop has nothing like this option")
			list = append(list, lost)
		case "files":
			e.lose("which files count, by whether they were added, modified or removed; when.added_files and the like ask for it")
			list = append(list, lost)
		default:
			e.lose("Bellhop has nothing like this option")
			list = append(list, lost)
		}
	}
	return all(list...)
}

// include is a regular expression, or texts of which all are needed.
func (m *recipe) include(e *node, t tested) *cond {
	var list []*cond
	for _, n := range e.get("regex").list() {
		flags := "i"
		if f := e.get("regex_flag"); f != nil {
			if flags = f.text(); flags == "none" {
				flags = ""
			}
		}
		re, err := jsPattern(n.text(), flags)
		if err != nil {
			n.lose(err.Error())
			return lost
		}
		list = append(list, t.matches(re))
	}
	for _, s := range e.get("match").texts() {
		list = append(list, t.equals(s))
	}
	if all := e.get("all"); all.flag(false) && t.list {
		all.lose("that each of the list matches, not one of it")
		list = append(list, lost)
	}
	if len(list) == 0 {
		e.lose("neither regex nor match")
		return lost
	}
	return all(list...)
}

// matches holds a regular expression against it.
func (t tested) matches(re string) *cond {
	expr := pattern{re: re}.expr(t.fact)
	if t.list {
		expr = t.fact + ".exists(x, " + pattern{re: re}.expr("x") + ")"
	}
	if t.re != "" {
		return &cond{term: term{key: t.re, values: []string{re}, expr: expr}}
	}
	// A matcher of names passes over upper and lower case, as the flag i does.
	folded, isFolded := strings.CutPrefix(re, "(?i)")
	names := t.key == "label" || t.key == "milestone" || t.key == "assignee" || t.key == "author"
	if names == isFolded || t.key == "files" && isFolded {
		if globs, ok := globsOf(folded); ok {
			return &cond{term: term{key: t.key, values: globs, expr: expr}}
		}
	}
	return says(expr)
}

// equals holds a text against it.
func (t tested) equals(s string) *cond {
	expr := t.fact + " == " + quote(s)
	if t.list {
		expr = quote(s) + " in " + t.fact
	}
	if t.key == "" {
		return says(expr)
	}
	return &cond{term: term{key: t.key, values: []string{literal(s)}, expr: expr}}
}

func (m *recipe) edge(e *node, t tested) *cond {
	how := map[string]string{"begins_with": "startsWith", "ends_with": "endsWith"}[e.key]
	list := e.get("match").texts()
	if len(list) == 0 {
		e.lose("no match")
		return lost
	}
	each := func(s string) string {
		if t.list {
			return fmt.Sprintf("%s.exists(x, x.%s(%s))", t.fact, how, quote(s))
		}
		return fmt.Sprintf("%s.%s(%s)", t.fact, how, quote(s))
	}
	var exprs []string
	for _, s := range list {
		exprs = append(exprs, each(s))
	}
	c := says(either(exprs))
	if how == "startsWith" && t.begins != "" {
		c.key, c.values = t.begins, list
	}
	return c
}

// filled is that it is not empty.
func (m *recipe) filled(t tested) *cond {
	switch {
	case t.count != "":
		return is(t.count, ">0", negated(t.empty))
	case t.re == "body_matches":
		return is("body_length", ">0", negated(t.empty))
	}
	return says(negated(t.empty))
}

// bound is a least or a greatest number of items.
func (m *recipe) bound(e *node, t tested) *cond {
	compare := map[string]string{"min": ">=", "max": "<="}[e.key]
	count := e
	if e.kind == mapping {
		count = e.get("count")
	}
	n := count.number(-1)
	if n < 0 || t.count == "" {
		e.lose("no number of something that Bellhop counts")
		return lost
	}
	return is(t.count, fmt.Sprintf("%s%d", compare, n), fmt.Sprintf("size(%s) %s %d", t.fact, compare, n))
}

// persons is a list of people of whom one is it.
func (m *recipe) persons(e *node, t tested) *cond {
	if t.key != "author" || e.kind == scalar && e.key != "team" {
		return nil
	}
	var who []string
	for _, s := range e.texts() {
		if strings.HasPrefix(s, "@") && !strings.Contains(s, "/") {
			return nil // @author, @bot and the like
		}
		if e.key == "team" {
			s = "@" + strings.TrimPrefix(s, "@")
		}
		who = append(who, s)
	}
	if len(who) == 0 {
		return nil
	}
	c := people("author", t.fact, who...)
	if e.key == "none_of" {
		return not(c)
	}
	return c
}

// approvals is how often and by whom it is approved.
func (m *recipe) approvals(n *node) *cond {
	var list []*cond
	for _, e := range n.entries() {
		switch e.key {
		case "do":
		case "and", "or":
			var inner []*cond
			for _, i := range e.list() {
				inner = append(inner, m.approvals(i))
			}
			if e.key == "or" {
				list = append(list, anyOf(inner...))
			} else {
				list = append(list, all(inner...))
			}
		case "min", "max":
			m.message(e)
			if c := m.bound(e, tested{count: "approvals", fact: "pr.approvers"}); c != nil {
				list = append(list, c)
			}
		case "required":
			m.message(e)
			list = append(list, m.required(e)...)
		case "block":
			m.message(e)
			if e.get("changes_requested").flag(false) {
				list = append(list, not(matches("changes_requested_by", func(string) string { return "size(pr.changes_requested_by) > 0" }, "*")))
			}
		case "limit":
			list = append(list, m.limit(n, e))
		default:
			e.lose("Bellhop has nothing like this option")
			list = append(list, lost)
		}
	}
	return all(list...)
}

func (m *recipe) required(e *node) []*cond {
	var list []*cond
	for _, who := range e.get("reviewers").texts() {
		if org, team, ok := strings.Cut(who, "/"); ok {
			who = "@" + strings.TrimPrefix(org, "@") + "/" + team
		}
		value := who
		if !strings.HasPrefix(who, "@") {
			value = literal(who)
		}
		list = append(list, &cond{term: term{key: "approved_by", value: tomlNode("approved_by", []pair{{value, 1}}), every: true,
			expr: fmt.Sprintf("pr.approvers.exists(x, %s)", isPerson("x", who))}})
	}
	if e.get("owners").flag(false) {
		list = append(list, is("owners", "each >= 1", `size(owners_lack(pr.owners, pr.approvers, pr.author, team, "each", 1)) == 0`))
	}
	if e.get("assignees").flag(false) {
		list = append(list, says("pr.assignees.all(x, x == pr.author || x in pr.approvers)"))
	}
	if e.get("requested_reviewers").flag(false) {
		list = append(list, is("reviewers", 0, "size(pr.reviewers) == 0"), not(matches("changes_requested_by", func(string) string { return "size(pr.changes_requested_by) > 0" }, "*")))
	}
	return list
}

// limit is whose approvals count.
func (m *recipe) limit(n, e *node) *cond {
	var who []string
	for _, t := range e.get("teams").texts() {
		if strings.Contains(t, "/") {
			who = append(who, "@"+strings.TrimPrefix(t, "@"))
		} else {
			who = append(who, strings.TrimPrefix(t, "@"))
		}
	}
	who = append(who, e.get("users").texts()...)
	if e.get("owners").flag(false) {
		e.get("owners").lose("require.owners = \"any\" asks for an owner of each file; which owner's approvals alone count cannot be said")
		return lost
	}
	if len(who) == 0 {
		return nil
	}
	least := max(n.peek("min").peekNumber("count"), 1)
	if least == 1 {
		c := people("approved_by", "x", who...)
		c.expr = fmt.Sprintf("pr.approvers.exists(x, %s)", c.expr)
		return c
	}
	return says(fmt.Sprintf("size(pr.approvers.filter(x, %s)) >= %d", people("", "x", who...).expr, least))
}

// peekNumber is a number in a table that somebody else reads.
func (n *node) peekNumber(key string) int {
	e := n.peek(key)
	if e == nil {
		return 0
	}
	count := 0
	fmt.Sscanf(e.value, "%d", &count)
	return count
}

func (m *recipe) commit(n *node) *cond {
	e := n.get("message")
	m.message(e)
	r := e.get("regex")
	if r == nil {
		n.lose("no regex for the messages of commits")
		return lost
	}
	re, err := jsPattern(r.text(), "i")
	if f := e.get("regex_flag"); f != nil {
		flags := strings.Replace(f.text(), "none", "", 1)
		re, err = jsPattern(r.text(), flags)
	}
	if err != nil {
		r.lose(err.Error())
		return lost
	}
	test := pattern{re: re}.expr("c.message.first_line()")
	if e.get("skip_merge").flag(true) {
		test = `c.message.contains("Merge") || ` + test
	}
	switch {
	case e.get("single_commit_only").flag(false):
		return says("size(pr.commits) != 1 || pr.commits.all(c, " + test + ")")
	case e.get("oldest_only").flag(false):
		o := e.get("oldest_only")
		o.lose("which commit is the oldest cannot be asked; when.all_commits_match asks for all")
		return lost
	}
	return &cond{term: term{key: "all_commits_match", values: []string{"^Merge", re}, expr: "pr.commits.all(c, " + test + ")"}}
}

func (m *recipe) size(n *node) *cond {
	var list []*cond
	lines := n.get("lines")
	ignore := n.get("ignore")
	var globs []string
	for _, g := range ignore.list() {
		p, err := minimatch(g.text())
		if err != nil || p.glob == "" || p.not {
			g.lose("a pattern that Bellhop does not have for files that do not count")
			continue
		}
		globs = append(globs, p.glob)
	}
	for _, e := range lines.entries() {
		switch e.key {
		case "total", "max", "additions", "deletions":
			m.message(e)
			count := e
			if e.kind == mapping {
				count = e.get("count")
			}
			c := count.number(-1)
			if c < 0 {
				e.lose("no number of lines")
				return lost
			}
			most := fmt.Sprintf("<=%d", c)
			switch {
			case e.key == "additions" || e.key == "deletions":
				list = append(list, says(fmt.Sprintf("pr.%s <= %d", e.key, c)))
			case len(globs) > 0:
				var parts []string
				for _, g := range globs {
					parts = append(parts, pattern{glob: g}.expr("f.path"))
				}
				list = append(list, is("lines", []pair{{"range", most}, {"ignore", globs}},
					fmt.Sprintf("sum(pr.files.filter(f, !(%s)).map(f, f.additions + f.deletions)) <= %d", either(parts), c)))
			default:
				list = append(list, is("lines", most, fmt.Sprintf("pr.additions + pr.deletions <= %d", c)))
			}
		case "ignore_comments":
			if e.flag(false) {
				e.lose("comments in code count, too")
			}
		default:
			e.lose("Bellhop has nothing like this option")
		}
	}
	if len(list) == 0 {
		n.lose("no number of lines")
		return lost
	}
	return all(list...)
}

// dependent demands some files where others are changed.
func (m *recipe) dependent(n *node) *cond {
	need := func(files *node) *cond {
		var list []*cond
		for _, f := range files.list() {
			list = append(list, fileGlobs(globKeys[0], f))
		}
		return all(list...)
	}
	changed := n.get("changed")
	m.message(changed)
	if changed == nil {
		m.message(n)
		return need(n.get("files"))
	}
	there := fileGlobs(globKeys[0], changed.get("file"))
	return anyOf(not(there), need(changed.get("required", "files")))
}

// age is what is stale: nothing on it changed for some days.
func (m *recipe) age(n *node) *cond {
	days := n.get("days").number(0)
	if days <= 0 {
		n.lose("no number of days")
		return lost
	}
	list := []*cond{is("state", "open", `subject.state == "open"`), is("since_update", fmt.Sprintf(">%dd", days), fmt.Sprintf(`now - subject.updated_at > duration("%dd")`, days))}
	types := n.get("type").text()
	issue, pull := strings.Contains(types, "issue"), strings.Contains(types, "pull_request")
	if issue != pull {
		list = append(list, is("kind", map[bool]string{true: "issue", false: "pull_request"}[issue], ""))
	} else {
		list = append(list, matches("kind", func(s string) string { return "subject.kind == " + quote(s) }, "issue", "pull_request"))
	}
	labels := n.get("label")
	named := func(names []string) *cond {
		c := hasLabel(names...)
		c.expr = strings.ReplaceAll(c.expr, "pr.", "subject.")
		return c
	}
	for _, l := range labels.get("match").texts() {
		list = append(list, named([]string{l}))
	}
	if names := labels.get("ignore").texts(); len(names) > 0 {
		list = append(list, not(named(names)))
	}
	if t := n.get("time_constraint"); t != nil {
		t.lose("when.time says when a rule looks, as \"Mon-Fri 09:00-17:00 America/Los_Angeles\"")
		list = append(list, lost)
	}
	return all(list...)
}

// payload asks for what stands in the payload; a draft, most of all.
func (m *recipe) payload(n *node) *cond {
	var list []*cond
	for _, e := range n.entries() {
		if e.key == "do" {
			continue
		}
		draft := e.peek("draft")
		if e.key != "pull_request" || draft == nil || len(e.items) != 1 {
			e.lose("Bellhop reads the payload as event, in if: 'event.sender.login != \"octocat\"'")
			list = append(list, lost)
			continue
		}
		e.has()
		yes := draft.get("boolean").get("match").flag(true)
		list = append(list, is("draft", yes, map[bool]string{true: "pr.draft", false: "!pr.draft"}[yes]))
	}
	return all(list...)
}

// actions are those of pass or fail.
func (m *recipe) actions(n *node) []*syntax.Node {
	var out []*syntax.Node
	add := func(name string, value any) { out = append(out, act(name, value)) }
	for _, a := range n.list() {
		if a.kind != mapping {
			a.lose("no action")
			continue
		}
		switch do := a.get("do").text(); do {
		case "checks", "check":
			for _, e := range a.items {
				if e.key != "do" {
					e.skip("the gate is the check run, and says by itself what holds and what is missing")
				}
			}
		case "comment":
			body := a.get("payload").get("body")
			if text := annotated(body, strings.TrimSpace(body.text())); text != "" {
				add("comment", text)
			}
			if old := a.get("leave_old_comment"); old != nil {
				old.skip("Bellhop leaves its comments; then.sticky keeps one up to date")
			}
		case "label", "labels":
			for _, key := range []string{"labels", "add", "replace"} {
				l := a.get(key)
				if names := plains(l.texts()); len(names) > 0 {
					if key == "replace" {
						l.lose("then.add_label adds, and takes no others off; with group = \"*\" it does")
					} else {
						add("add_label", names)
					}
				}
			}
			if mode := a.get("mode"); mode != nil && mode.value != "add" {
				mode.lose("then.add_label adds, and takes no others off")
			} else {
				mode.has()
			}
			if names := literals(a.get("delete", "remove").texts()); len(names) > 0 {
				add("remove_label", names)
			}
		case "remove_label":
			add("remove_label", literals(a.get("label", "labels").texts()))
		case "close":
			add("close", "not_planned")
		case "assign":
			var users []string
			for _, u := range a.get("assignees").texts() {
				users = append(users, atName(u, m.fact))
			}
			if len(users) > 0 && len(users) <= 10 {
				add("assign", users)
			} else {
				a.get("assignees").lose("GitHub takes between one and ten assignees")
			}
		case "request_review":
			var from []string
			for _, u := range a.get("reviewers").texts() {
				from = append(from, atName(u, m.fact))
			}
			for _, t := range a.get("teams").texts() {
				from = append(from, reviewerName(t, true))
			}
			if len(from) > 0 {
				add("review", from)
			}
		case "merge":
			how := a.get("merge_method")
			method := how.text()
			if !slices.Contains([]string{"", "merge", "squash", "rebase"}, method) {
				how.lose("GitHub merges by merge, squash or rebase")
				method = ""
			}
			m.r.comments = append(m.r.comments, "It merges when the checks that branch protection demands are green.")
			m.r.cond = all(m.r.cond, is("checks", "required", `pr.required_state == "green"`))
			add("merge", []pair{{"method", method}})
		default:
			a.lose("no action of Bellhop does this")
		}
	}
	return out
}

func plains(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, plain(s))
	}
	return out
}

// atName reads a login, or what stands for one.
func atName(s, fact string) string {
	switch strings.TrimPrefix(s, "@") {
	case "author":
		return "{{ " + fact + ".author }}"
	case "sender", "action":
		return "{{ sender.login }}"
	}
	return plain(strings.TrimPrefix(s, "@"))
}

// annotated reads a text with the marks of Mergeable: https://mergeable.readthedocs.io/en/latest/annotations.html
func annotated(n *node, s string) string {
	if strings.Contains(s, "{{") {
		n.differ("templates of Handlebars stay as they are")
	}
	s = plain(s)
	for mark, fact := range map[string]string{"@author": "@{{ subject.author }}", "@sender": "@{{ sender.login }}", "@action": "{{ delivery.activity }}", "@repository": "{{ repo.full_name }}"} {
		s = strings.ReplaceAll(s, mark, fact)
	}
	return s
}
