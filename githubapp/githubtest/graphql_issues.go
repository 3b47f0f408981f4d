package githubtest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func reactionFields(of func(v any) []*reaction) fields {
	return fields{
		"reactions": field{"Reaction*", strings.Fields("content orderBy" + paging), func(_ *execution, v any, a args) any {
			list := slices.DeleteFunc(slices.Clone(of(v)), func(r *reaction) bool {
				return a.text("content") != "" && reactionNames[r.content] != a.text("content")
			})
			return connect(a, list)
		}},
		"reactionGroups": field{"ReactionGroup[]", nil, func(_ *execution, v any, _ args) any {
			out := []any{}
			for _, content := range []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"} {
				g := reactionGroup{content: reactionNames[content]}
				for _, r := range of(v) {
					if r.content == content {
						g.users = append(g.users, r.user)
					}
				}
				out = append(out, g)
			}
			return out
		}},
	}
}

func stateOf(i *issue) string {
	if i.pull != nil && i.pull.merged {
		return "MERGED"
	}
	return strings.ToUpper(i.state)
}

func issueTypes(t map[string]fields) {
	t["Issue"] = with(fields{
		"state":       is(func(v *issue) any { return strings.ToUpper(v.state) }),
		"stateReason": is(func(v *issue) any { return orNull(strings.ToUpper(v.reason)) }),
		"id":          is(func(v *issue) any { return v.node }),
		"databaseId":  is(func(v *issue) any { return v.id }),
	}, conversation(), reactionFields(func(v any) []*reaction { return v.(*issue).reactions }))
	t["Milestone"] = fields{
		"id": is(func(v *milestone) any { return v.node }), "number": is(func(v *milestone) any { return v.number }),
		"title": is(func(v *milestone) any { return v.title }), "state": is(func(v *milestone) any { return strings.ToUpper(v.state) }),
		"dueOn": is(func(v *milestone) any { return when(v.due) }), "description": is(func(v *milestone) any { return orNull(v.description) }),
	}
	t["IssueComment"] = with(fields{
		"id": is(func(v *comment) any { return v.node }), "databaseId": is(func(v *comment) any { return v.id }),
		"fullDatabaseId": is(func(v *comment) any { return itoa(v.id) }),
		"body":           is(func(v *comment) any { return v.body }), "createdAt": is(func(v *comment) any { return when(v.created) }),
		"updatedAt": is(func(v *comment) any { return when(v.updated) }), "isMinimized": is(func(v *comment) any { return v.minimized != "" }),
		"minimizedReason":   is(func(v *comment) any { return orNull(strings.ToLower(v.minimized)) }),
		"author":            on("Actor", "", func(_ *execution, v *comment, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *comment, _ args) any { return x.s.association(v.repo, v.author) }),
		"viewerDidAuthor":   on("", "", func(x *execution, v *comment, _ args) any { return v.author == x.who }),
		"url":               on("", "", func(x *execution, v *comment, _ args) any { return x.s.commentPage(v) }),
		"issue":             on("Issue", "", func(_ *execution, v *comment, _ args) any { return v.issue }),
		"pullRequest": on("PullRequest", "", func(_ *execution, v *comment, _ args) any {
			if v.issue.pull == nil {
				return nil
			}
			return v.issue
		}),
	}, reactionFields(func(v any) []*reaction { return v.(*comment).reactions }))
}

// conversation is what issues and pull requests have in common.
func conversation() fields {
	return fields{
		"number": is(func(v *issue) any { return v.number }), "title": is(func(v *issue) any { return v.title }),
		"body": is(func(v *issue) any { return v.body }), "bodyText": is(func(v *issue) any { return v.body }),
		"locked": is(func(v *issue) any { return v.locked }), "activeLockReason": is(func(v *issue) any {
			return orNull(strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(v.lockReason)))
		}),
		"closed": is(func(v *issue) any { return v.state == "closed" }), "createdAt": is(func(v *issue) any { return when(v.created) }),
		"updatedAt": is(func(v *issue) any { return when(v.updated) }), "closedAt": is(func(v *issue) any { return when(v.closed) }),
		"url":               on("", "", func(x *execution, v *issue, _ args) any { return x.s.issuePage(v) }),
		"author":            on("Actor", "", func(_ *execution, v *issue, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *issue, _ args) any { return x.s.relation(v) }),
		"viewerDidAuthor":   on("", "", func(x *execution, v *issue, _ args) any { return v.author == x.who }),
		"repository":        on("Repository", "", func(_ *execution, v *issue, _ args) any { return v.repo }),
		"labels": on("Label*", "orderBy"+paging, func(_ *execution, v *issue, a args) any {
			return connect(a,
				v.labels)
		}),
		"assignees": on("User*", paging, func(_ *execution, v *issue, a args) any { return connect(a, v.assignees) }),
		"milestone": on("Milestone", "", func(_ *execution, v *issue, _ args) any { return v.milestone }),
		"comments": on("IssueComment*", "orderBy"+paging, func(_ *execution, v *issue, a args) any {
			return connect(a,
				v.comments)
		}),
		"participants": on("User*", paging, func(_ *execution, v *issue, a args) any {
			list := []*user{v.author}
			for _, k := range v.comments {
				if !slices.Contains(list, k.author) {
					list = append(list, k.author)
				}
			}
			return connect(a, list)
		}),
	}
}

var closing = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b`)

// closes is the issues that a pull request says it closes.
func closes(i *issue) []*issue {
	var out []*issue
	for _, m := range closing.FindAllStringSubmatch(i.body, -1) {
		n, _ := strconv.Atoi(m[1])
		if other := i.repo.issue(n); other != nil && other.pull == nil && !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out
}
