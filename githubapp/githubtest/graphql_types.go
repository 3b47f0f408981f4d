package githubtest

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// abstract is an interface or a union: the object types it stands for, and the fields that it has by itself.
type abstract struct {
	types  []string
	fields []string
}

func stands(types, fields string) abstract {
	return abstract{strings.Fields(types), strings.Fields(fields)}
}

var abstracts = map[string]abstract{
	"Actor":                    stands("User Bot Organization", "login url resourcePath avatarUrl"),
	"RepositoryOwner":          stands("User Organization", "id login url resourcePath avatarUrl"),
	"Reactor":                  stands("User Bot Organization", ""),
	"RequestedReviewer":        stands("User Team Bot Mannequin", ""),
	"StatusCheckRollupContext": stands("CheckRun StatusContext", ""),
	"IssueOrPullRequest":       stands("Issue PullRequest", ""),
	"GitObject":                stands("Commit Tree Blob", "id oid abbreviatedOid"),
	"Node": stands(`Issue PullRequest User Bot Organization Repository IssueComment PullRequestReview PullRequestReviewComment Label
		Discussion DiscussionComment CheckRun StatusContext Team PullRequestReviewThread`, "id"),
	"RuleParameters": stands("RequiredStatusChecksParameters", ""),
	"GitSignature":   stands("GpgSignature", "isValid state"),
	"Labelable":      stands("Issue PullRequest Discussion", "labels"),
	"Lockable":       stands("Issue PullRequest Discussion", "locked activeLockReason"),
	"Assignable":     stands("Issue PullRequest", "assignees"),
	"Closable":       stands("Issue PullRequest Discussion", "closed closedAt"),
	"Reactable": stands("Issue PullRequest IssueComment PullRequestReview PullRequestReviewComment Discussion DiscussionComment",
		"id databaseId reactions reactionGroups"),
	"Minimizable": stands("IssueComment PullRequestReview PullRequestReviewComment DiscussionComment",
		"isMinimized minimizedReason"),
	"Comment": stands("Issue PullRequest IssueComment PullRequestReview PullRequestReviewComment Discussion DiscussionComment",
		"id author authorAssociation body createdAt updatedAt viewerDidAuthor"),
	"IssueTimelineItems": stands(`IssueComment LabeledEvent UnlabeledEvent AssignedEvent UnassignedEvent MilestonedEvent DemilestonedEvent ClosedEvent
		ReopenedEvent LockedEvent UnlockedEvent RenamedTitleEvent`, ""),
	"PullRequestTimelineItems": stands(`IssueComment PullRequestReview PullRequestCommit LabeledEvent UnlabeledEvent AssignedEvent UnassignedEvent
		MilestonedEvent DemilestonedEvent ClosedEvent ReopenedEvent LockedEvent UnlockedEvent RenamedTitleEvent ReadyForReviewEvent
		ConvertToDraftEvent ReviewRequestedEvent ReviewRequestRemovedEvent`, ""),
	"UniformResourceLocatable": stands("Issue PullRequest User Bot Organization Repository", "url"),
}

func isType(typ, condition string) bool {
	return typ == condition || slices.Contains(abstracts[condition].types, typ)
}

// typeOf is the object type of v where its field says static, which may be abstract.
func typeOf(static string, v any) string {
	if _, isAbstract := abstracts[static]; !isAbstract {
		return static
	}
	switch v := v.(type) {
	case *issue:
		if v.pull != nil {
			return "PullRequest"
		}
		return "Issue"
	case *user:
		return v.kind
	case *repo:
		return "Repository"
	case *team:
		return "Team"
	case *checkRun:
		return "CheckRun"
	case *status:
		return "StatusContext"
	case gitSignature:
		return "GpgSignature"
	case protectionIn:
		return "RequiredStatusChecksParameters"
	case commitIn:
		if static == "PullRequestTimelineItems" {
			return "PullRequestCommit"
		}
		return "Commit"
	case timelineEvent:
		return v.typ
	case treeIn:
		return "Tree"
	case blobIn:
		return "Blob"
	case *comment:
		return "IssueComment"
	case *review:
		return "PullRequestReview"
	case *reviewComment:
		return "PullRequestReviewComment"
	case *thread:
		return "PullRequestReviewThread"
	case *label:
		return "Label"
	case *discussion:
		return "Discussion"
	case *discussionComment:
		return "DiscussionComment"
	}
	return static
}

// Values that need to know their repository.
type (
	commitIn struct {
		repo *repo
		*commit
	}
	treeIn struct {
		repo *repo
		sha  string
	}
	blobIn struct {
		repo *repo
		sha  string
	}
	refIn struct {
		repo *repo
		ref  string
	}
	treeEntryIn struct {
		repo *repo
		path string
		treeEntry
	}
	rollup struct {
		repo *repo
		sha  string
	}
	protectionIn struct {
		branch string
		Protection
	}
	reactionGroup struct {
		content string
		users   []*user
	}
)

// types is the fields of every object type, interface and union.
var types = sync.OnceValue(func() map[string]fields {
	t := map[string]fields{}
	for _, add := range []func(map[string]fields){queryTypes, accountTypes, repositoryTypes, gitTypes, issueTypes, pullTypes,
		checkTypes, discussionTypes, mutationTypes, timelineFields} {
		add(t)
	}
	for name, a := range abstracts {
		t[name] = fields{}
		for _, f := range a.fields {
			t[name][f] = t[a.types[0]][f]
		}
	}
	return t
})

func queryTypes(t map[string]fields) {
	t["Query"] = fields{
		"repository": on("Repository", "owner name followRenames", func(x *execution, _ any, a args) any {
			r := x.s.findMoved(a.text("owner"), a.text("name"))
			if r == nil || !x.token.covers(r) {
				return missing("Could not resolve to a Repository with the name '%s/%s'.", a.text("owner"), a.text("name"))
			}
			return r
		}),
		"node": on("Node", "id", func(x *execution, _ any, a args) any { return x.nodeOf(a.text("id")) }),
		"nodes": on("Node[]", "ids", func(x *execution, _ any, a args) any {
			out := []any{}
			for _, id := range a.list("ids") {
				v := x.nodeOf(id)
				if err, isError := v.(error); isError {
					return err
				}
				out = append(out, v)
			}
			return out
		}),
		"viewer": on("User", "", func(x *execution, _ any, _ args) any { return x.who }),
		"user": on("User", "login", func(x *execution, _ any, a args) any {
			u := x.s.findUser(a.text("login"))
			if u == nil || u.kind != "User" {
				return missing("Could not resolve to a User with the login of '%s'.", a.text("login"))
			}
			return u
		}),
		"organization": on("Organization", "login", func(x *execution, _ any, a args) any {
			u := x.s.findUser(a.text("login"))
			if u == nil || !u.isOrg() {
				return missing("Could not resolve to an Organization with the login of '%s'.", a.text("login"))
			}
			return u
		}),
		"rateLimit": on("RateLimit", "dryRun", func(x *execution, _ any, _ args) any { return x.rate() }),
	}
	for name, f := range t["Query"] {
		get := f.get
		// The root has no value; on() wants one of type any.
		t["Query"][name] = field{f.typ, f.args, func(x *execution, _ any, a args) any { return get(x, struct{}{}, a) }}
	}
	number := func(key string) field {
		return is(func(v map[string]string) any { n, _ := strconv.Atoi(v[key]); return n })
	}
	t["RateLimit"] = fields{
		"cost": is(func(map[string]string) any { return 1 }), "nodeCount": is(func(map[string]string) any { return 1 }),
		"limit": number("Limit"), "remaining": number("Remaining"), "used": number("Used"),
		"resetAt": on("", "", func(x *execution, _ map[string]string, _ args) any { return when(x.inst.rate.reset) }),
	}
	t["PageInfo"] = fields{
		"hasNextPage":     is(func(v connection) any { return v.from+len(v.nodes) < v.total }),
		"hasPreviousPage": is(func(v connection) any { return v.from > 0 }),
		"startCursor": is(func(v connection) any {
			if len(v.nodes) == 0 {
				return nil
			}
			return cursor(v.from)
		}),
		"endCursor": is(func(v connection) any {
			if len(v.nodes) == 0 {
				return nil
			}
			return cursor(v.from + len(v.nodes) - 1)
		}),
	}
	t["ReactionGroup"] = fields{
		"content":          is(func(v reactionGroup) any { return v.content }),
		"reactors":         on("Reactor*", paging, func(_ *execution, v reactionGroup, a args) any { return connect(a, v.users) }),
		"users":            on("User*", paging, func(_ *execution, v reactionGroup, a args) any { return connect(a, v.users) }),
		"viewerHasReacted": on("", "", func(x *execution, v reactionGroup, _ args) any { return slices.Contains(v.users, x.who) }),
	}
	t["Reaction"] = fields{
		"id": is(func(v *reaction) any { return v.node }), "databaseId": is(func(v *reaction) any { return v.id }),
		"content": is(func(v *reaction) any { return reactionNames[v.content] }), "createdAt": is(func(v *reaction) any { return when(v.created) }),
		"user": on("User", "", func(_ *execution, v *reaction, _ args) any { return v.user }),
	}
}

// nodeOf finds a thing by its node id, when the token may see its repository.
func (x *execution) nodeOf(id string) any {
	v := x.s.nodes[id]
	if v == nil || !isNode(v) {
		return missing("Could not resolve to a node with the global id of '%s'", id)
	}
	if r := repoOfNode(v); r != nil && !x.token.covers(r) {
		return missing("Could not resolve to a node with the global id of '%s'", id)
	}
	return v
}

// isNode tells whether v can be asked for by its node id.
func isNode(v any) bool { return typeOf("Node", v) != "Node" }

func repoOfNode(v any) *repo {
	switch v := v.(type) {
	case *issue:
		return v.repo
	case *repo:
		return v
	case *comment:
		return v.repo
	case *review:
		return v.issue.repo
	case *reviewComment:
		return v.thread.issue.repo
	case *thread:
		return v.issue.repo
	case *checkRun:
		return v.suite.repo
	case *discussion:
		return v.repo
	case *discussionComment:
		return v.discussion.repo
	case *label:
		return v.repo
	case *status:
		return v.repo
	}
	return nil
}

func with(f fields, more ...fields) fields {
	for _, m := range more {
		for k, v := range m {
			f[k] = v
		}
	}
	return f
}
