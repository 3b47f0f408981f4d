package githubtest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// timelineEvent is something that happened to an issue or pull request, as its timeline shows it.
type timelineEvent struct {
	typ string // in GraphQL
	who *user
	at  time.Time

	label *label // of labeled and unlabeled
}

// timelineTypes are the activities that a timeline shows, with their types in GraphQL.
// https://docs.github.com/en/graphql/reference/unions#issuetimelineitems
var timelineTypes = map[string]string{
	"labeled": "LabeledEvent", "unlabeled": "UnlabeledEvent", "assigned": "AssignedEvent", "unassigned": "UnassignedEvent",
	"milestoned": "MilestonedEvent", "demilestoned": "DemilestonedEvent", "closed": "ClosedEvent", "reopened": "ReopenedEvent",
	"locked": "LockedEvent", "unlocked": "UnlockedEvent", "ready_for_review": "ReadyForReviewEvent", "converted_to_draft": "ConvertToDraftEvent",
	"review_requested": "ReviewRequestedEvent", "review_request_removed": "ReviewRequestRemovedEvent",
}

// happened notes an activity on the timeline.
func (s *Server) happened(i *issue, action string, who *user, extra object) {
	typ := timelineTypes[action]
	if changes, _ := extra["changes"].(object); action == "edited" {
		if changes["title"] != nil {
			typ = "RenamedTitleEvent"
		}
		if changes["body"] != nil {
			i.edited, i.editor = s.Now(), who
		}
	}
	if typ != "" {
		e := timelineEvent{typ: typ, who: who, at: s.Now()}
		if l, ok := extra["label"].(object); ok {
			name, _ := l["name"].(string)
			e.label = i.repo.label(name)
		}
		i.timeline = append(i.timeline, e)
	}
}

// timelineOf is the timeline of an issue or pull request, the oldest first. With types only items of these.
func (s *Server) timelineOf(i *issue, types []string) []any {
	type item struct {
		at  time.Time
		typ string
		v   any
	}
	var list []item
	if i.pull != nil {
		for _, c := range s.pullCommits(i.pull) {
			list = append(list, item{c.committer.when, "PullRequestCommit", commitIn{i.repo, c}})
		}
		for _, r := range i.pull.reviews {
			if !r.submitted.IsZero() {
				list = append(list, item{r.submitted, "PullRequestReview", r})
			}
		}
	}
	for _, k := range i.comments {
		list = append(list, item{k.created, "IssueComment", k})
	}
	for _, e := range i.timeline {
		list = append(list, item{e.at, e.typ, e})
	}
	slices.SortStableFunc(list, func(a, b item) int { return a.at.Compare(b.at) })
	var out []any
	for _, it := range list {
		if len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(strings.ReplaceAll(t, "_", ""), it.typ) }) {
			out = append(out, it.v)
		}
	}
	return out
}

func timelineFields(t map[string]fields) {
	for _, name := range append(slices.Collect(maps.Values(timelineTypes)), "RenamedTitleEvent") {
		t[name] = fields{
			"actor":     on("Actor", "", func(_ *execution, v timelineEvent, _ args) any { return v.who }),
			"createdAt": is(func(v timelineEvent) any { return when(v.at) }),
		}
	}
	for _, typ := range []string{"LabeledEvent", "UnlabeledEvent"} {
		t[typ]["label"] = on("Label", "", func(_ *execution, v timelineEvent, _ args) any { return v.label })
	}
	for typ, union := range map[string]string{"Issue": "IssueTimelineItems", "PullRequest": "PullRequestTimelineItems"} {
		t[typ]["timelineItems"] = on(union+"*", "itemTypes since skip"+paging, func(x *execution, v *issue, a args) any {
			return connect(a, x.s.timelineOf(v, a.list("itemTypes")))
		})
		t[typ]["lastEditedAt"] = is(func(v *issue) any { return when(v.edited) })
		t[typ]["editor"] = on("Actor", "", func(_ *execution, v *issue, _ args) any { return v.editor })
	}
	t["IssueComment"]["lastEditedAt"] = is(func(v *comment) any {
		if v.updated.Equal(v.created) {
			return nil
		}
		return when(v.updated)
	})
	t["IssueComment"]["editor"] = on("Actor", "", func(_ *execution, v *comment, _ args) any {
		if v.updated.Equal(v.created) {
			return nil
		}
		return v.author
	})
}
