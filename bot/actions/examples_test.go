package actions

import (
	"fmt"
	"strings"
	"testing"

	"bellhop/rules"
)

func TestExamplesCompile(t *testing.T) {
	for _, k := range All {
		_, problems := rules.Compile(k.Name+".toml", []byte(k.Example), All, rules.Options{})
		for _, p := range problems {
			t.Errorf("%s:%d:%d: %s %s", p.File, p.Line, p.Col, p.Message, p.Mend)
		}
	}
}

// What Check says about mistakes, through a rule file as its author writes it.
func TestMistakes(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int) string {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf("k%d = 'v'", i))
		}
		return "{ " + strings.Join(members, ", ") + " }"
	}
	for _, row := range []struct{ then, want string }{
		{`label = ""`, "the name of a label is empty"},
		{`label = { names = ["size/S", "size/M"], group = "size/*" }`, "a group has one label at a time, and these are several of size/*"},
		{`label = { names = "size/S", group = "size" }`, `"size" is one label, not a group of them`},
		{`add_label = { names = "x", color = "red" }`, `"red" is no colour`},
		{`add_label = { names = "x", description = "` + long(101) + `" }`, "too long: GitHub takes 100 characters"},
		{`add_label = []`, "no label is named"},
		{`remove_label = "` + long(51) + `"`, "too long: GitHub takes 50 characters"},
		{`label = "{{ issue.title }} ` + long(51) + `"`, ""},
		{`comment = " "`, "the text is empty"},
		{`sticky = { key = "x" }`, "then.sticky lacks body"},
		{`sticky = ""`, "the text is empty"},
		{`react = "thumbsup"`, `then.react must be +1, -1, laugh, confused, heart, hooray, rocket or eyes, not "thumbsup"`},
		{`assign = "@acme/backend"`, "@acme/backend is a team"},
		{`assign = ["a","b","c","d","e","f","g","h","i","j","k"]`, "11 users: GitHub takes 10 assignees"},
		{`unassign = []`, "no user is named"},
		{`review = "@acme/"`, "@acme/ is no team"},
		{`review = "@/backend"`, "@/backend is no team"},
		{`review = { from = "bob", count = -1 }`, "-1 is no number of people"},
		{`review = { from = "bob", pick = "blame" }`, `then.review.pick must be random, round-robin or least-loaded, not "blame"`},
		{`dismiss_review = " "`, "the text is empty"},
		{`dismiss_review = { message = "x", from = "@a/b" }`, "@a/b is a team"},
		{`dismiss_review = { message = "x", state = "commented" }`, `then.dismiss_review.state must be any, approved or changes_requested, not "commented"`},
		{`request_changes = ""`, "the text is empty"},
		{`approve = {}`, ""},
		{`merge = "octopus"`, `then.merge must be merge, squash or rebase, not "octopus"`},
		{`merge = { method = "rebase", title = "x" }`, "a rebase keeps the messages of the commits"},
		{`merge = { method = "rebase", message = "pull_request" }`, "a rebase keeps the messages of the commits"},
		{`merge = { trailers = "Reviewed-by: bob" }`, "GitHub's own message takes none"},
		{`merge = { body = "x", trailers = "reviewed by bob" }`, `"reviewed by bob" is no trailer`},
		{`merge = { message = "pull_request", trailers = "Reviewed-by: bob", cut = "---" }`, ""},
		{`merge = { cut = "---" }`, "only the description of the pull request is cut"},
		{`auto_merge = "on"`, `then.auto_merge must be merge, squash, rebase or off, not "on"`},
		{`auto_merge = { method = "rebase", body = "x" }`, "a rebase keeps the messages of the commits"},
		{`auto_merge = { method = "off", title = "x" }`, "what is off makes no commit"},
		{`enqueue = false`, "false does nothing"},
		{`dequeue = false`, "false does nothing"},
		{`draft = false`, "false does nothing"},
		{`ready = false`, "false does nothing"},
		{`update_branch = false`, "false does nothing"},
		{`delete_branch = {}`, ""},
		{`reopen = false`, "false does nothing"},
		{`close = {}`, ""},
		{`close = "duplicate"`, `then.close must be completed or not_planned, not "duplicate"`},
		{`lock = "too heated"`, `then.lock must be off-topic, too-heated, resolved or spam, not "too heated"`},
		{`check = { name = " ", conclusion = "failure" }`, "the name is empty"},
		{`check = { name = "x", conclusion = "failed" }`, `then.check.conclusion must be success, failure, neutral, pending, cancelled, skipped, timed_out or action_required, not "failed"`},
		{`status = { context = "", state = "success" }`, "the context is empty"},
		{`status = { context = "x", state = "success", description = "` + long(141) + `" }`, "too long: GitHub takes 140 characters"},
		{`status = { context = "x", state = "success", target_url = "example.com" }`, `"example.com" is no web address`},
		{`dispatch = {}`, "neither a workflow nor an event is named"},
		{`dispatch = { workflow = "a.yml", event = "b" }`, "a dispatch has a workflow or an event, not both"},
		{`dispatch = { workflow = "a.yml", payload = { a = "b" } }`, "a workflow has no payload"},
		{`dispatch = { event = "a", inputs = { a = "b" } }`, "an event has no inputs"},
		{`dispatch = { event = "a", ref = "main" }`, "a repository_dispatch event runs on the default branch only"},
		{`dispatch = { event = "a", payload = { bellhop = "b" } }`, "bellhop is the name of the bot's own member"},
		{`dispatch = { event = "a", payload = ` + many(10) + ` }`, "10 members: 9 are left beside the bot's own"},
		{`dispatch = { workflow = "a.yml", inputs = ` + many(26) + ` }`, "26 inputs: GitHub takes 25"},
		{`dispatch = "ci/deploy.yml"`, "a workflow is named by its file in .github/workflows"},
		{`dispatch = ".github/workflows/deploy.yml"`, ""},
		{`rerun = { attempts = 1 }`, "1 is no number of attempts: the first counts, and GitHub allows 51"},
		{`rerun = "some"`, `then.rerun must be failed or all, not "some"`},
		{`stale = { close_comment = "x" }`, "it is never closed"},
		{`stale = { close_after = "soon" }`, `"soon" is no time to wait before it is closed`},
		{`stale = { label = "" }`, "the name of a label is empty"},
		{`stale = { label = "` + long(51) + `" }`, "too long: GitHub takes 50 characters"},
		{`cancel_runs = "old"`, `then.cancel_runs must be superseded or all, not "old"`},
		{`cancel_runs = { workflows = "" }`, "the name of a workflow is empty"},
		{`cancel_runs = { events = [] }`, "no event is named"},
		{`cancel_runs = { force_after = "5s" }`, `"5s" is no length of time of a minute or more`},
		{`approve_runs = false`, "false does nothing"},
		{`milestone = " "`, "the text is empty"},
		{`edit_title = ""`, "the text is empty"},
		{`edit_title = "` + long(257) + `"`, "too long: GitHub takes 256 characters"},
		{`edit_body = ""`, "the text is empty"},
		{`edit_body = { text = "x", key = "k" }`, "only a block has a key"},
		{`edit_body = { where = "block" }`, ""},
		{`unlock = false`, "false does nothing"},
		{`hide_comments = "spam"`, `then.hide_comments must be outdated, resolved, duplicate or off-topic, not "spam"`},
		{`hide_comments = { rules = "" }`, "the name of a rule is empty"},
		{`create_pull_request = { title = "x", head = "" }`, "the text is empty"},
		{`create_pull_request = { title = "x", head = "a", base = "a" }`, "a branch cannot be merged into itself"},
		{`create_pull_request = { title = "x", head = "a", labels = "" }`, "the name of a label is empty"},
		{`backport = ""`, "the name of a branch is empty"},
		{`backport = { to = "stable", conflict = "force" }`, `then.backport.conflict must be comment, draft or skip, not "force"`},
		{`backport = { to = "stable", labels = "" }`, "the name of a label is empty"},
		{`create_issue = ""`, "the text is empty"},
		{`create_issue = { title = "` + long(257) + `" }`, "too long: GitHub takes 256 characters"},
		{`create_issue = { title = "x", labels = "" }`, "the name of a label is empty"},
		{`create_issue = { title = "x", assignees = "a/b" }`, "a/b is a team"},
	} {
		event := "pull_request.opened"
		src := fmt.Sprintf("[[rule]]\nname = \"r\"\non = %q\nthen.%s\n", event, row.then)
		_, problems := rules.Compile("bot.toml", []byte(src), All, rules.Options{})
		var got []string
		for _, p := range problems {
			got = append(got, p.Message)
			if p.Line != 4 {
				t.Errorf("%s: line %d, want 4", row.then, p.Line)
			}
		}
		if text := strings.Join(got, "; "); text != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.then, text, row.want)
		}
	}
}
