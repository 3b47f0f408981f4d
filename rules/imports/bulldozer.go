package imports

import (
	"fmt"
	"slices"
)

func looksLikeBulldozer(root *node) bool {
	return root.peek("version") != nil && (root.peek("merge") != nil || root.peek("update") != nil) && root.peek("merge").peek("automerge_label") == nil
}

// bulldozer reads .bulldozer.yml: https://github.com/palantir/bulldozer#configuration
func bulldozer(in *source) {
	root := in.root
	root.get("version").skip("Bellhop has one form of rules")
	merge := root.get("merge")
	if merge.has() {
		bulldozerMerge(in, merge)
	}
	update := root.get("update")
	if !update.has() {
		return
	}
	r := in.next(update, "Keep branches up to date")
	scope := []*cond{bulldozerSignal(update.get("trigger", "whitelist")), bulldozerIgnore(update.get("ignore", "blacklist"))}
	if names := update.get("required_statuses").texts(); len(names) > 0 {
		scope = append(scope, greenChecks(names))
	}
	if update.get("ignore_drafts").flag(false) {
		scope = append(scope, is("draft", false, "!pr.draft"))
	}
	r.cond = all(append(scope, is("behind", ">0", "pr.behind > 0"), is("state", "open", `pr.state == "open"`))...)
	r.do("update_branch", true)
	in.add(r)
}

func bulldozerMerge(in *source, merge *node) {
	ready := []*cond{bulldozerSignal(merge.get("trigger", "whitelist")), bulldozerIgnore(merge.get("ignore", "blacklist")),
		is("state", "open", `pr.state == "open"`), is("draft", false, "!pr.draft")}
	if names := merge.get("required_statuses").texts(); len(names) > 0 {
		ready = append(ready, greenChecks(names))
	}
	if merge.get("allow_merge_with_no_checks").flag(false) {
		ready = append(ready, matches("checks", func(s string) string { return "pr.checks_state == " + quote(s) }, "green", "none"))
	} else {
		ready = append(ready, is("checks", "required", `pr.required_state == "green"`))
	}
	options := merge.get("options")
	method := merge.get("method")
	branches := merge.get("branch_method")
	var own []string
	first := in.next(merge, "Merge")
	first.comments = []string{"As bulldozer, it merges when the checks that branch protection demands are green."}
	for _, b := range branches.entries() {
		r := first.also("Merge into " + b.key)
		r.cond = all(append([]*cond{onBranch(b.key)}, ready...)...)
		bulldozerMethod(r, b, b.text(), options)
		in.add(r)
		own = append(own, b.key)
	}
	if len(own) > 0 {
		ready = append(ready, not(anyOf(eachBranch(own)...)))
	}
	if list := merge.get("merge_method"); list != nil {
		list.lose("a method for each sort of pull request; each is a rule of its own with then.merge")
	}
	first.cond = all(ready...)
	bulldozerMethod(first, method, method.text(), options)
	in.add(first)
	if squash := options.peek("squash"); squash != nil && !squash.read {
		options.get("squash").skip("nothing is squashed")
	}
	if merge.get("delete_after_merge").flag(false) {
		r := first.also("Delete merged branches")
		r.cond = all(is("state", "merged", "pr.merged"), is("from_fork", false, "!pr.from_fork"))
		r.do("delete_branch", true)
		in.add(r)
	}
}

// bulldozerMethod merges by a method.
func bulldozerMethod(r *rule, n *node, method string, options *node) {
	if !slices.Contains([]string{"", "merge", "squash", "rebase"}, method) {
		n.lose("Bellhop merges by merge, squash or rebase; it fast-forwards nothing")
		r.observes = true
		method = ""
	}
	fields := []pair{{"method", method}}
	if squash := options.get("squash"); squash.has() && method == "squash" {
		title, body, mark := squash.get("title"), squash.get("body"), squash.get("message_delimiter")
		switch body.text() {
		case "pull_request_body":
			fields = append(fields, pair{"message", "pull_request"})
			if mark.text() != "" {
				mark.lose("then.merge takes the description down to a line (cut = \"...\"), not what is between two marks")
			}
		case "summarize_commits", "":
			if mark.text() != "" {
				mark.skip("the description is not the message")
			}
		default:
			body.lose("then.merge writes no empty message; with body = \"...\" it writes another")
		}
		switch title.text() {
		case "", "pull_request_title", "github_default_title":
		default:
			title.lose("the title is GitHub's, or with message = \"pull_request\" that of the pull request")
		}
	}
	r.do("merge", fields)
}

// bulldozerSignal is what a trigger looks for, of which one is enough. Without one all pull requests are meant.
func bulldozerSignal(n *node) *cond {
	if n == nil {
		return nil
	}
	var either []*cond
	for _, e := range n.entries() {
		switch e.key {
		case "labels":
			if names := e.texts(); len(names) > 0 {
				either = append(either, hasLabel(names...))
			}
		case "branches":
			either = append(either, eachBranch(e.texts())...)
		case "branch_patterns":
			for _, p := range e.list() {
				either = append(either, branchRE(p, "base", p.text()))
			}
		case "pr_body_substrings":
			either = append(either, bodyHas(e))
		case "comment_substrings":
			e.differ("it looks in the description alone, not in comments")
			either = append(either, bodyHas(e))
		case "comments":
			e.lose("Bellhop remembers no comment; a [[command]] with then.add_label, and when.label here, does the same")
			either = append(either, lost)
		case "auto_merge":
			if e.flag(false) {
				either = append(either, is("auto_merge", true, "pr.auto_merge"))
			}
		case "max_commits":
			if count := e.number(0); count > 0 {
				either = append(either, is("commits", fmt.Sprintf("<=%d", count), fmt.Sprintf("pr.commit_count <= %d", count)))
			}
		default:
			e.lose("bulldozer has no such signal")
		}
	}
	if len(either) == 0 {
		return nil
	}
	return someOf(either)
}

func bodyHas(e *node) *cond {
	list := e.texts()
	if len(list) == 0 {
		return says("false")
	}
	return matches("body_has", func(s string) string { return "pr.body.contains(" + quote(s) + ")" }, list...)
}

// bulldozerIgnore is the same signals turned round. One that is lost would let through what was held back.
func bulldozerIgnore(n *node) *cond {
	if n == nil {
		return nil
	}
	var comments *node
	if comments = n.peek("comments"); comments != nil {
		comments.lose("Bellhop remembers no comment; a [[command]] with then.add_label, and unless.label here, does the same")
	}
	rest := &node{kind: n.kind, key: n.key, line: n.line, path: n.path, in: n.in, marks: n.marks}
	for _, e := range n.items {
		if e != comments {
			rest.items = append(rest.items, e)
		}
	}
	c := bulldozerSignal(rest)
	if c != nil {
		c = not(c)
	}
	if comments != nil {
		return all(c, lost)
	}
	return c
}
