package githubtest

import (
	"slices"
	"strings"
)

func discussionTypes(t map[string]fields) {
	t["Discussion"] = with(fields{
		"id": is(func(v *discussion) any { return v.node }), "databaseId": is(func(v *discussion) any { return v.id }),
		"number": is(func(v *discussion) any { return v.number }), "title": is(func(v *discussion) any { return v.title }),
		"body": is(func(v *discussion) any { return v.body }), "locked": is(func(v *discussion) any { return v.locked }),
		"closed": is(func(v *discussion) any { return v.state == "closed" }), "closedAt": is(func(v *discussion) any { return when(v.closed) }),
		"stateReason": is(func(v *discussion) any { return orNull(strings.ToUpper(v.reason)) }),
		"createdAt":   is(func(v *discussion) any { return when(v.created) }), "updatedAt": is(func(v *discussion) any { return when(v.updated) }),
		"isAnswered":        is(func(v *discussion) any { return v.answer != nil }),
		"activeLockReason":  is(func(*discussion) any { return nil }),
		"author":            on("Actor", "", func(_ *execution, v *discussion, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *discussion, _ args) any { return x.s.association(v.repo, v.author) }),
		"category":          on("DiscussionCategory", "", func(_ *execution, v *discussion, _ args) any { return v.category }),
		"answer":            on("DiscussionComment", "", func(_ *execution, v *discussion, _ args) any { return v.answer }),
		"repository":        on("Repository", "", func(_ *execution, v *discussion, _ args) any { return v.repo }),
		"labels": on("Label*", "orderBy"+paging, func(_ *execution, v *discussion, a args) any {
			return connect(a,
				v.labels)
		}),
		"url":             on("", "", func(x *execution, v *discussion, _ args) any { return x.s.discussionJSON(v)["html_url"] }),
		"viewerDidAuthor": on("", "", func(x *execution, v *discussion, _ args) any { return v.author == x.who }),
		"comments": on("DiscussionComment*", paging, func(_ *execution, v *discussion, a args) any {
			return connect(a, slices.DeleteFunc(slices.Clone(v.comments),
				func(k *discussionComment) bool { return k.parent != nil }))
		}),
	}, reactionFields(func(v any) []*reaction { return v.(*discussion).reactions }))
	t["DiscussionCategory"] = fields{
		"name": is(func(v string) any { return v }), "slug": is(func(v string) any { return strings.ToLower(v) }),
		"isAnswerable": is(func(v string) any { return v == "Q&A" }),
	}
	t["DiscussionComment"] = with(fields{
		"id": is(func(v *discussionComment) any { return v.node }), "databaseId": is(func(v *discussionComment) any { return v.id }),
		"body": is(func(v *discussionComment) any { return v.body }), "createdAt": is(func(v *discussionComment) any { return when(v.created) }),
		"updatedAt": is(func(v *discussionComment) any { return when(v.updated) }), "isAnswer": is(func(v *discussionComment) any { return v.discussion.answer == v }),
		"isMinimized":     is(func(v *discussionComment) any { return v.minimized != "" }),
		"minimizedReason": is(func(v *discussionComment) any { return orNull(strings.ToLower(v.minimized)) }),
		"author":          on("Actor", "", func(_ *execution, v *discussionComment, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *discussionComment, _ args) any {
			return x.s.association(v.discussion.repo, v.author)
		}),
		"viewerDidAuthor": on("", "", func(x *execution, v *discussionComment, _ args) any { return v.author == x.who }),
		"discussion":      on("Discussion", "", func(_ *execution, v *discussionComment, _ args) any { return v.discussion }),
		"replyTo":         on("DiscussionComment", "", func(_ *execution, v *discussionComment, _ args) any { return v.parent }),
		"url": on("", "", func(x *execution, v *discussionComment,
			_ args) any {
			return x.s.discussionCommentJSON(v)["html_url"]
		}),
		"replies": on("DiscussionComment*", paging, func(_ *execution, v *discussionComment, a args) any {
			return connect(a, slices.DeleteFunc(slices.Clone(v.discussion.comments),
				func(k *discussionComment) bool { return k.parent != v }))
		}),
	}, reactionFields(func(v any) []*reaction { return v.(*discussionComment).reactions }))
}
