package imports

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// mergify reads .mergify.yml: https://docs.mergify.com/configuration/file-format/
func mergify(in *source) {
	m := &mergifyFile{in: in, root: in.root, queues: map[string]*node{}, used: map[string]bool{}}
	in.root.read = true
	m.defaults = in.root.get("defaults").get("actions")
	for _, q := range in.root.get("queue_rules").list() {
		m.queues[q.get("name").text()] = q
	}
	for _, r := range in.root.get("pull_request_rules").list() {
		m.pullRequestRule(r)
	}
	for _, q := range in.root.get("queue_rules").list() {
		m.queueRule(q)
	}
	for _, p := range in.root.get("merge_protections").list() {
		m.protection(p)
	}
	for _, e := range in.root.items {
		switch e.key {
		case "shared", "_common", "anchors":
			if !e.read {
				e.skip("what its anchors name is read where they are used")
			}
		case "merge_queue", "priority_rules", "partition_rules", "scopes", "merge_protections_settings", "queue_settings":
			e.lose("the queue of Mergify itself; GitHub's merge queue has its settings in the ruleset of the branch")
		case "extends":
			e.lose("the rules of another repository are imported there; an account's own are in .github/bot.toml of its repository .github")
		case "commands_restrictions":
			e.lose("the commands of Mergify; [commands] and [[command]] give some of their own, with who = ... for who may give them")
		}
	}
}

// mergifyFile is a .mergify.yml while it is read.
type mergifyFile struct {
	in       *source
	root     *node
	defaults *node
	queues   map[string]*node
	used     map[string]bool // queues that a rule puts into
}

// conditions is what stands under one of the keys.
func (m *mergifyFile) conditions(n *node, keys ...string) *cond {
	var list []*cond
	for _, key := range keys {
		for _, c := range n.get(key).list() {
			list = append(list, mergifyCondition(c))
		}
	}
	return all(list...)
}

// mergifyCondition is one condition: a line, or and, or, not with conditions.
func mergifyCondition(c *node) *cond {
	if c.kind != mapping {
		return mergifyLine(c)
	}
	var list []*cond
	for _, e := range c.entries() {
		var inner []*cond
		for _, i := range e.list() {
			inner = append(inner, mergifyCondition(i))
		}
		switch e.key {
		case "and":
			list = append(list, all(inner...))
		case "or":
			list = append(list, anyOf(inner...))
		case "not":
			list = append(list, not(all(inner...)))
		default:
			e.lose("neither and, or nor not")
			list = append(list, lost)
		}
	}
	return all(list...)
}

// pullRequestRule is one of pull_request_rules. What Bellhop does at other times becomes a rule of its own.
func (m *mergifyFile) pullRequestRule(n *node) {
	r := m.in.next(n, n.get("name").text())
	r.why = n.get("description").text()
	r.cond = m.conditions(n, "conditions")
	if d := n.get("disabled"); d != nil {
		r.observes = true
		r.comments = append(r.comments, "Switched off in the source: "+d.get("reason").text())
	}
	if n.peek("hidden") != nil {
		n.get("hidden").skip("Bellhop lists no rules in a summary")
	}
	actions := n.get("actions")
	for _, a := range actions.entries() {
		m.action(r, a)
	}
	m.in.add(r)
}

// apart is a rule for one action of a rule that has others, or for the only one it has.
func (r *rule) apart(what string) *rule {
	out := *r
	out.then = nil
	if actions := r.of.peek("actions"); actions != nil && len(actions.items) > 1 {
		out.name += ": " + what
	}
	return &out
}

// option is an entry of an action, or its default.
func (m *mergifyFile) option(a *node, key string) *node {
	if n := a.get(key); n != nil {
		return n
	}
	return m.defaults.get(a.key).get(key)
}

// text is an option that is a template.
func (m *mergifyFile) text(a *node, key string) string {
	n := m.option(a, key)
	return jinja(n, strings.TrimSpace(n.text()))
}

// action adds what an action does to the rule.
func (m *mergifyFile) action(r *rule, a *node) {
	a.has()
	if a.kind == scalar || a.kind == sequence {
		a.lose("a table is expected here")
		return
	}
	if bot := m.option(a, "bot_account"); bot != nil {
		bot.lose("Bellhop acts as its own App, and as nobody else")
	}
	switch a.key {
	case "label":
		m.label(r, a)
	case "comment":
		if text := m.text(a, "message"); text != "" {
			r.do("comment", text)
		}
	case "assign":
		if users := m.logins(a, "users", "add_users"); len(users) > 0 {
			r.do("assign", users)
		}
		if users := m.logins(a, "remove_users"); len(users) > 0 {
			r.do("unassign", users)
		}
	case "review":
		m.review(r, a)
	case "request_reviews":
		m.requestReviews(r, a)
	case "merge":
		m.merge(r, a, nil)
	case "queue":
		m.queue(r, a)
	case "backport":
		m.backport(r, a)
	case "close":
		text := m.text(a, "message")
		if text == "" {
			text = "This pull request was closed automatically."
		}
		r.do("comment", text)
		r.do("close", "not_planned")
	case "delete_head_branch":
		if force := m.option(a, "force"); force != nil {
			force.skip("Bellhop deletes the branch whoever else uses it")
		}
		d := r.apart("delete the branch")
		if !r.cond.mentions("merged", "state") {
			d.cond = all(r.cond, is("state", []string{"merged", "closed"}, `pr.state != "open"`))
		}
		d.do("delete_branch", true)
		m.in.add(d)
	case "update":
		u := r.apart("update the branch")
		u.cond = all(r.cond, is("behind", ">0", "pr.behind > 0"))
		u.do("update_branch", true)
		m.in.add(u)
	case "dismiss_reviews":
		m.dismissReviews(r, a)
	case "edit":
		if draft := m.option(a, "draft"); draft != nil {
			if draft.flag(false) {
				r.do("draft", true)
			} else {
				r.do("ready", true)
			}
		}
	case "post_check":
		m.postCheck(r, a)
	case "github_actions":
		for _, w := range a.get("workflow").get("dispatch").list() {
			dispatch := []pair{{"workflow", plain(w.get("workflow").text())}, {"ref", jinja(w.get("ref"), w.get("ref").text())}}
			var inputs []pair
			for _, i := range w.get("inputs").entries() {
				inputs = append(inputs, pair{i.key, jinja(i, i.text())})
			}
			if len(inputs) > 0 {
				dispatch = append(dispatch, pair{"inputs", inputs})
			}
			r.do("dispatch", dispatch)
		}
	case "rebase":
		a.lose("Bellhop rebases no branch; then.update_branch = true merges the base into it")
	case "squash":
		a.lose("Bellhop rewrites no commits; then.merge = \"squash\" does so when it merges")
	case "copy":
		a.lose("Bellhop copies no open pull request; then.backport brings a merged one to other branches")
	default:
		a.lose("no action of Bellhop does this")
	}
}

func (m *mergifyFile) label(r *rule, a *node) {
	texts := func(key string) []string {
		var out []string
		n := m.option(a, key)
		for _, l := range n.list() {
			out = append(out, jinja(l, l.text()))
		}
		return out
	}
	if names := texts("add"); len(names) > 0 {
		r.do("add_label", names)
	}
	if names := texts("toggle"); len(names) > 0 {
		r.do("label", names)
	}
	names := literals(texts("remove"))
	if m.option(a, "remove_all").flag(false) {
		names = []string{"**"}
	}
	if len(names) > 0 {
		r.do("remove_label", names)
	}
}

// logins are options that name people.
func (m *mergifyFile) logins(a *node, keys ...string) []string {
	var out []string
	for _, key := range keys {
		n := m.option(a, key)
		for _, u := range n.list() {
			out = append(out, jinja(u, u.text()))
		}
	}
	return out
}

func (m *mergifyFile) review(r *rule, a *node) {
	text := m.text(a, "message")
	switch kind := m.option(a, "type"); strings.ToUpper(kind.text()) {
	case "", "APPROVE":
		r.do("approve", []pair{{"body", text}})
	case "REQUEST_CHANGES":
		if text == "" {
			text = "Changes are needed."
		}
		r.do("request_changes", text)
	case "COMMENT":
		if text != "" {
			r.do("comment", text)
		}
	default:
		kind.lose("neither APPROVE, REQUEST_CHANGES nor COMMENT")
	}
}

func (m *mergifyFile) requestReviews(r *rule, a *node) {
	var from []string
	read := func(key string, team bool) {
		n := m.option(a, key)
		if n != nil && n.kind == mapping { // with weights
			for _, e := range n.entries() {
				e.lose("then.review picks each with the same likelihood")
				from = append(from, reviewerName(e.key, team))
			}
			return
		}
		for _, u := range n.list() {
			if s := u.text(); s != "" {
				from = append(from, reviewerName(s, team))
			}
		}
	}
	read("users", false)
	read("teams", true)
	members := len(from)
	read("users_from_teams", true)
	count := m.option(a, "random_count").number(0)
	switch {
	case len(from) == 0:
	case count > 0:
		r.do("review", []pair{{"from", from}, {"count", count}})
	default:
		if len(from) > members {
			m.option(a, "users_from_teams").differ("the team is asked as such; with count = N so many of its members are")
		}
		r.do("review", from)
	}
}

// reviewerName writes a login, or a team with its organisation, which is the owner of the repository where none is named.
func reviewerName(s string, team bool) string {
	s = plain(strings.TrimPrefix(s, "@"))
	switch {
	case strings.Contains(s, "/"):
		return "@" + s
	case team:
		return "@{{ repo.owner }}/" + s
	}
	return s
}

// merge merges. queue is the queue that it went through, or nil.
func (m *mergifyFile) merge(r *rule, a, queue *node) {
	method := a.get("method", "merge_method")
	own := queue.get("merge_method", "method")
	if method == nil {
		method = own
	} else {
		own.differ("a rule that puts into the queue names another method")
	}
	if method == nil {
		method = m.option(a, "method")
	}
	how := method.text()
	if !slices.Contains([]string{"", "merge", "squash", "rebase"}, how) {
		method.lose("GitHub merges by merge, squash or rebase")
		how = ""
	}
	fields := []pair{{"method", how}}
	template := m.option(a, "commit_message_template")
	if template == nil {
		template = queue.get("commit_message_template")
	}
	if text := template.text(); text != "" && how != "rebase" {
		if message := commitMessage(template, text); message != nil {
			fields = append(fields, message...)
		}
	}
	if format := queue.get("commit_message_format"); format != nil {
		title, body := format.get("title"), format.get("body")
		switch t, b := title.text(), body.text(); {
		case how == "rebase":
		case t == "pr-title" && b == "pr-body":
			fields = append(fields, pair{"message", "pull_request"})
		default:
			format.lose("a message that is not the title and description of the pull request")
		}
	}
	for _, key := range []string{"strict", "strict_method", "rebase_fallback", "merge_bot_account", "update_bot_account", "update_method", "priority",
		"allow_merging_configuration_change", "require_branch_protection", "commit_message", "autosquash", "branch_protection_injection_mode"} {
		n := m.option(a, key)
		switch {
		case n == nil:
		case key == "require_branch_protection" || key == "branch_protection_injection_mode":
			n.skip("GitHub itself refuses what branch protection forbids")
		case key == "commit_message" && n.value == "title+body" && how != "rebase":
			n.has()
			fields = append(fields, pair{"message", "pull_request"})
		case key == "commit_message" && n.value == "default":
			n.has()
		case key == "allow_merging_configuration_change":
			n.skip("the rules in force are those of the default branch")
		default:
			n.lose("Bellhop has no queue of its own; GitHub's merge queue keeps branches up to date")
		}
	}
	if !slices.ContainsFunc(r.then, func(n *syntax.Node) bool { return n.Key == "merge" }) {
		r.do("merge", fields)
	}
	if !r.cond.mentions("state", "merged") {
		r.cond = all(r.cond, is("state", "open", `pr.state == "open"`))
	}
}

// commitMessage reads a template of a message: its first line and the rest.
func commitMessage(n *node, text string) []pair {
	title, body, _ := strings.Cut(strings.TrimSpace(text), "\n")
	body = strings.TrimSpace(body)
	spaceless := func(s string) string { return strings.Join(strings.Fields(s), "") }
	own := spaceless(title) == "{{title}}(#{{number}})"
	if strings.HasPrefix(spaceless(body), "{{body") && strings.HasSuffix(spaceless(body), "}}") && strings.Count(body, "{{") == 1 {
		if !own || spaceless(body) != "{{body}}" && spaceless(body) != "{{body_raw}}" {
			n.differ("the message is the title with the number, and the description")
		}
		return []pair{{"message", "pull_request"}}
	}
	if strings.Contains(spaceless(body), "{{body") {
		n.lose("a message with the description in the middle; message = \"pull_request\" takes title and description")
		return nil
	}
	return []pair{{"title", jinja(n, strings.TrimSpace(title))}, {"body", jinja(n, body)}}
}

// queue merges when the conditions of the queue hold too.
func (m *mergifyFile) queue(r *rule, a *node) {
	name := m.option(a, "name").text()
	q := m.queues[name]
	if q == nil && name == "" && len(m.queues) == 1 {
		for name, q = range m.queues {
		}
	}
	if q == nil && name == "" {
		q = m.queues["default"]
		name = "default"
	}
	if q == nil {
		a.differ("it merges as soon as the conditions hold: the queue " + name + " is not in this file")
	} else {
		m.used[name] = true
		r.cond = all(r.cond, m.conditions(q, "conditions", "queue_conditions", "merge_conditions"))
	}
	m.merge(r, a, q)
	const how = "Mergify tests one after the other what it merges; this merges as soon as it holds. With GitHub's merge queue, write then.enqueue = true."
	if !slices.Contains(r.comments, how) {
		r.comments = append(r.comments, how)
	}
}

// queueRule reads what no rule with the action queue has read of a queue. A queue with conditions of its own fills itself.
func (m *mergifyFile) queueRule(q *node) {
	name := q.get("name").text()
	if !m.used[name] && (q.peek("queue_conditions") != nil || q.peek("autoqueue") != nil) {
		r := m.in.next(q, "Merge what the queue "+name+" takes")
		r.cond = m.conditions(q, "queue_conditions", "conditions", "merge_conditions")
		m.merge(r, &node{kind: mapping, key: "queue", in: m.in, marks: new(marks)}, q)
		m.in.add(r)
	} else if !m.used[name] {
		m.in.count++
		q.lose("no rule puts anything into it, people did with @mergifyio queue; [[command]] with then.merge, or then.enqueue, lets them again")
		return
	}
	for _, e := range q.items {
		switch e.key {
		case "autoqueue":
			e.skip("what holds is merged")
		case "branch_protection_injection_mode", "require_branch_protection":
			e.skip("GitHub itself refuses what branch protection forbids")
		case "allow_inplace_checks", "allow_checks_interruption", "disallow_checks_interruption_from_queues", "batch_size", "batch_max_wait_time",
			"batch_max_failure_resolution_attempts", "speculative_checks", "max_parallel_checks", "checks_timeout", "priority", "update_method",
			"update_bot_account", "merge_bot_account", "draft_bot_account", "queue_branch_prefix", "queue_branch_merge_method", "allow_queue_branch_edit", "autosquash":
			e.lose("Bellhop has no queue of its own; GitHub's merge queue has settings like it in the ruleset of the branch")
		}
	}
}

func (m *mergifyFile) backport(r *rule, a *node) {
	var branches []string
	to := m.option(a, "branches")
	for _, b := range to.list() {
		branches = append(branches, jinja(b, b.text()))
	}
	for key, why := range map[string]string{
		"regexes":              "then.backport names its branches",
		"assignees":            "then.backport assigns nobody; a rule with when.label and then.assign can",
		"label_conflicts":      "then.backport tells about a conflict by a comment, or by a draft",
		"report_mode":          "then.backport tells about a conflict by a comment, or by a draft",
		"merge_conflict_style": "a conflict is brought in as git does by itself",
	} {
		if n := m.option(a, key); n != nil {
			n.lose(why)
		}
	}
	fields := []pair{{"to", branches}}
	for _, key := range []string{"title", "body"} {
		n := m.option(a, key)
		if text := n.text(); text != "" {
			text = strings.NewReplacer("{{ destination_branch }}", "{branch}", "{{destination_branch}}", "{branch}").Replace(text)
			fields = append(fields, pair{key, jinja(n, strings.TrimSpace(text))})
		}
	}
	var labels []string
	for _, l := range m.option(a, "labels").list() {
		labels = append(labels, jinja(l, l.text()))
	}
	fields = append(fields, pair{"labels", labels})
	if ignore := m.option(a, "ignore_conflicts"); ignore.flag(true) {
		fields = append(fields, pair{"conflict", "draft"})
	} else {
		fields = append(fields, pair{"conflict", "skip"})
	}
	if len(branches) == 0 {
		return
	}
	b := r.apart("backport")
	if !r.cond.mentions("merged", "state") {
		b.cond = all(is("state", "merged", "pr.merged"), r.cond)
	}
	b.do("backport", fields)
	m.in.add(b)
}

func (m *mergifyFile) dismissReviews(r *rule, a *node) {
	d := r.apart("dismiss reviews")
	message := m.text(a, "message")
	if message == "" {
		message = "The pull request was changed after this review."
	}
	switch when := m.option(a, "when"); when.text() {
	case "", "synchronize":
		d.on = []string{"pull_request.synchronize"}
	case "always":
	default:
		when.lose("neither synchronize nor always")
	}
	for _, kind := range []struct{ key, state string }{{"approved", "approved"}, {"changes_requested", "changes_requested"}} {
		n := m.option(a, kind.key)
		fields := []pair{{"message", message}, {"state", kind.state}}
		switch {
		case n != nil && n.kind == sequence:
			fields = append(fields, pair{"from", literals(n.texts())})
		case n != nil && n.value == "from_requested_reviewers":
			n.lose("then.dismiss_review names people, not those who are asked for a review")
			continue
		case !n.flag(true):
			continue
		}
		d.do("dismiss_review", fields)
	}
	m.in.add(d)
}

// postCheck is a gate: a check run that passes when its conditions hold.
func (m *mergifyFile) postCheck(r *rule, a *node) {
	g := r.apart("check")
	g.cond, g.gate = nil, true
	for _, key := range []string{"title", "summary"} {
		if n := m.option(a, key); n != nil {
			n.skip("the gate says by itself what holds and what is missing")
		}
	}
	if success := m.option(a, "success_conditions"); success != nil {
		g.cond, g.need = r.cond, m.conditions(a, "success_conditions")
	} else { // it succeeds as long as the rule holds
		g.need = r.cond
	}
	if n := m.option(a, "neutral_conditions"); n != nil {
		n.lose("a gate passes or fails, and is neutral where it is not about the pull request: when, unless")
	}
	if always := m.option(a, "always_show"); always != nil {
		always.skip("a gate is always there")
	}
	m.in.add(g)
}

// protection is one of merge_protections: a gate.
func (m *mergifyFile) protection(p *node) {
	r := m.in.next(p, p.get("name").text())
	r.gate = true
	r.why = oneLine(p.get("description").text())
	r.cond = m.conditions(p, "if")
	r.need = m.conditions(p, "success_conditions")
	m.in.add(r)
}

// jinjaFacts are the variables of Mergify's templates: https://docs.mergify.com/configuration/data-types/#template
var jinjaFacts = map[string]string{
	"author": "pr.author", "title": "pr.title", "number": "pr.number", "body": "pr.body", "body_raw": "pr.body", "base": "pr.base", "head": "pr.head",
	"label": "pr.labels", "labels": "pr.labels", "assignee": "pr.assignees", "assignees": "pr.assignees", "milestone": "pr.milestone",
	"merged-by": "pr.merged_by", "merged_by": "pr.merged_by", "repository-name": "repo.name", "repository_name": "repo.name",
	"repository-full-name": "repo.full_name", "repository_full_name": "repo.full_name", "approvers": "pr.approvers", "approved_reviews_by": "pr.approvers",
	"sender": "sender.login", "head_repo_full_name": "pr.head_repo",
}

// jinja reads a template of Jinja. What is more than a variable stays as it is, with a note.
func jinja(n *node, text string) string {
	var b strings.Builder
	unknown := ""
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			break
		}
		end := strings.Index(text[i:], "}}")
		if end < 0 {
			break
		}
		inner := strings.Trim(strings.TrimSpace(text[i+2:i+end]), "-")
		inner = strings.TrimSpace(inner)
		b.WriteString(text[:i])
		if fact := jinjaFacts[inner]; fact != "" {
			b.WriteString("{{ " + fact + " }}")
		} else {
			unknown = inner
			b.WriteString(plain("{{") + strings.ReplaceAll(" "+inner+" ", "{{", "") + "}}")
		}
		text = text[i+end+2:]
	}
	if strings.Contains(text, "{%") || strings.Contains(b.String(), "{%") {
		unknown = "{% ... %}"
	}
	if unknown != "" {
		n.note(fmt.Sprintf("%s of this template stays as it is: Bellhop has only {{ EXPRESSION }} in texts", unknown), true)
	}
	return b.String() + plain(text)
}
