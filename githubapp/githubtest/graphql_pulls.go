package githubtest

import (
	"slices"
	"strings"
	"time"
)

func pullTypes(t map[string]fields) {
	t["PullRequest"] = with(fields{
		"id": is(func(v *issue) any { return v.pull.node }), "databaseId": is(func(v *issue) any { return v.pull.id }),
		"fullDatabaseId": is(func(v *issue) any { return itoa(v.pull.id) }),
		"state":          is(func(v *issue) any { return stateOf(v) }), "isDraft": is(func(v *issue) any { return v.pull.draft }),
		"merged": is(func(v *issue) any { return v.pull.merged }), "mergedAt": is(func(v *issue) any { return when(v.pull.mergedAt) }),
		"mergedBy":    on("Actor", "", func(_ *execution, v *issue, _ args) any { return v.pull.mergedBy }),
		"mergeCommit": on("Commit", "", func(x *execution, v *issue, _ args) any { return x.commitOrNil(v.repo, v.pull.mergeSHA) }),
		"mergeable": on("", "", func(x *execution, v *issue, _ args) any {
			m, _ := x.s.mergeState(v.pull)
			return map[string]string{"": "UNKNOWN", "true": "MERGEABLE", "false": "CONFLICTING"}[m]
		}),
		"mergeStateStatus": on("", "", func(x *execution, v *issue, _ args) any {
			_, state := x.s.mergeState(v.pull)
			return strings.ToUpper(state)
		}),
		"reviewDecision": on("", "", func(x *execution, v *issue, _ args) any { return orNull(x.s.reviewDecision(v.pull)) }),
		"additions": on("", "", func(x *execution, v *issue, _ args) any {
			n,
				_ := lineCounts(x.s.pullFiles(v.pull))
			return n
		}),
		"deletions": on("", "", func(x *execution, v *issue, _ args) any {
			_,
				n := lineCounts(x.s.pullFiles(v.pull))
			return n
		}),
		"changedFiles": on("", "", func(x *execution, v *issue, _ args) any { return len(x.s.pullFiles(v.pull)) }),
		"baseRefName":  is(func(v *issue) any { return v.pull.baseRef }), "headRefName": is(func(v *issue) any { return v.pull.headRef }),
		"headRefOid": is(func(v *issue) any { return v.pull.headSHA }), "baseRefOid": is(func(v *issue) any { return v.pull.base() }),
		"baseRef": on("Ref", "", func(_ *execution, v *issue, _ args) any { return refOrNil(v.repo, v.pull.baseRef) }),
		"headRef": on("Ref", "", func(_ *execution, v *issue, _ args) any {
			return refOrNil(v.pull.headRepo,
				v.pull.headRef)
		}),
		"headRepository": on("Repository", "", func(_ *execution, v *issue, _ args) any { return v.pull.headRepo }),
		"baseRepository": on("Repository", "", func(_ *execution, v *issue, _ args) any { return v.repo }),
		"headRepositoryOwner": on("RepositoryOwner", "", func(_ *execution, v *issue, _ args) any {
			if v.pull.headRepo == nil {
				return nil
			}
			return v.pull.headRepo.owner
		}),
		"isCrossRepository":   is(func(v *issue) any { return v.pull.headRepo != v.repo }),
		"maintainerCanModify": is(func(v *issue) any { return v.pull.maintainer }),
		"reviewRequests": on("ReviewRequest*", paging, func(_ *execution, v *issue, a args) any {
			var list []any
			for _, u := range v.pull.reviewers {
				list = append(list, u)
			}
			for _, t := range v.pull.teamReviewers {
				list = append(list, t)
			}
			return connect(a, list)
		}),
		"reviews": on("PullRequestReview*", "states author"+paging, func(_ *execution, v *issue, a args) any {
			return connect(a, slices.DeleteFunc(slices.Clone(v.pull.reviews), func(r *review) bool {
				states, author := a.list("states"), a.text("author")
				return len(states) > 0 && !slices.Contains(states, r.state) || author != "" && r.author.login != author
			}))
		}),
		"latestReviews": on("PullRequestReview*", paging, func(x *execution, v *issue, a args) any {
			return connect(a,
				latestReviews(v.pull))
		}),
		"latestOpinionatedReviews": on("PullRequestReview*", "writersOnly"+paging, func(x *execution, v *issue, a args) any {
			writers, _ := a["writersOnly"].(bool)
			return connect(a, x.s.opinions(v.pull, writers))
		}),
		"reviewThreads": on("PullRequestReviewThread*", paging, func(_ *execution, v *issue, a args) any {
			return connect(a,
				v.pull.threads)
		}),
		"files": on("PullRequestChangedFile*", paging, func(x *execution, v *issue, a args) any {
			list := x.s.pullFiles(v.pull)
			return connect(a, list[:min(3000, len(list))])
		}),
		"commits": on("PullRequestCommit*", paging, func(x *execution, v *issue, a args) any {
			list := x.s.pullCommits(v.pull)
			return connect(a, each(list[max(0, len(list)-250):], func(c *commit) commitIn { return commitIn{v.repo, c} }))
		}),
		"statusCheckRollup": on("StatusCheckRollup", "", func(x *execution, v *issue,
			_ args) any {
			return x.rollupOf(v.repo, v.pull.headSHA)
		}),
		"closingIssuesReferences": on("Issue*", "orderBy userLinkedOnly"+paging, func(_ *execution, v *issue,
			a args) any {
			return connect(a, closes(v))
		}),
		"timelineItems": on("PullRequestTimelineItems*", "itemTypes since skip"+paging, func(_ *execution, v *issue, a args) any {
			var list []readyEvent
			if wanted := a.list("itemTypes"); !v.pull.readyAt.IsZero() && (len(wanted) == 0 || slices.Contains(wanted, "READY_FOR_REVIEW_EVENT")) {
				list = append(list, readyEvent{v.pull.readyAt})
			}
			return connect(a, list)
		}),
		"autoMergeRequest":     on("AutoMergeRequest", "", func(_ *execution, v *issue, _ args) any { return v.pull.autoMerge }),
		"isInMergeQueue":       is(func(v *issue) any { return v.pull.queued != nil }),
		"mergeQueueEntry":      on("MergeQueueEntry", "", func(_ *execution, v *issue, _ args) any { return v.pull.queued }),
		"potentialMergeCommit": on("Commit", "", func(*execution, *issue, args) any { return nil }),
		"totalCommentsCount":   is(func(v *issue) any { return len(v.comments) }),
	}, conversation(), reactionFields(func(v any) []*reaction { return v.(*issue).reactions }))
	t["ReadyForReviewEvent"] = fields{"createdAt": is(func(v readyEvent) any { return when(v.at) })}
	t["ReviewRequest"] = fields{
		"requestedReviewer": on("RequestedReviewer", "", func(_ *execution, v any, _ args) any { return v }),
		"asCodeOwner":       on("", "", func(*execution, any, args) any { return false }),
	}
	t["PullRequestReview"] = fields{
		"id": is(func(v *review) any { return v.node }), "databaseId": is(func(v *review) any { return v.id }),
		"fullDatabaseId": is(func(v *review) any { return itoa(v.id) }),
		"state":          is(func(v *review) any { return v.state }), "body": is(func(v *review) any { return v.body }),
		"submittedAt":     is(func(v *review) any { return when(v.submitted) }),
		"createdAt":       is(func(v *review) any { return when(v.submitted) }),
		"updatedAt":       is(func(v *review) any { return when(v.submitted) }),
		"isMinimized":     is(func(v *review) any { return v.minimized != "" }),
		"minimizedReason": is(func(v *review) any { return orNull(strings.ToLower(v.minimized)) }),
		"author":          on("Actor", "", func(_ *execution, v *review, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *review, _ args) any {
			return x.s.association(v.issue.repo,
				v.author)
		}),
		"authorCanPushToRepository": on("", "", func(x *execution, v *review, _ args) any {
			return x.s.roleOf(v.issue.repo,
				v.author) >= roleWrite
		}),
		"viewerDidAuthor": on("", "", func(x *execution, v *review, _ args) any { return v.author == x.who }),
		"commit": on("Commit", "", func(x *execution, v *review,
			_ args) any {
			return x.commitOrNil(v.issue.repo, v.commit)
		}),
		"url": on("", "", func(x *execution, v *review, _ args) any { return x.s.reviewJSON(v)["html_url"] }),
		"comments": on("PullRequestReviewComment*", paging, func(_ *execution, v *review, a args) any {
			var list []*reviewComment
			for _, t := range v.issue.pull.threads {
				list = append(list, slices.DeleteFunc(slices.Clone(t.comments),
					func(k *reviewComment) bool { return k.review != v })...)
			}
			return connect(a, list)
		}),
	}
	t["PullRequestReviewThread"] = fields{
		"id": is(func(v *thread) any { return v.node }), "path": is(func(v *thread) any { return v.path }),
		"line": is(func(v *thread) any { return v.line }), "isResolved": is(func(v *thread) any { return v.resolved }),
		"isOutdated": is(func(v *thread) any { return len(v.comments) > 0 && v.comments[0].commit != v.issue.pull.headSHA }),
		"resolvedBy": on("User", "", func(_ *execution, v *thread, _ args) any { return v.resolvedBy }),
		"comments": on("PullRequestReviewComment*", paging, func(_ *execution, v *thread, a args) any {
			return connect(a,
				v.comments)
		}),
	}
	t["PullRequestReviewComment"] = with(fields{
		"id": is(func(v *reviewComment) any { return v.node }), "databaseId": is(func(v *reviewComment) any { return v.id }),
		"body": is(func(v *reviewComment) any { return v.body }), "path": is(func(v *reviewComment) any { return v.thread.path }),
		"line": is(func(v *reviewComment) any { return v.thread.line }), "createdAt": is(func(v *reviewComment) any { return when(v.created) }),
		"updatedAt": is(func(v *reviewComment) any { return when(v.updated) }), "isMinimized": is(func(v *reviewComment) any { return v.minimized != "" }),
		"minimizedReason": is(func(v *reviewComment) any { return orNull(strings.ToLower(v.minimized)) }),
		"author":          on("Actor", "", func(_ *execution, v *reviewComment, _ args) any { return v.author }),
		"authorAssociation": on("", "", func(x *execution, v *reviewComment, _ args) any {
			return x.s.association(v.thread.issue.repo, v.author)
		}),
		"url": on("", "", func(x *execution, v *reviewComment, _ args) any { return x.s.reviewCommentJSON(v)["html_url"] }),
	}, reactionFields(func(v any) []*reaction { return v.(*reviewComment).reactions }))
	t["PullRequestChangedFile"] = fields{
		"path": is(func(v fileChange) any { return v.path }), "additions": is(func(v fileChange) any { return v.additions }),
		"deletions": is(func(v fileChange) any { return v.deletions }),
		"changeType": is(func(v fileChange) any {
			return map[string]string{"removed": "DELETED"}[v.status] + changeTypes[v.status]
		}),
		"viewerViewedState": is(func(fileChange) any { return "UNVIEWED" }),
	}
	t["PullRequestCommit"] = fields{
		"id":     is(func(v commitIn) any { return nodeID("PURC", v.repo.id) + "_" + v.sha }),
		"commit": on("Commit", "", func(_ *execution, v commitIn, _ args) any { return v }),
		"url":    on("", "", func(x *execution, v commitIn, _ args) any { return v.repo.web(x.s, "/commit/%s", v.sha) }),
	}
	t["AutoMergeRequest"] = fields{
		"mergeMethod": is(func(v *autoMerge) any { return strings.ToUpper(v.method) }), "enabledAt": is(func(v *autoMerge) any { return when(v.since) }),
		"enabledBy":      on("Actor", "", func(_ *execution, v *autoMerge, _ args) any { return v.by }),
		"commitHeadline": is(func(v *autoMerge) any { return orNull(v.title) }), "commitBody": is(func(v *autoMerge) any { return orNull(v.message) }),
	}
	t["MergeQueueEntry"] = fields{
		"id":         is(func(v *mergeGroup) any { return nodeID("MQE", v.issue.id) }),
		"state":      is(func(*mergeGroup) any { return "AWAITING_CHECKS" }),
		"position":   is(func(v *mergeGroup) any { return slices.Index(v.issue.repo.groups, v) + 1 }),
		"headCommit": on("Commit", "", func(x *execution, v *mergeGroup, _ args) any { return x.commitOrNil(v.issue.repo, v.sha) }),
	}
}

// readyEvent is the newest moment at which a pull request became ready for review: all that its timeline holds here.
type readyEvent struct{ at time.Time }

var changeTypes = map[string]string{"added": "ADDED", "modified": "MODIFIED", "renamed": "RENAMED"}

// latestReviews is the last review of each person, of any state.
func latestReviews(p *pull) []*review {
	var out []*review
	for _, v := range p.reviews {
		if v.state == "PENDING" {
			continue
		}
		out = slices.DeleteFunc(out, func(o *review) bool { return o.author == v.author })
		out = append(out, v)
	}
	return out
}
