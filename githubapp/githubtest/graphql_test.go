package githubtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"bellhop/githubapp/githubtest"
)

type gqlAnswer struct {
	Data   map[string]any
	Errors []struct {
		Type, Message string
		Path          []any
		Extensions    map[string]any
	}
}

func (w *world) query(query string, variables map[string]any) gqlAnswer {
	w.t.Helper()
	req, err := w.gh.NewRequest("POST", "graphql", map[string]any{"query": query, "variables": variables})
	w.ok(err)
	var out gqlAnswer
	_, err = w.gh.Do(context.Background(), req, &out)
	w.ok(err)
	return out
}

// data is the value at a path of the data, such as "repository.pullRequest.title".
func (a gqlAnswer) at(path string) any {
	var v any = a.Data
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			var i int
			fmt.Sscan(name, &i)
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

const factsQuery = `
query Facts($owner: String!, $name: String!, $number: Int!, $after: String) {
  rateLimit { cost remaining resetAt }
  repository(owner: $owner, name: $name) {
    id nameWithOwner
    defaultBranchRef { name target { oid } }
    config: object(expression: "HEAD:README.md") { __typename ... on Blob { oid byteSize isTruncated isBinary text } }
    dir: object(expression: "main:docs") { ... on Tree { entries { name type object { oid } } } }
    pullRequest(number: $number) {
      ...core
      labels(first: 10) { nodes { name } }
      assignees(first: 10) { nodes { login } }
      reviewRequests(first: 10) { nodes { requestedReviewer { __typename ... on User { login } ... on Team { slug combinedSlug organization { login } } } } }
      reviews(first: 10) { totalCount nodes { state body author { login __typename } } }
      latestOpinionatedReviews(first: 10, writersOnly: true) { nodes { state author { login } authorCanPushToRepository commit { oid } } }
      files(first: 2, after: $after) { totalCount nodes { path additions deletions changeType } pageInfo { hasNextPage endCursor } }
      commits(last: 1) { nodes { commit { oid message author { user { login } } statusCheckRollup { state contexts(first: 10) {
        nodes { __typename ... on CheckRun { name status conclusion checkSuite { app { slug } } } ... on StatusContext { context state } }
        pageInfo { hasNextPage endCursor } } } } } }
      closingIssuesReferences(first: 5) { nodes { number } }
      comments(first: 5) { nodes { id body author { login } } }
      autoMergeRequest { mergeMethod enabledBy { login } }
    }
  }
}
fragment core on PullRequest { id number title body state isDraft merged mergeable mergeStateStatus reviewDecision additions deletions
  changedFiles baseRefName headRefName headRefOid headRepository { nameWithOwner } isCrossRepository author { login __typename }
  authorAssociation createdAt updatedAt closedAt mergedAt locked }
`

func TestGraphQLFacts(t *testing.T) {
	w := start(t)
	alice, bob, carol := w.as("alice"), w.as("bob"), w.as("carol")
	get(bob.OpenIssue("Broken", ""))(t)
	get(alice.Push("feature", githubtest.Commit{Message: "Feature", Files: map[string]string{"a.go": "package a\n",
		"b.go": "package b\n", "main.go": "package main\n"}}))(t)
	n := get(alice.OpenPullRequest(githubtest.PullRequest{Title: "Feature", Body: "Fixes #1", Head: "feature"}))(t)
	w.ok(alice.Label(n, "bug", "docs"))
	w.ok(alice.RequestReview(n, "dan", "@acme/backend"))
	get(bob.Approve(n, ""))(t)
	get(carol.RequestChanges(n, "No"))(t)
	get(carol.Approve(n, "Yes"))(t)
	get(bob.Comment(n, "Hello"))(t)
	w.ok(alice.Check("ci", "#2", "build", "failure"))
	w.ok(alice.Check("ci", "#2", "build", "success"))
	w.ok(alice.SetStatus("#2", "deploy", "pending", ""))
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1, Checks: []string{"deploy"}})

	a := w.query(factsQuery, map[string]any{"owner": "acme", "name": "app", "number": n})
	if a.Errors != nil {
		t.Fatal(a.Errors)
	}
	pr := "repository.pullRequest."
	for path, want := range map[string]any{
		"repository.nameWithOwner": "acme/app", "repository.defaultBranchRef.name": "main", "repository.config.__typename": "Blob",
		"repository.config.text": "# App\n\nAn app.\n", "repository.dir.entries.0.name": "guide.md",
		pr + "title": "Feature", pr + "state": "OPEN", pr + "mergeable": "MERGEABLE", pr + "mergeStateStatus": "BLOCKED",
		pr + "reviewDecision": "APPROVED", pr + "changedFiles": 3.0, pr + "additions": 2.0, pr + "deletions": 4.0,
		pr + "headRepository.nameWithOwner": repo, pr + "isCrossRepository": false, pr + "author.login": "alice", pr + "author.__typename": "User",
		pr + "authorAssociation": "MEMBER", pr + "labels.nodes.1.name": "docs", pr + "reviewRequests.nodes.0.requestedReviewer.login": "dan",
		pr + "reviewRequests.nodes.1.requestedReviewer.combinedSlug": "acme/backend", pr + "reviews.totalCount": 3.0,
		pr + "latestOpinionatedReviews.nodes.0.author.login": "carol", pr + "latestOpinionatedReviews.nodes.0.state": "APPROVED",
		pr + "latestOpinionatedReviews.nodes.1": nil, pr + "files.nodes.0.path": "a.go", pr + "files.nodes.0.changeType": "ADDED",
		pr + "files.pageInfo.hasNextPage": true, pr + "commits.nodes.0.commit.message": "Feature",
		pr + "commits.nodes.0.commit.statusCheckRollup.state":                                "PENDING",
		pr + "commits.nodes.0.commit.statusCheckRollup.contexts.nodes.0.conclusion":          "SUCCESS",
		pr + "commits.nodes.0.commit.statusCheckRollup.contexts.nodes.1.context":             "deploy",
		pr + "commits.nodes.0.commit.statusCheckRollup.contexts.nodes.1.__typename":          "StatusContext",
		pr + "commits.nodes.0.commit.statusCheckRollup.contexts.nodes.0.checkSuite.app.slug": "ci",
		pr + "closingIssuesReferences.nodes.0.number":                                        1.0, pr + "comments.nodes.0.body": "Hello", pr + "autoMergeRequest": nil,
		pr + "mergedAt": nil, "rateLimit.cost": 1.0,
	} {
		if got := a.at(path); !cmp.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	next := w.query(factsQuery, map[string]any{"owner": "acme", "name": "app", "number": n,
		"after": a.at(pr + "files.pageInfo.endCursor")})
	if next.at(pr+"files.nodes.0.path") != "main.go" || next.at(pr+"files.pageInfo.hasNextPage") != false {
		t.Errorf("second page of files: %v", next.at(pr+"files"))
	}
	w.Protect(repo, "main", githubtest.Protection{})
	if got := w.query(factsQuery, map[string]any{"owner": "acme", "name": "app",
		"number": n}).at(pr + "reviewDecision"); got != nil {
		t.Errorf("reviewDecision without a demand: %v", got)
	}
}

func TestGraphQLErrors(t *testing.T) {
	for _, tc := range []struct{ name, query, typ, message string }{
		{"unknown field", `{ repository(owner: "acme", name: "app") { nam } }`, "",
			"Field 'nam' doesn't exist on type 'Repository'"},
		{"unknown argument", `{ repository(owner: "acme", nme: "app") { name } }`, "",
			"Field 'repository' doesn't accept argument 'nme'"},
		{"unknown type", `{ repository(owner: "acme", name: "app") { ... on Nothing { id } } }`, "",
			"No such type Nothing, so it can't be a fragment condition"},
		{"no fragment", `{ ...nothing }`, "", "Fragment nothing was used, but not defined"},
		{"endless fragment", `{ ...f } fragment f on Query { ...f }`, "", "Query is nested too deep"},
		{"no selection", `{ repository(owner: "acme", name: "app") }`, "",
			"Field must have selections (field 'repository' returns Repository but has no selections)"},
		{"syntax", `{ repository(`, "", "Parse error: input:1:14: Expected Name, found <EOF>"},
		{"no repository", `{ repository(owner: "acme", name: "none") { name } }`, "NOT_FOUND",
			"Could not resolve to a Repository with the name 'acme/none'."},
		{"no pull request", `{ repository(owner: "acme", name: "app") { pullRequest(number: 9) { id } } }`, "NOT_FOUND",
			"Could not resolve to a PullRequest with the number of 9."},
		{"no boundary", `{ repository(owner: "acme", name: "app") { labels { nodes { name } } } }`,
			"MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate the connection."},
		{"too many", `{ repository(owner: "acme", name: "app") { labels(first: 101) { nodes { name } } } }`,
			"EXCESSIVE_PAGINATION", "Requesting 101 records on the connection exceeds the `first` limit of 100 records."},
		{"no node", `mutation { closeIssue(input: {issueId: "x"}) { issue { id } } }`, "NOT_FOUND",
			"Could not resolve to a node with the global id of 'x'"},
		{"unknown input", `mutation { closeIssue(input: {id: "x"}) { issue { id } } }`, "",
			"InputObject 'CloseIssueInput' doesn't accept argument 'id'"},
		{"missing variable", `query($n: Int!) { repository(owner: "acme", name: "app") { issue(number: $n) { id } } }`, "",
			"Variable $n of type Int! was provided invalid value"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := start(t)
			a := w.query(tc.query, nil)
			if len(a.Errors) == 0 || a.Errors[0].Message != tc.message || a.Errors[0].Type != tc.typ {
				t.Errorf("errors %+v, want %s %q", a.Errors, tc.typ, tc.message)
			}
		})
	}
}

func TestGraphQLPartialData(t *testing.T) {
	w := start(t)
	get(w.as("bob").OpenIssue("One", ""))(t)
	a := w.query(`{ repository(owner: "acme", name: "app") { one: issue(number: 1) { title } two: issue(number: 2) { title } } }`, nil)
	if a.at("repository.one.title") != "One" || a.at("repository.two") != nil || len(a.Errors) != 1 || !cmp.Equal(a.Errors[0].Path, []any{"repository", "two"}) {
		t.Errorf("answer %+v", a)
	}
	w.SetPermissions(w.seeded.Installation, githubtest.Permissions{"contents": "read"})
	w.RevokeTokens(w.seeded.Installation)
	w.gh = client(t, w.Server, w.seeded.App.ID, w.seeded.Installation, w.seeded.App.PrivateKey)
	a = w.query(`{ repository(owner: "acme", name: "app") { name issue(number: 1) { title } } }`, nil)
	if a.at("repository.name") != "app" || len(a.Errors) != 1 || a.Errors[0].Type != "FORBIDDEN" {
		t.Errorf("answer %+v", a)
	}
}

func TestGraphQLDirectives(t *testing.T) {
	w := start(t)
	a := w.query(`query($yes: Boolean = true) { repository(owner: "acme", name: "app") {
		id @skip(if: $yes) name @include(if: $yes) ... @include(if: false) { isFork } ... on Repository { owner { login } } owner { __typename } } }`, nil)
	want := map[string]any{"name": "app", "owner": map[string]any{"login": "acme", "__typename": "Organization"}}
	if diff := cmp.Diff(want, a.at("repository")); diff != "" {
		t.Error(diff)
	}
}

func TestMutations(t *testing.T) {
	w := start(t)
	alice := w.as("alice")
	issue := get(w.as("bob").OpenIssue("One", ""))(t)
	comment := get(w.as("bob").Comment(issue, "Spam!"))(t)
	get(alice.Push("feature", githubtest.Commit{Files: map[string]string{"a.go": "package a\n"}}))(t)
	pr := get(alice.OpenPullRequest(githubtest.PullRequest{Title: "Two", Head: "feature", Draft: true}))(t)
	d := get(alice.OpenDiscussion("General", "Three", ""))(t)
	w.Protect(repo, "main", githubtest.Protection{Approvals: 1})
	ids := w.query(`query($i: Int!, $p: Int!, $d: Int!) { repository(owner: "acme", name: "app") {
		issue(number: $i) { id comments(first: 1) { nodes { id } } } pullRequest(number: $p) { id } discussion(number: $d) { id } label(name: "bug") { id } } }`,
		map[string]any{"i": issue, "p": pr, "d": d})
	w.flush()
	do := func(name, fields string, input map[string]any) gqlAnswer {
		t.Helper()
		typ := strings.ToUpper(name[:1]) + name[1:] + "Input!"
		a := w.query("mutation M($input: "+typ+") { "+name+"(input: $input) { "+fields+" } }", map[string]any{"input": input})
		if a.Errors != nil {
			t.Errorf("%s: %+v", name, a.Errors)
		}
		return a
	}
	i, p := ids.at("repository.issue.id"), ids.at("repository.pullRequest.id")
	k, disc, bug := ids.at("repository.issue.comments.nodes.0.id"), ids.at("repository.discussion.id"), ids.at("repository.label.id")

	do("markPullRequestReadyForReview", "pullRequest { isDraft }", map[string]any{"pullRequestId": p})
	do("enablePullRequestAutoMerge", "pullRequest { autoMergeRequest { mergeMethod } }", map[string]any{"pullRequestId": p,
		"mergeMethod": "SQUASH"})
	do("disablePullRequestAutoMerge", "pullRequest { id }", map[string]any{"pullRequestId": p})
	do("convertPullRequestToDraft", "pullRequest { isDraft }", map[string]any{"pullRequestId": p})
	do("addReaction", "reaction { content } subject { id }", map[string]any{"subjectId": k, "content": "ROCKET"})
	do("minimizeComment", "minimizedComment { isMinimized }", map[string]any{"subjectId": k, "classifier": "SPAM"})
	do("addLabelsToLabelable", "labelable { labels(first: 5) { nodes { name } } }", map[string]any{"labelableId": i,
		"labelIds": []any{bug}})
	do("removeLabelsFromLabelable", "clientMutationId", map[string]any{"labelableId": i, "labelIds": []any{bug}})
	do("lockLockable", "lockedRecord { locked }", map[string]any{"lockableId": i, "lockReason": "SPAM"})
	do("closeIssue", "issue { state stateReason }", map[string]any{"issueId": i, "stateReason": "NOT_PLANNED"})
	do("addDiscussionComment", "comment { body url }", map[string]any{"discussionId": disc, "body": "Hello"})
	do("closeDiscussion", "discussion { closed }", map[string]any{"discussionId": disc, "reason": "OUTDATED"})
	w.expectEvents("pull_request.ready_for_review bellhop[bot]", "pull_request.auto_merge_enabled bellhop[bot]",
		"pull_request.auto_merge_disabled bellhop[bot]",
		"pull_request.converted_to_draft bellhop[bot]", "issues.labeled bellhop[bot]", "issues.unlabeled bellhop[bot]", "issues.locked bellhop[bot]",
		"issues.closed bellhop[bot]", "discussion_comment.created bellhop[bot]", "discussion.closed bellhop[bot]")
	view, _ := w.Issue(repo, issue)
	want := []githubtest.Comment{{ID: comment, Author: "bob", Body: "Spam!", Minimized: "SPAM",
		Reactions: []githubtest.Reaction{{User: "bellhop[bot]", Content: "rocket"}}}}
	if diff := cmp.Diff(want, view.Comments); diff != "" {
		t.Error(diff)
	}
	if view.State != "closed" || view.StateReason != "not_planned" || !view.Locked {
		t.Errorf("issue: %+v", view)
	}
}

// TestGraphQLSchema holds the stand-in's types against GitHub's published schema: every field exists there, with its arguments
// and its type.
func TestGraphQLSchema(t *testing.T) {
	file := npm(t, "@octokit", "graphql-schema", "schema.graphql")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range githubtest.GraphQLFields() {
		def := schema.Types[f.Type]
		if def == nil {
			t.Errorf("GitHub has no type %s", f.Type)
			continue
		}
		field := def.Fields.ForName(f.Name)
		if field == nil {
			t.Errorf("GitHub has no field %s.%s", f.Type, f.Name)
			continue
		}
		for _, a := range f.Args {
			if field.Arguments.ForName(a) == nil {
				t.Errorf("%s.%s has no argument %s", f.Type, f.Name, a)
			}
		}
		checkReturn(t, schema, f, field)
		if strings.HasPrefix(f.Type, "Mutation") {
			input := schema.Types[field.Arguments.ForName("input").Type.Name()]
			for _, in := range f.Inputs {
				if input.Fields.ForName(in) == nil {
					t.Errorf("%s has no field %s", input.Name, in)
				}
			}
		}
	}
	if _, errs := gqlparser.LoadQueryWithRules(schema, factsQuery, rules.NewDefaultRules()); errs != nil {
		t.Errorf("the query of the tests: %v", errs)
	}
}

func checkReturn(t *testing.T, schema *ast.Schema, f githubtest.GraphQLField, field *ast.FieldDefinition) {
	t.Helper()
	got := schema.Types[field.Type.Name()]
	scalar := got.Kind == ast.Scalar || got.Kind == ast.Enum
	want := strings.TrimSuffix(f.Returns, "[]")
	switch {
	case f.Returns == "":
		if !scalar {
			t.Errorf("%s.%s is no scalar but %s", f.Type, f.Name, field.Type)
		}
	case strings.HasSuffix(want, "*"):
		nodes := got.Fields.ForName("nodes")
		if nodes == nil || nodes.Type.Name() != strings.TrimSuffix(want, "*") {
			t.Errorf("%s.%s is %s, not a connection of %s", f.Type, f.Name, field.Type, want)
		}
	case got.Name != want:
		t.Errorf("%s.%s is %s, not %s", f.Type, f.Name, field.Type, want)
	case strings.HasSuffix(f.Returns, "[]") != strings.HasPrefix(field.Type.String(), "["):
		t.Errorf("%s.%s is %s, not %s", f.Type, f.Name, field.Type, f.Returns)
	}
}

func FuzzGraphQL(f *testing.F) {
	f.Add(factsQuery)
	f.Add(`mutation { addReaction(input: {subjectId: "x", content: EYES}) { reaction { id } } }`)
	f.Add(`{ repository(owner: "acme", name: "app") { issues(first: 5, states: OPEN) { edges { cursor node { id } } } } }`)
	f.Add(`{ nodes(ids: ["a"]) { id } a: node(id: "b") { ... on Issue { id } } }`)
	s, err := githubtest.Start(githubtest.Options{Now: epoch})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	seeded := githubtest.Seed(s)
	f.Fuzz(func(t *testing.T, query string) {
		body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"owner": "acme", "name": "app",
			"number": 1}})
		if err != nil {
			t.Fatal(err)
		}
		answer := githubtest.GraphQL(s, seeded.Installation, body)
		var out struct {
			Data   map[string]any
			Errors []any
		}
		if err := json.Unmarshal(answer, &out); err != nil || out.Data == nil && len(out.Errors) == 0 {
			t.Errorf("answer %s: %v", answer, err)
		}
	})
}

func TestGraphQLNodes(t *testing.T) {
	w := start(t)
	get(w.as("bob").OpenIssue("One", "", "bug"))(t)
	a := w.query(`{ repository(owner: "acme", name: "app") { id issue(number: 1) { id author { ... on User { id } } labels(first: 1) { nodes { id } } } } }`, nil)
	ids := []any{a.at("repository.id"), a.at("repository.issue.id"), a.at("repository.issue.author.id")}
	b := w.query(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Issue { title } } }`, map[string]any{"ids": ids})
	var names []string
	for i := range ids {
		names = append(names, fmt.Sprint(b.at(fmt.Sprintf("nodes.%d.__typename", i))))
	}
	if !slices.Equal(names, []string{"Repository", "Issue", "User"}) || b.at("nodes.1.title") != "One" {
		t.Errorf("nodes: %v %+v", names, b.Errors)
	}
}

// TestAnyNode asks for everything that has a node id: it is answered or refused, and never breaks the server.
func TestAnyNode(t *testing.T) {
	w := start(t)
	everything(w)
	id := w.Install("bellhop", "acme", githubtest.InstallSpec{})
	found := map[string]int{}
	for _, node := range githubtest.NodeIDs(w.Server) {
		body, err := json.Marshal(map[string]any{"query": `query($id: ID!) { node(id: $id) { __typename id } }`, "variables": map[string]any{"id": node}})
		w.ok(err)
		var a gqlAnswer
		w.ok(json.Unmarshal(githubtest.GraphQL(w.Server, id, body), &a))
		if len(a.Errors) == 0 && a.at("node.id") != node && !strings.HasPrefix(node, "I_") { // a pull request answers for its issue
			t.Errorf("%s answers as %v", node, a.at("node"))
		}
		found[fmt.Sprint(a.at("node.__typename"))]++
	}
	for _, typ := range strings.Fields("Issue PullRequest PullRequestReviewThread PullRequestReview IssueComment Label CheckRun StatusContext Discussion Team Bot") {
		if found[typ] == 0 {
			t.Errorf("no %s among %v", typ, found)
		}
	}
}
