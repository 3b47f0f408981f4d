package githubtest

import (
	"slices"
	"strings"
)

func repositoryTypes(t map[string]fields) {
	flag := func(get func(v *repo) bool) field { return is(func(v *repo) any { return get(v) }) }
	t["Repository"] = fields{
		"id": is(func(v *repo) any { return v.node }), "databaseId": is(func(v *repo) any { return v.id }),
		"name": is(func(v *repo) any { return v.name }), "nameWithOwner": is(func(v *repo) any { return v.full() }),
		"owner":       on("RepositoryOwner", "", func(_ *execution, v *repo, _ args) any { return v.owner }),
		"url":         on("", "", func(x *execution, v *repo, _ args) any { return v.web(x.s, "") }),
		"description": is(func(v *repo) any { return orNull(v.spec.Description) }),
		"isPrivate":   flag(func(v *repo) bool { return v.private }), "isFork": flag(func(v *repo) bool { return v.parent != nil }),
		"isArchived": flag(func(v *repo) bool { return v.archived }), "isDisabled": flag(func(*repo) bool { return false }),
		"mergeCommitAllowed": flag(func(*repo) bool { return true }), "squashMergeAllowed": flag(func(*repo) bool { return true }),
		"rebaseMergeAllowed": flag(func(*repo) bool { return true }), "autoMergeAllowed": flag(func(v *repo) bool { return v.spec.AutoMerge }),
		"deleteBranchOnMerge": flag(func(v *repo) bool { return v.spec.DeleteBranch }),
		"visibility": is(func(v *repo) any {
			if v.private {
				return "PRIVATE"
			}
			return "PUBLIC"
		}),
		"createdAt": is(func(v *repo) any { return when(v.created) }), "updatedAt": is(func(v *repo) any { return when(v.updated) }),
		"pushedAt": is(func(v *repo) any { return when(v.pushed) }),
		"parent":   on("Repository", "", func(_ *execution, v *repo, _ args) any { return v.parent }),
		"primaryLanguage": on("Language", "", func(_ *execution, v *repo, _ args) any {
			if v.spec.Language == "" {
				return nil
			}
			return v.spec.Language
		}),
		"repositoryTopics": on("RepositoryTopic*", paging, func(_ *execution, v *repo, a args) any {
			return connect(a,
				v.spec.Topics)
		}),
		"defaultBranchRef": on("Ref", "", func(_ *execution, v *repo, _ args) any {
			if v.branch(v.defaultBranch) == "" {
				return nil
			}
			return refIn{v, "refs/heads/" + v.defaultBranch}
		}),
		"ref": on("Ref", "qualifiedName", func(x *execution, v *repo, a args) any {
			for _, name := range []string{a.text("qualifiedName"), "refs/heads/" + a.text("qualifiedName"),
				"refs/tags/" + a.text("qualifiedName")} {
				if _, has := v.refs[name]; has {
					return refIn{v, name}
				}
			}
			return nil
		}),
		"refs": on("Ref*", "refPrefix query orderBy direction"+paging, func(_ *execution, v *repo, a args) any {
			return connect(a, each(v.refsUnder(a.text("refPrefix")), func(ref string) refIn { return refIn{v, ref} }))
		}),
		"object": on("GitObject", "expression oid", func(x *execution, v *repo, a args) any {
			if err := x.needs("contents:read"); err != nil {
				return err
			}
			return x.gitObject(v, a.text("expression")+a.text("oid"))
		}),
		"issue": on("Issue", "number", func(x *execution, v *repo, a args) any {
			if err := x.needs("issues:read"); err != nil {
				return err
			}
			i := v.issue(a.number("number"))
			if i == nil || i.pull != nil {
				return missing("Could not resolve to an Issue with the number of %d.", a.number("number"))
			}
			return i
		}),
		"pullRequest": on("PullRequest", "number", func(x *execution, v *repo, a args) any {
			if err := x.needs("pull_requests:read"); err != nil {
				return err
			}
			i := v.issue(a.number("number"))
			if i == nil || i.pull == nil {
				return missing("Could not resolve to a PullRequest with the number of %d.", a.number("number"))
			}
			return i
		}),
		"issueOrPullRequest": on("IssueOrPullRequest", "number", func(x *execution, v *repo, a args) any {
			i := v.issue(a.number("number"))
			if i == nil {
				return missing("Could not resolve to an issue or pull request with the number of %d.", a.number("number"))
			}
			return i
		}),
		"discussion": on("Discussion", "number", func(x *execution, v *repo, a args) any {
			if err := x.needs("discussions:read"); err != nil {
				return err
			}
			d := v.discussion(a.number("number"))
			if d == nil {
				return missing("Could not resolve to a Discussion with the number of %d.", a.number("number"))
			}
			return d
		}),
		"issues": on("Issue*", "states labels orderBy filterBy"+paging, func(x *execution, v *repo, a args) any {
			if err := x.needs("issues:read"); err != nil {
				return err
			}
			return connect(a, selectIssues(v, a, false))
		}),
		"pullRequests": on("PullRequest*", "states labels headRefName baseRefName orderBy"+paging, func(x *execution, v *repo,
			a args) any {
			if err := x.needs("pull_requests:read"); err != nil {
				return err
			}
			return connect(a, selectIssues(v, a, true))
		}),
		"label": on("Label", "name", func(_ *execution, v *repo, a args) any {
			return v.label(a.text("name"))
		}),
		"labels": on("Label*", "query orderBy"+paging, func(_ *execution, v *repo, a args) any { return connect(a, v.labels) }),
		"branchProtectionRules": on("BranchProtectionRule*", paging, func(_ *execution, v *repo, a args) any {
			var list []protectionIn
			for _, ref := range v.refsUnder("refs/heads/") {
				name := strings.TrimPrefix(ref, "refs/heads/")
				if p, has := v.protections[name]; has {
					list = append(list, protectionIn{name, p})
				}
			}
			return connect(a, list)
		}),
	}
	t["Language"] = fields{"name": is(func(v string) any { return v })}
	t["RepositoryTopic"] = fields{"topic": on("Topic", "", func(_ *execution, v string, _ args) any { return v })}
	t["Topic"] = fields{"name": is(func(v string) any { return v })}
	t["Label"] = fields{
		"id": is(func(v *label) any { return v.node }), "name": is(func(v *label) any { return v.name }),
		"color": is(func(v *label) any { return v.color }), "description": is(func(v *label) any { return orNull(v.description) }),
		"isDefault": is(func(v *label) any { return v.isDefault }),
		"url":       on("", "", func(x *execution, v *label, _ args) any { return v.repo.web(x.s, "/labels/%s", v.name) }),
	}
	t["BranchProtectionRule"] = fields{
		"pattern":                      is(func(v protectionIn) any { return v.branch }),
		"requiresApprovingReviews":     is(func(v protectionIn) any { return v.Approvals > 0 }),
		"requiredApprovingReviewCount": is(func(v protectionIn) any { return v.Approvals }),
		"requiresStatusChecks":         is(func(v protectionIn) any { return len(v.Checks) > 0 }),
		"requiredStatusCheckContexts":  is(func(v protectionIn) any { return notNil(v.Checks) }),
		"requiresStrictStatusChecks":   is(func(v protectionIn) any { return v.Strict }),
	}
}

// selectIssues filters by the arguments of issues and pullRequests; oldest first unless orderBy says otherwise.
func selectIssues(r *repo, a args, pulls bool) []*issue {
	states, labels := a.list("states"), a.list("labels")
	var list []*issue
	for _, i := range r.issues {
		if (i.pull != nil) != pulls || len(states) > 0 && !slices.Contains(states, stateOf(i)) {
			continue
		}
		if len(labels) > 0 && !slices.ContainsFunc(labels, i.has) {
			continue
		}
		if pulls {
			head, base := a.text("headRefName"), a.text("baseRefName")
			if head != "" && head != i.pull.headRef || base != "" && base != i.pull.baseRef {
				continue
			}
		}
		list = append(list, i)
	}
	order, _ := a["orderBy"].(map[string]any)
	if order["field"] == "UPDATED_AT" {
		slices.SortStableFunc(list, func(a, b *issue) int { return a.updated.Compare(b.updated) })
	}
	if order["direction"] == "DESC" {
		slices.Reverse(list)
	}
	return list
}
