package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bellhop/bot/store"
	"bellhop/rules"
)

// factsOf turns a delivery into the facts that its payload holds, as seen from one subject (the delivery's own, or one that
// it was fanned out to). A fact is learned only when the payload has the member behind it: payloads of the same object
// differ from event to event, and a fact that was not sent is looked up when a rule needs it. Delivery.Self is left to the
// caller, who knows the bot's login.
//
// A new event is one function here: a row of members for what the payload is about, and nothing else.
func factsOf(d *store.Delivery, s subject, now time.Time) (*rules.Facts, error) {
	var payload map[string]any
	if err := json.Unmarshal(d.Body, &payload); err != nil {
		return nil, fmt.Errorf("decode payload: %w", err)
	}
	p := object(payload)
	f := &rules.Facts{
		Now:   now,
		Event: payload,
		Delivery: rules.Delivery{
			ID: d.GUID, Event: d.Event, Activity: d.Activity, Received: d.Received,
			Label: p.obj("label").str("name"),
		},
	}
	if repo := p.obj("repository"); repo != nil {
		f.Repository = repositoryFacts(repo)
	}
	if sender := p.obj("sender"); sender != nil {
		f.Sender = &rules.Sender{Login: sender.str("login"), Bot: isBot(sender)}
	}
	event := d.Event
	if of := p.obj(timerEvent).str("event"); of != "" && event == timerEvent {
		event = of // what a rule that acts some time after it has waited with
	}
	for _, m := range members {
		if o := p.obj(m.name); o != nil && (m.event == "" || m.event == event) {
			m.read(f, o)
		}
	}
	if read, ok := bare[event]; ok {
		read(f, p)
	}
	if s.number != 0 && (f.Subject == nil || f.Subject.Number != int64(s.number)) {
		// The delivery was fanned out to a pull request that its payload does not hold.
		f.Subject = &rules.Subject{Kind: "pull_request", Number: int64(s.number)}
	}
	learnActivity(f, d)
	return f, nil
}

// members are the parts of payloads that are facts, by the name of their member. With event the member counts in that event
// only (a workflow_run inside a deployment is not what that delivery is about).
var members = []struct {
	name, event string
	read        func(*rules.Facts, object)
}{
	{"issue", "", func(f *rules.Facts, o object) { subjectFacts(f, kindOfIssue(o), o) }},
	{"pull_request", "", func(f *rules.Facts, o object) { subjectFacts(f, "pull_request", o) }},
	{"discussion", "", func(f *rules.Facts, o object) { subjectFacts(f, "discussion", o) }},
	{"comment", "", commentFacts},
	{"review", "pull_request_review", func(f *rules.Facts, o object) { f.Review = reviewFacts(o) }},
	{"thread", "pull_request_review_thread", threadFacts},
	{"check_run", "check_run", checkRunFacts},
	{"check_suite", "check_suite", checkSuiteFacts},
	{"workflow_run", "workflow_run", workflowRunFacts},
	{"merge_group", "merge_group", mergeGroupFacts},
	{"release", "release", releaseFacts},
	{"installation", "installation", installationFacts},
	{"installation", "installation_repositories", installationFacts},
	{"deployment", "", deploymentFacts},
	{"deployment_status", "", func(f *rules.Facts, o object) {
		if f.Deployment != nil {
			f.Deployment.State = o.str("state")
		}
	}},
}

// bare are the events whose payload is itself the thing, without a member of its own.
var bare = map[string]func(*rules.Facts, object){
	"push":   pushFacts,
	"create": refFacts,
	"delete": refFacts,
	"status": func(f *rules.Facts, p object) {
		state := p.str("state")
		f.Check = &rules.CheckResult{Name: p.str("context"), SHA: p.str("sha"), Status: "completed", Conclusion: state}
		if state == "pending" {
			f.Check.Status, f.Check.Conclusion = "in_progress", ""
		}
		if branches := p.objects("branches"); len(branches) > 0 {
			f.Check.Branch = branches[0].str("name")
		}
	},
	"installation": func(f *rules.Facts, p object) {
		switch repositories := pluck(p.objects("repositories"), "full_name"); {
		case f.Installation == nil:
		case f.Delivery.Activity == "created":
			f.Installation.Added = repositories
		case f.Delivery.Activity == "deleted":
			f.Installation.Removed = repositories
		}
	},
	"installation_repositories": func(f *rules.Facts, p object) {
		if f.Installation != nil {
			f.Installation.Added = pluck(p.objects("repositories_added"), "full_name")
			f.Installation.Removed = pluck(p.objects("repositories_removed"), "full_name")
		}
	},
	"merge_group": func(f *rules.Facts, p object) {
		if f.MergeGroup != nil {
			f.MergeGroup.Reason = p.str("reason")
		}
	},
}

func isBot(user object) bool { return user.str("type") == "Bot" }

func repositoryFacts(o object) *rules.Repository {
	owner, name, _ := strings.Cut(o.str("full_name"), "/") // the owner is sometimes sent without a login
	return &rules.Repository{
		ID: o.num("id"), Owner: owner, Name: name, FullName: o.str("full_name"),
		Private: o.flag("private"), Fork: o.flag("fork"), Archived: o.flag("archived"),
		Visibility:    visibilityOf(o),
		DefaultBranch: o.str("default_branch"), Language: o.str("language"), Topics: o.strs("topics"),
	}
}

// visibilityOf is public, private or internal. Older servers send only whether it is private.
func visibilityOf(o object) string {
	switch {
	case o.str("visibility") != "":
		return o.word("visibility")
	case o.flag("private"):
		return "private"
	}
	return "public"
}

// kindOfIssue: to GitHub a pull request is an issue too, and says so in its issue half.
func kindOfIssue(o object) string {
	if o.obj("pull_request") != nil {
		return "pull_request"
	}
	return "issue"
}

func subjectFacts(f *rules.Facts, kind string, o object) {
	s := &rules.Subject{Kind: kind, Number: o.num("number"), NodeID: o.str("node_id")}
	f.Subject = s
	read := func(member string, set func(), facts ...string) {
		if !o.has(member) {
			return
		}
		set()
		for _, name := range facts {
			f.Learn("subject." + name)
		}
	}
	read("title", func() { s.Title = o.str("title") }, "title")
	read("body", func() { s.Body = o.str("body") }, "body")
	read("user", func() { s.Author, s.AuthorBot = o.obj("user").str("login"), isBot(o.obj("user")) }, "author", "author_bot")
	read("author_association", func() { s.Association = o.word("author_association") }, "association")
	read("state", func() { s.State = stateOf(kind, o) }, "state")
	read("state_reason", func() { s.StateReason = o.str("state_reason") }, "state_reason")
	read("locked", func() { s.Locked = o.flag("locked") }, "locked")
	read("labels", func() { s.Labels = pluck(o.objects("labels"), "name") }, "labels")
	read("assignees", func() { s.Assignees = pluck(o.objects("assignees"), "login") }, "assignees")
	read("milestone", func() { s.Milestone = o.obj("milestone").str("title") }, "milestone")
	read("comments", func() { s.Comments = o.num("comments") }, "comments")
	read("created_at", func() { s.CreatedAt = o.time("created_at"); s.Age = f.Now.Sub(s.CreatedAt) }, "created_at", "age")
	read("updated_at", func() { s.UpdatedAt = o.time("updated_at") }, "updated_at")
	read("closed_at", func() { s.ClosedAt = o.time("closed_at") }, "closed_at")
	if kind != "discussion" {
		read("milestone", func() { s.MilestoneDue = o.obj("milestone").time("due_on") }, "milestone_due")
	}
	if kind != "pull_request" || !o.has("head") {
		return
	}
	read("draft", func() { s.Draft = o.flag("draft") }, "draft")
	read("base", func() { s.Base = o.obj("base").str("ref") }, "base")
	read("head", func() {
		s.Head, s.HeadSHA = o.obj("head").str("ref"), o.obj("head").str("sha")
		s.HeadRepo = o.obj("head", "repo").str("full_name")
		s.FromFork = !strings.EqualFold(s.HeadRepo, o.obj("base", "repo").str("full_name"))
	}, "head", "head_sha", "head_repo", "from_fork")
	read("merged_at", func() { s.Merged, s.MergedAt = o.str("merged_at") != "", o.time("merged_at") }, "merged", "merged_at")
	read("merge_commit_sha", func() {
		if s.Merged { // before, it is GitHub's test merge
			s.MergeSHA = o.str("merge_commit_sha")
		}
	}, "merge_sha")
	read("merged_by", func() { s.MergedBy = o.obj("merged_by").str("login") }, "merged_by")
	read("requested_reviewers", func() {
		s.Reviewers = pluck(o.objects("requested_reviewers"), "login")
		for _, team := range o.objects("requested_teams") {
			s.Reviewers = append(s.Reviewers, "@"+o.obj("base", "repo", "owner").str("login")+"/"+team.str("slug"))
		}
	}, "reviewers")
	read("auto_merge", func() { s.AutoMerge = o.obj("auto_merge") != nil }, "auto_merge")
	read("title", func() { readUpdates(s, o.obj("head").str("ref")) }, "update", "updates", "dependencies", "ecosystem")
	read("additions", func() { s.Additions = o.num("additions") }, "additions")
	read("deletions", func() { s.Deletions = o.num("deletions") }, "deletions")
	read("changed_files", func() { s.ChangedFiles = o.num("changed_files") }, "changed_files")
	read("commits", func() { s.CommitCount = o.num("commits") }, "commit_count")
}

// stateOf is open, closed or merged. Its issue half tells that a pull request was merged by pull_request.merged_at.
func stateOf(kind string, o object) string {
	if kind == "pull_request" && (o.str("merged_at") != "" || o.obj("pull_request").str("merged_at") != "") {
		return "merged"
	}
	if kind == "discussion" && o.str("state") == "locked" {
		return "open" // GitHub's state of a discussion is one of open, closed, locked, converting, transferring
	}
	return o.str("state")
}

func commentFacts(f *rules.Facts, o object) {
	f.Comment = &rules.Comment{
		ID: o.num("id"), Body: o.str("body"), Author: o.obj("user").str("login"), AuthorBot: isBot(o.obj("user")),
		Association: o.word("author_association"), Path: o.str("path"), NodeID: o.str("node_id"),
		Review: o.has("pull_request_review_id"),
	}
}

func reviewFacts(o object) *rules.Review {
	return &rules.Review{
		ID: o.num("id"), Author: o.obj("user").str("login"), State: o.word("state"), Body: o.str("body"),
		SHA: o.str("commit_id"), Association: o.word("author_association"), NodeID: o.str("node_id"),
	}
}

func threadFacts(f *rules.Facts, o object) {
	f.Thread = &rules.Thread{Resolved: f.Delivery.Activity == "resolved"}
	if comments := o.objects("comments"); len(comments) > 0 {
		f.Thread.Path = comments[0].str("path")
	}
}

func checkRunFacts(f *rules.Facts, o object) {
	f.Check = &rules.CheckResult{
		Name: o.str("name"), App: o.obj("app").str("slug"), Status: o.str("status"), Conclusion: o.str("conclusion"),
		SHA: o.str("head_sha"), Branch: o.obj("check_suite").str("head_branch"),
	}
}

func checkSuiteFacts(f *rules.Facts, o object) {
	f.Check = &rules.CheckResult{
		App: o.obj("app").str("slug"), Status: o.str("status"), Conclusion: o.str("conclusion"),
		SHA: o.str("head_sha"), Branch: o.str("head_branch"),
	}
}

func workflowRunFacts(f *rules.Facts, o object) {
	f.Run = &rules.WorkflowRun{
		ID: o.num("id"), Name: o.str("name"), Path: o.str("path"), Event: o.str("event"), Status: o.str("status"),
		Conclusion: o.str("conclusion"), Branch: o.str("head_branch"), SHA: o.str("head_sha"), Attempt: o.num("run_attempt"),
	}
}

func mergeGroupFacts(f *rules.Facts, o object) {
	f.MergeGroup = &rules.MergeGroup{
		SHA: o.str("head_sha"), Ref: o.str("head_ref"), Base: strings.TrimPrefix(o.str("base_ref"), "refs/heads/"),
	}
}

func releaseFacts(f *rules.Facts, o object) {
	f.Release = &rules.Release{
		Tag: o.str("tag_name"), Name: o.str("name"), Body: o.str("body"), Author: o.obj("author").str("login"),
		Draft: o.flag("draft"), Prerelease: o.flag("prerelease"), Target: o.str("target_commitish"),
	}
}

func installationFacts(f *rules.Facts, o object) {
	f.Installation = &rules.Installation{
		ID: o.num("id"), Account: o.obj("account").str("login"), Selection: o.str("repository_selection"),
		Suspended: o.str("suspended_at") != "",
	}
}

func deploymentFacts(f *rules.Facts, o object) {
	f.Deployment = &rules.Deployment{
		ID: o.num("id"), Environment: o.str("environment"), SHA: o.str("sha"), Ref: o.str("ref"),
		Creator: o.obj("creator").str("login"),
	}
}

func pushFacts(f *rules.Facts, p object) {
	push := &rules.Push{
		Ref: p.str("ref"), Before: p.str("before"), After: p.str("after"),
		Created: p.flag("created"), Deleted: p.flag("deleted"), Forced: p.flag("forced"),
		PushedBy: p.obj("pusher").str("name"), Message: p.obj("head_commit").str("message"), HeadSHA: p.obj("head_commit").str("id"),
	}
	push.Branch, push.Tag = branchOrTag(push.Ref)
	status := map[string]string{} // what the last commit that names a file did to it
	var order []string
	for _, c := range p.objects("commits") {
		push.Commits = append(push.Commits, rules.Commit{SHA: c.str("id"), Message: c.str("message"), Author: c.obj("author").str("username")})
		for _, what := range []string{"added", "modified", "removed"} {
			for _, path := range c.strs(what) {
				if status[path] == "" {
					order = append(order, path)
				}
				status[path] = what
			}
		}
	}
	for _, path := range order {
		push.Files = append(push.Files, rules.File{Path: path, Status: status[path]})
	}
	f.Push = push
}

func refFacts(f *rules.Facts, p object) {
	name := p.str("ref")
	f.Ref = &rules.Ref{Name: name}
	if p.str("ref_type") == "tag" {
		f.Ref.Tag = name
	} else {
		f.Ref.Branch = name
	}
}

func branchOrTag(ref string) (branch, tag string) {
	if b, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return b, ""
	}
	t, _ := strings.CutPrefix(ref, "refs/tags/")
	return "", t
}
