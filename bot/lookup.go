package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

// learn looks up the facts that the rules still need, and no others: those of the subject in one GraphQL query (one more for
// each further page of a long list), the sender's permission over REST, where GraphQL has no answer for an App.
func learn(ctx context.Context, gh *githubapp.Client, f *rules.Facts, missing []string) error {
	var ofSubject []string
	behind := false
	for _, name := range missing {
		record, fact, _ := strings.Cut(name, ".")
		switch {
		case name == "subject.behind" && f.Subject != nil:
			behind = true
			ofSubject = append(ofSubject, notKnown(f, "base", "head_sha")...)
		case record == "subject" && f.Subject != nil:
			ofSubject = append(ofSubject, fact)
		case name == "sender.permission":
			if err := learnPermission(ctx, gh, f); err != nil {
				return err
			}
		default:
			return fmt.Errorf("nothing is known of how to look up %s", name)
		}
	}
	if len(ofSubject) > 0 {
		if err := learnSubject(ctx, gh, f, ofSubject); err != nil {
			return err
		}
	}
	if behind {
		return learnBehind(ctx, gh, f)
	}
	return nil
}

// lookup is one selection of GraphQL and what is read from it.
type lookup struct {
	facts      string // the facts it tells, of the subject
	with       string // facts that it is told from besides, whose look-up stands before it
	selection  string // with one %s where a page begins, for a list that is paged
	discussion string // the selection for a discussion, where it is another
	issue      string // the selection for an issue, where it is another
	pages      int    // of 100, at the most; 0 for what is no paged list
	connection func(n object) object
	read       func(f *rules.Facts, n object, nodes []object)
}

var lookups = []lookup{
	{facts: "title", selection: "title", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Title = n.str("title") }},
	{facts: "body", selection: "body", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Body = n.str("body") }},
	{facts: "author author_bot", selection: "author { login __typename }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Author, f.Subject.AuthorBot = loginOf(n.obj("author")), n.obj("author").str("__typename") == "Bot"
	}},
	{facts: "association", selection: "authorAssociation", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Association = n.word("authorAssociation") }},
	{facts: "state", selection: "state", discussion: "closed", read: func(f *rules.Facts, n object, _ []object) {
		switch f.Subject.State = n.word("state"); {
		case n.flag("closed"):
			f.Subject.State = "closed"
		case f.Subject.State == "":
			f.Subject.State = "open"
		}
	}},
	{facts: "state_reason", selection: "stateReason", read: func(f *rules.Facts, n object, _ []object) { f.Subject.StateReason = n.word("stateReason") }},
	{facts: "locked", selection: "locked", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Locked = n.flag("locked") }},
	{facts: "labels", selection: "labels(first: 100) { nodes { name } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Labels = pluck(n.obj("labels").objects("nodes"), "name")
	}},
	{facts: "assignees", selection: "assignees(first: 100) { nodes { login } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Assignees = pluck(n.obj("assignees").objects("nodes"), "login")
	}},
	{facts: "milestone", selection: "milestone { title }", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Milestone = n.obj("milestone").str("title") }},
	{facts: "comments", selection: "comments { totalCount }", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Comments = n.obj("comments").num("totalCount") }},
	{facts: "created_at age", selection: "createdAt", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.CreatedAt = n.time("createdAt")
		f.Subject.Age = f.Now.Sub(f.Subject.CreatedAt)
	}},
	{facts: "updated_at", selection: "updatedAt", read: func(f *rules.Facts, n object, _ []object) { f.Subject.UpdatedAt = n.time("updatedAt") }},

	{facts: "idle author_idle", selection: activitySelection(pullActivity), issue: activitySelection(issueActivity), read: readActivity},
	{facts: "update updates dependencies ecosystem", selection: "updateOf: title updateBody: body updateAuthor: author { login __typename } updateHead: headRefName", read: func(f *rules.Facts, n object, _ []object) {
		author := n.obj("updateAuthor")
		s := &rules.Subject{Author: loginOf(author), AuthorBot: author.str("__typename") == "Bot", Title: n.str("updateOf"), Body: n.str("updateBody")}
		readUpdates(s, n.str("updateHead"))
		f.Subject.Update, f.Subject.Updates, f.Subject.Dependencies, f.Subject.Ecosystem = s.Update, s.Updates, s.Dependencies, s.Ecosystem
	}},
	{facts: "draft", selection: "isDraft", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Draft = n.flag("isDraft") }},
	{facts: "base", selection: "baseRefName", read: func(f *rules.Facts, n object, _ []object) { f.Subject.Base = n.str("baseRefName") }},
	{facts: "head head_sha head_repo from_fork", selection: "headRefName headRefOid headRepository { nameWithOwner } isCrossRepository", read: func(f *rules.Facts, n object, _ []object) {
		s := f.Subject
		s.Head, s.HeadSHA = n.str("headRefName"), n.str("headRefOid")
		s.HeadRepo, s.FromFork = n.obj("headRepository").str("nameWithOwner"), n.flag("isCrossRepository")
	}},
	{facts: "merged merge_sha merged_by", selection: "merged mergeCommit { oid } mergedBy { login __typename }", read: func(f *rules.Facts, n object, _ []object) {
		s := f.Subject
		s.Merged, s.MergeSHA, s.MergedBy = n.flag("merged"), n.obj("mergeCommit").str("oid"), loginOf(n.obj("mergedBy"))
	}},
	{facts: "reviewers", selection: "reviewRequests(first: 100) { nodes { requestedReviewer { __typename ... on User { login } ... on Mannequin { login } ... on Team { combinedSlug } } } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Reviewers = nil
		for _, r := range n.obj("reviewRequests").objects("nodes") {
			who := r.obj("requestedReviewer")
			if slug := who.str("combinedSlug"); slug != "" {
				f.Subject.Reviewers = append(f.Subject.Reviewers, "@"+slug)
			} else if login := who.str("login"); login != "" {
				f.Subject.Reviewers = append(f.Subject.Reviewers, login)
			}
		}
	}},
	{facts: "auto_merge", selection: "autoMergeRequest { enabledAt }", read: func(f *rules.Facts, n object, _ []object) { f.Subject.AutoMerge = n.obj("autoMergeRequest") != nil }},
	{facts: "additions deletions changed_files", selection: "additions deletions changedFiles", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Additions, f.Subject.Deletions, f.Subject.ChangedFiles = n.num("additions"), n.num("deletions"), n.num("changedFiles")
	}},
	{facts: "commit_count", selection: "commitCount: commits { totalCount }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.CommitCount = n.obj("commitCount").num("totalCount")
	}},

	{facts: "files", selection: "files(first: 100%s) { totalCount nodes { path changeType additions deletions } pageInfo { hasNextPage endCursor } } attributes: baseRef { target { ... on Commit { file(path: \".gitattributes\") { object { ... on Blob { text } } } } } }",
		pages: 30, connection: func(n object) object { return n.obj("files") }, read: readFiles},
	{facts: "commits merge_commits not_signed_off unverified", selection: "allCommits: commits(first: 100%s) { totalCount nodes { commit { oid message author { name email user { login } } parents(first: 1) { totalCount } signature { isValid } } } pageInfo { hasNextPage endCursor } }",
		pages: 3, connection: func(n object) object { return n.obj("allCommits") }, read: readCommits},
	{facts: "reviews", selection: "latestOpinionatedReviews(first: 100) { nodes { databaseId author { login __typename } state body commit { oid } authorAssociation } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Reviews = nil
		for _, r := range n.obj("latestOpinionatedReviews").objects("nodes") {
			f.Subject.Reviews = append(f.Subject.Reviews, rules.Review{
				ID: r.num("databaseId"), Author: loginOf(r.obj("author")), State: r.word("state"), Body: r.str("body"),
				SHA: r.obj("commit").str("oid"), Association: r.word("authorAssociation"),
			})
		}
	}},
	{facts: "approvals", selection: "writersReviews: latestOpinionatedReviews(first: 100, writersOnly: true) { nodes { state } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.Approvals = 0
		for _, r := range n.obj("writersReviews").objects("nodes") {
			if r.str("state") == "APPROVED" {
				f.Subject.Approvals++
			}
		}
	}},
	{facts: "review_decision", selection: "reviewDecision", read: func(f *rules.Facts, n object, _ []object) { f.Subject.ReviewDecision = n.word("reviewDecision") }},
	{facts: "checks checks_state", selection: "headCommit: commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: 100%s) { nodes { __typename ... on CheckRun { name status conclusion checkSuite { app { slug } } } ... on StatusContext { context state } } pageInfo { hasNextPage endCursor } } } } } }",
		pages: 10, connection: func(n object) object {
			for _, node := range n.obj("headCommit").objects("nodes") {
				return node.obj("commit", "statusCheckRollup", "contexts")
			}
			return nil
		}, read: readChecks},
	{facts: "ready_at", selection: "readyDraft: isDraft readyCreated: createdAt becameReady: timelineItems(last: 1, itemTypes: [READY_FOR_REVIEW_EVENT]) { nodes { ... on ReadyForReviewEvent { createdAt } } }", read: func(f *rules.Facts, n object, _ []object) {
		s := f.Subject
		if s.ReadyAt = n.time("readyCreated"); n.flag("readyDraft") {
			s.ReadyAt = time.Time{}
			return
		}
		for _, event := range n.obj("becameReady").objects("nodes") {
			s.ReadyAt = event.time("createdAt")
		}
	}},
	{facts: "merged_at", selection: "mergedAt", read: func(f *rules.Facts, n object, _ []object) { f.Subject.MergedAt = n.time("mergedAt") }},
	{facts: "closed_at", selection: "closedAt", read: func(f *rules.Facts, n object, _ []object) { f.Subject.ClosedAt = n.time("closedAt") }},
	{facts: "milestone_due", selection: "dueMilestone: milestone { dueOn }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.MilestoneDue = n.obj("dueMilestone").time("dueOn")
	}},
	{facts: "approvers approvers_on_head approvals_on_head", selection: "approvedHead: headRefOid approvedBy: latestOpinionatedReviews(first: 100, writersOnly: true) { nodes { state author { login __typename } commit { oid } } }", read: readApprovers},
	{facts: "changes_requested_by", selection: "changesRequested: latestOpinionatedReviews(first: 100) { nodes { state author { login __typename } } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.ChangesRequestedBy = authorsOf(n.obj("changesRequested"), "CHANGES_REQUESTED")
	}},
	{facts: "commented_by", selection: "commentReviews: reviews(last: 100, states: [COMMENTED]) { nodes { state author { login __typename } } }", read: func(f *rules.Facts, n object, _ []object) {
		f.Subject.CommentedBy = authorsOf(n.obj("commentReviews"), "COMMENTED")
	}},
	{facts: "unresolved_threads", selection: "reviewThreads(first: 100%s) { nodes { isResolved } pageInfo { hasNextPage endCursor } }",
		pages: 10, connection: func(n object) object { return n.obj("reviewThreads") }, read: func(f *rules.Facts, _ object, nodes []object) {
			f.Subject.UnresolvedThreads = 0
			for _, t := range nodes {
				if !t.flag("isResolved") {
					f.Subject.UnresolvedThreads++
				}
			}
		}},
	{facts: "closes", selection: "closingIssuesReferences(first: 100) { nodes { number title state repository { nameWithOwner } labels(first: 50) { nodes { name } } milestone { title } assignees(first: 20) { nodes { login } } } }", read: readCloses},
	{facts: "required_checks required_state", selection: requiredSelection, pages: 10,
		connection: func(n object) object { return rollupContexts(n.obj("requiredCommit")) }, read: readRequired},
	{facts: "owners", with: "files", selection: ownersSelection, read: readOwners},
	{facts: "mergeable", selection: "mergeable", read: func(f *rules.Facts, n object, _ []object) {
		// GitHub tests the merge in the background and answers UNKNOWN until it is done; asking sets it going.
		// https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
		if n.str("mergeable") == "UNKNOWN" {
			f.Wait("subject.mergeable", "GitHub is still working out whether it merges")
			return
		}
		f.Subject.Mergeable = n.str("mergeable") == "MERGEABLE"
	}},
}

// loginOf is the login as REST and the web show it. GraphQL leaves the [bot] of an App's login out.
func loginOf(actor object) string {
	login := actor.str("login")
	if actor.str("__typename") == "Bot" && login != "" && !strings.HasSuffix(login, "[bot]") {
		login += "[bot]"
	}
	return login
}

func readFiles(f *rules.Facts, n object, nodes []object) {
	attributes := parseAttributes(n.obj("attributes", "target", "file", "object").str("text"))
	f.Subject.Files = make([]rules.File, 0, len(nodes))
	for _, n := range nodes {
		status := n.word("changeType")
		if status == "deleted" {
			status = "removed" // as REST and push payloads say
		}
		f.Subject.Files = append(f.Subject.Files, rules.File{Path: n.str("path"), Status: status, Additions: n.num("additions"), Deletions: n.num("deletions"),
			Generated: attributes.generated(n.str("path"))})
	}
}

func readChecks(f *rules.Facts, _ object, nodes []object) {
	all := make([]rules.Check, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, checkOf(n))
	}
	f.LearnChecks(all)
}

// checkOf reads a check run or a commit status of a rollup.
func checkOf(n object) rules.Check {
	c := rules.Check{Name: n.str("name"), App: n.obj("checkSuite", "app").str("slug"), Conclusion: n.word("conclusion")}
	if n.str("__typename") == "StatusContext" {
		c.Name = n.str("context")
		if state := n.word("state"); state != "pending" && state != "expected" {
			c.Conclusion = state
		}
	}
	return c
}

// learnSubject looks up facts of f.Subject.
func learnSubject(ctx context.Context, gh *githubapp.Client, f *rules.Facts, facts []string) error {
	want, err := lookupsFor(facts)
	if err != nil {
		return err
	}
	field := map[string]string{"pull_request": "pullRequest", "issue": "issue", "discussion": "discussion"}[f.Subject.Kind]
	nodes := make([][]object, len(want)) // of paged lists
	after := make([]string, len(want))   // where their next page begins
	var first object
	for page := 0; ; page++ {
		var selections []string
		for i, l := range want {
			switch {
			case l.pages == 0 && page == 0:
				selections = append(selections, l.of(f.Subject.Kind))
			case l.pages > page && (page == 0 || after[i] != ""):
				selections = append(selections, fmt.Sprintf(l.selection, after[i]))
			}
		}
		if len(selections) == 0 {
			break
		}
		subject, err := askSubject(ctx, gh, f, field, selections)
		if err != nil {
			return err
		}
		if page == 0 {
			first = subject
		}
		for i, l := range want {
			if l.pages <= page || page > 0 && after[i] == "" {
				continue
			}
			conn := l.connection(subject)
			nodes[i], after[i] = append(nodes[i], conn.objects("nodes")...), ""
			if info := conn.obj("pageInfo"); info.flag("hasNextPage") {
				cursor, _ := json.Marshal(info.str("endCursor")) // a string of GraphQL is one of JSON
				after[i] = ", after: " + string(cursor)
			}
		}
	}
	f.Subject.NodeID = first.str("id")
	for i, l := range want {
		for _, name := range strings.Fields(l.facts) {
			f.Learn("subject." + name)
		}
		l.read(f, first, nodes[i]) // after Learn: it may say that a fact is to be waited for
		if l.pages == 0 {
			continue
		}
		total := l.connection(first).num("totalCount")
		if after[i] != "" || total > int64(len(nodes[i])) {
			l.cut(f, total, len(nodes[i]))
		}
	}
	return nil
}

// cut marks the facts of a list that was not read to its end: what is said of all of it would be said of a part.
func (l lookup) cut(f *rules.Facts, total int64, read int) {
	why := fmt.Sprintf("the list is too long: %d were read, and there are more", read)
	if total > int64(read) {
		why = fmt.Sprintf("the list is too long: %d of %d were read", read, total)
	}
	for _, name := range strings.Fields(l.facts) {
		f.Wait("subject."+name, name+" cannot be told: "+why)
	}
}

func (l lookup) of(kind string) string {
	if kind == "discussion" && l.discussion != "" {
		return l.discussion
	}
	if kind == "issue" && l.issue != "" {
		return l.issue
	}
	return l.selection
}

// lookupsFor returns the look-ups that tell facts, each once, in the order of the table.
func lookupsFor(facts []string) ([]lookup, error) {
	needed := map[int]bool{}
	for i := 0; i < len(facts); i++ {
		fact := facts[i]
		found := -1
		for i, l := range lookups {
			for _, name := range strings.Fields(l.facts) {
				if name == fact {
					found = i
				}
			}
		}
		if found < 0 {
			return nil, fmt.Errorf("nothing is known of how to look up subject.%s", fact)
		}
		needed[found] = true
		for _, name := range strings.Fields(lookups[found].with) {
			if !slices.Contains(facts, name) {
				facts = append(facts[:len(facts):len(facts)], name)
			}
		}
	}
	order := make([]int, 0, len(needed))
	for i := range needed {
		order = append(order, i)
	}
	sort.Ints(order)
	out := make([]lookup, len(order))
	for i, n := range order {
		out[i] = lookups[n]
	}
	return out, nil
}

func factsQuery(field string, selections []string) string {
	return "query Facts($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { subject: " +
		field + "(number: $number) { id " + strings.Join(selections, " ") + " } } }"
}

// askSubject sends one query for the subject and returns its node.
func askSubject(ctx context.Context, gh *githubapp.Client, f *rules.Facts, field string, selections []string) (object, error) {
	vars := map[string]any{"owner": f.Repository.Owner, "name": f.Repository.Name, "number": f.Subject.Number}
	var answer map[string]any
	if err := gh.Query(ctx, factsQuery(field, selections), vars, &answer); err != nil {
		return nil, fmt.Errorf("look up %s#%d: %w", f.Repository.FullName, f.Subject.Number, err)
	}
	node := object(answer).obj("repository", "subject")
	if node == nil {
		return nil, fmt.Errorf("look up %s#%d: GitHub's answer holds no %s", f.Repository.FullName, f.Subject.Number, field)
	}
	return node, nil
}

// learnPermission asks for the sender's permission in the repository. GitHub answers 404 for who is no user (an App): none.
func learnPermission(ctx context.Context, gh *githubapp.Client, f *rules.Facts) error {
	f.Sender.Permission = "none"
	level, _, err := gh.Repositories.GetPermissionLevel(ctx, f.Repository.Owner, f.Repository.Name, f.Sender.Login)
	switch {
	case githubapp.Answered(err, http.StatusNotFound):
	case err != nil:
		return fmt.Errorf("look up permission of %s: %w", f.Sender.Login, err)
	default:
		// The role knows triage and maintain, which the permission rounds to read and write; but it may be one of the
		// organisation's own making. go-github v60 has it on the user alone.
		f.Sender.Permission = level.GetPermission()
		if role := level.GetUser().GetRoleName(); role == "triage" || role == "maintain" {
			f.Sender.Permission = role
		}
	}
	f.Learn("sender.permission")
	return nil
}
