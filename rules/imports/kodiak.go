package imports

import (
	"fmt"
	"slices"
	"strings"
)

// kodiak reads .kodiak.toml: https://github.com/chdsbd/kodiak/blob/master/docs/docs/config-reference.md
func kodiak(in *source) {
	root := in.root
	root.get("version").skip("Bellhop has one form of rules")
	merge, update, approve := root.get("merge"), root.get("update"), root.get("approve")
	off := merge.get("do_not_merge").flag(false)
	if off {
		for _, e := range merge.items {
			if !slices.Contains([]string{"do_not_merge", "automerge_label", "delete_branch_on_merge"}, e.key) {
				e.skip("nothing is merged: do_not_merge")
			}
		}
	}
	labels := merge.get("automerge_label").texts()
	if len(labels) == 0 {
		labels = []string{"automerge"}
	}
	needed := merge.get("require_automerge_label")
	block := kodiakBlocks(merge)
	method, message := kodiakMethod(merge)
	// GitHub refuses what branch protection forbids; the rule waits for it, so that it merges once.
	ready := all(is("checks", "required", `pr.required_state == "green"`), is("draft", false, "!pr.draft"), is("state", "open", `pr.state == "open"`),
		not(matches("review_decision", func(s string) string { return "pr.review_decision == " + quote(s) }, "changes_requested", "review_required")), block)

	from := merge
	if from == nil {
		from = root
	}
	main := in.next(from, "Merge")
	if needed.flag(true) {
		main.name = "Merge what has the label"
		main.cond = hasLabel(labels...)
	}
	main.cond = all(main.cond, ready)
	main.comments = []string{"As Kodiak, it merges when the checks and reviews that branch protection demands are there."}
	main.do("merge", append([]pair{{"method", method}}, message...))
	if !off {
		in.add(main)
	}
	deps := merge.get("automerge_dependencies")
	if versions := deps.get("versions").texts(); len(versions) > 0 {
		r := in.next(deps, "Merge updates of dependencies")
		r.cond = all(kodiakPeople(deps.get("usernames")), matches("update", func(s string) string { return "pr.update == " + quote(s) }, versions...), ready)
		r.do("merge", append([]pair{{"method", method}}, message...))
		if !off {
			in.add(r)
		}
	}
	if notify := merge.get("notify_on_conflict"); notify.flag(true) && needed.flag(true) && !off {
		r := main.also("Tell about conflicts")
		r.cond = all(hasLabel(labels...), mergifyFlags["conflict"])
		r.do("comment", "This pull request has a merge conflict. Put the label on again when it is resolved, please.")
		r.do("remove_label", literals(labels))
		in.add(r)
	}
	if merge.get("delete_branch_on_merge").flag(false) {
		r := in.next(merge.peek("delete_branch_on_merge"), "Delete merged branches")
		r.cond = all(is("state", "merged", "pr.merged"), is("from_fork", false, "!pr.from_fork"))
		r.do("delete_branch", true)
		in.add(r)
	}
	kodiakUpdate(in, update, labels)
	if names := approve.get("auto_approve_usernames"); len(names.texts()) > 0 {
		r := in.next(names, "Approve")
		r.cond = all(kodiakPeople(names), is("state", "open", `pr.state == "open"`))
		r.do("approve", []pair{})
		in.add(r)
	}
	kodiakRest(merge)
}

// kodiakBlocks is what keeps a pull request from being merged.
func kodiakBlocks(merge *node) *cond {
	var list []*cond
	for _, key := range []string{"blocking_labels", "blacklist_labels"} {
		if names := merge.get(key).texts(); len(names) > 0 {
			list = append(list, not(hasLabel(names...)))
		}
	}
	title := merge.get("blocking_title_regex", "blacklist_title_regex")
	re := "^WIP:.*"
	if title != nil {
		re = title.text()
	}
	if re != "" {
		if err := checkRE(re); err != nil {
			title.lose(err.Error())
			list = append(list, lost)
		} else {
			list = append(list, not(textRE("title_matches", "pr.title", re)))
		}
	}
	if merge.get("block_on_reviews_requested").flag(false) {
		list = append(list, is("reviewers", 0, "size(pr.reviewers) == 0"))
	}
	return all(list...)
}

// kodiakMethod is how it merges, and with what message.
func kodiakMethod(merge *node) (string, []pair) {
	n := merge.get("method")
	method := n.text()
	if !slices.Contains([]string{"", "merge", "squash", "rebase"}, method) {
		n.lose("Bellhop merges by merge, squash or rebase; it fast-forwards nothing")
		method = ""
	}
	m := merge.get("message")
	title, body := m.get("title").text(), m.get("body").text()
	for key, why := range map[string]string{
		"strip_html_comments": "Bellhop leaves HTML comments out of messages, always",
		"body_type":           "Bellhop takes the description as it is written",
	} {
		if k := m.get(key); k != nil {
			if key == "body_type" && k.value != "markdown" {
				k.lose(why)
			} else {
				k.skip(why)
			}
		}
	}
	number := m.get("include_pr_number")
	withNumber := number.flag(true)
	var out []pair
	switch {
	case method == "rebase":
		m.skip("a rebase keeps the messages of the commits")
		return method, nil
	case title == "pull_request_title" && body == "pull_request_body" && withNumber:
		out = append(out, pair{"message", "pull_request"})
	case title == "pull_request_title" || body == "pull_request_body":
		if body == "pull_request_body" {
			out = append(out, pair{"message", "pull_request"})
			if title != "pull_request_title" {
				m.get("body").differ("the title is that of the pull request, too")
			}
		}
		if title == "pull_request_title" {
			if withNumber {
				out = append(out, pair{"title", "{{ pr.title }} (#{{ pr.number }})"})
			} else {
				out = append(out, pair{"title", "{{ pr.title }}"})
			}
		}
	}
	if body == "empty" {
		m.get("body").lose("then.merge writes no empty message; with body = \"...\" it writes another")
	}
	own := slices.ContainsFunc(out, func(p pair) bool { return p.key == "message" })
	if cut := m.get("cut_body_after"); cut.text() != "" {
		if own {
			out = append(out, pair{"cut", plain(cut.value)})
			if !m.get("cut_body_and_text").flag(false) {
				cut.differ("the line itself is left out, too")
			}
		} else {
			cut.lose("only the description of the pull request is cut")
		}
	}
	var trailers []string
	if m.get("include_pull_request_author").flag(false) {
		trailers = append(trailers, "Co-authored-by: {{ pr.author }} <{{ pr.author }}@users.noreply.github.com>")
	}
	if m.get("include_pull_request_url").flag(false) {
		trailers = append(trailers, "Pull-request: https://github.com/{{ repo.full_name }}/pull/{{ pr.number }}")
	}
	if len(trailers) > 0 && own {
		out = append(out, pair{"trailers", trailers})
	} else if len(trailers) > 0 {
		m.get("include_pull_request_author", "include_pull_request_url").lose("GitHub's own message takes no further lines")
	}
	if c := m.get("include_coauthors"); c.flag(false) {
		c.differ("GitHub names the authors of the commits of a squash by itself")
	}
	return method, out
}

// kodiakPeople reads logins. Kodiak writes those of Apps without [bot]; those of people stay.
func kodiakPeople(n *node) *cond {
	var out []string
	for _, name := range n.texts() {
		bots := []string{"dependabot", "dependabot-preview", "renovate", "renovate-bot", "greenkeeper", "pre-commit-ci", "github-actions", "snyk-bot", "depfu", "pyup-bot", "imgbot", "allcontributors"}
		people := []string{"renovate-bot", "snyk-bot", "pyup-bot"} // which are users all the same
		if slices.Contains(bots, name) && !slices.Contains(people, name) {
			name += "[bot]"
		} else if !strings.HasSuffix(name, "[bot]") && !slices.Contains(people, name) {
			n.differ(fmt.Sprintf("%s is a person here; for an App write %q", name, name+"[bot]"))
		}
		out = append(out, name)
	}
	if len(out) == 0 {
		return nil
	}
	return people("author", "pr.author", out...)
}

// kodiakUpdate keeps branches up to date.
func kodiakUpdate(in *source, update *node, labels []string) {
	behind := all(is("behind", ">0", "pr.behind > 0"), is("state", "open", `pr.state == "open"`))
	scope := behind
	if names := update.get("ignored_usernames", "blacklist_usernames"); len(names.texts()) > 0 {
		scope = all(scope, not(kodiakPeople(names)))
	}
	always, needed := update.get("always").flag(false), update.get("require_automerge_label").flag(true)
	own := update.get("automerge_label")
	if own != nil {
		own.skip("Kodiak has no such option: merge.automerge_label counts")
	}
	auto := update.get("autoupdate_label").texts()
	var either []*cond
	switch {
	case always && needed:
		either = append(either, hasLabel(labels...))
	case always:
		either = append(either, nil)
	}
	if len(auto) > 0 {
		either = append(either, hasLabel(auto...))
	}
	if len(either) == 0 {
		return
	}
	r := in.next(update, "Keep branches up to date")
	r.cond = all(anyOf(either...), scope)
	r.do("update_branch", true)
	in.add(r)
}

// kodiakRest tells about the options that no rule has.
func kodiakRest(merge *node) {
	for key, why := range map[string]string{
		"prioritize_ready_to_merge":              "Bellhop has no queue: what is ready is merged",
		"optimistic_updates":                     "Bellhop brings branches up to date by a rule of its own: update.always",
		"update_branch_immediately":              "Bellhop brings branches up to date by a rule of its own: update.always",
		"block_on_neutral_required_check_runs":   "",
		"dont_wait_on_status_checks":             "",
		"priority_merge_label":                   "",
		"show_missing_automerge_label_message":   "the bot says nothing where it does nothing; /explain tells why",
		"show_missing_automerge_label_message_2": "the bot says nothing where it does nothing; /explain tells why",
		"disable_bot_label":                      "",
	} {
		n := merge.get(key)
		switch {
		case n == nil:
		case why != "":
			n.skip(why)
		case key == "block_on_neutral_required_check_runs":
			if n.flag(false) {
				n.lose("GitHub, and Bellhop with it, takes a neutral check for a good one; when.check_is = { NAME = \"success\" } does not")
			}
		case key == "dont_wait_on_status_checks":
			if len(n.texts()) > 0 {
				n.lose("the rule waits for the checks that branch protection demands, and for no others")
			}
		case key == "priority_merge_label":
			n.lose("Bellhop has no queue: what is ready is merged; GitHub's merge queue has then.enqueue = { jump = true }")
		default:
			n.lose("Bellhop has no label that stops it; a rule with then.pause = true and when.label is one")
		}
	}
}
