package githubtest

import (
	"fmt"
	"slices"
	"strings"
)

// mutation is one field of Mutation: what its input may hold, which permission it needs, what it does, what it returns.
type mutation struct {
	inputs  string
	needs   string
	returns fields
	do      func(x *execution, in args) (object, error)
}

// from is a field of a mutation's payload.
func from(typ, key string) field {
	return field{typ, nil, func(_ *execution, v any, _ args) any { return v.(object)[key] }}
}

func mutationTypes(t map[string]fields) {
	t["Mutation"] = fields{}
	for name, m := range mutations {
		payload := strings.ToUpper(name[:1]) + name[1:] + "Payload"
		t[payload] = with(fields{"clientMutationId": from("", "clientMutationId")}, m.returns)
		t["Mutation"][name] = field{payload, []string{"input"}, func(x *execution, _ any, a args) any {
			return x.mutate(name, m,
				a)
		}}
	}
}

func (x *execution) mutate(name string, m mutation, a args) any {
	input, isObject := a["input"].(map[string]any)
	if !isObject {
		return &gqlError{Message: fmt.Sprintf("Field '%s' is missing required arguments: input", name)}
	}
	for key := range input {
		if key != "clientMutationId" && !slices.Contains(strings.Fields(m.inputs), key) {
			return &gqlError{Message: fmt.Sprintf("InputObject '%s' doesn't accept argument '%s'",
				strings.ToUpper(name[:1])+name[1:]+"Input", key)}
		}
	}
	if err := x.needs(m.needs); err != nil {
		return err
	}
	out, err := m.do(x, input)
	if err != nil {
		return err
	}
	out["clientMutationId"] = input["clientMutationId"]
	return out
}

// subject finds the thing of type T that an input names.
func subject[T any](x *execution, in args, key string) (T, error) {
	var none T
	v := x.nodeOf(in.text(key))
	if err, isError := v.(error); isError {
		return none, err
	}
	thing, isIt := v.(T)
	if !isIt {
		return none, missing("Could not resolve to a node with the global id of '%s'", in.text(key))
	}
	return thing, nil
}

// onPull is a mutation of one pull request, named by pullRequestId, that returns some of pullRequest, actor, mergeQueueEntry.
func onPull(inputs, returns, needs string, do func(x *execution, i *issue, in args) error) mutation {
	returned := fields{}
	for name := range strings.FieldsSeq(returns) {
		returned[name] = from(map[string]string{"pullRequest": "PullRequest", "actor": "Actor",
			"mergeQueueEntry": "MergeQueueEntry"}[name], name)
	}
	return mutation{
		inputs: "pullRequestId " + inputs, needs: needs, returns: returned,
		do: func(x *execution, in args) (object, error) {
			i, err := subject[*issue](x, in, "pullRequestId")
			if err != nil {
				return nil, err
			}
			if i.pull == nil {
				return nil, missing("Could not resolve to PullRequest node with the global id of '%s'.", in.text("pullRequestId"))
			}
			if err := do(x, i, in); err != nil {
				return nil, err
			}
			return object{"pullRequest": i, "actor": x.who, "mergeQueueEntry": i.pull.queued}, nil
		},
	}
}

var mutations = map[string]mutation{
	"enablePullRequestAutoMerge": onPull("mergeMethod commitHeadline commitBody authorEmail expectedHeadOid",
		"pullRequest actor", "pull_requests:write",
		func(x *execution, i *issue, in args) error {
			method, err := mergeMethod(in.text("mergeMethod"))
			if err != nil {
				return err
			}
			if err := expectHead(i, in); err != nil {
				return err
			}
			return x.s.enableAutoMerge(i, x.who, method, in.text("commitHeadline"), in.text("commitBody"))
		}),
	"disablePullRequestAutoMerge": onPull("", "pullRequest actor", "pull_requests:write", func(x *execution, i *issue,
		_ args) error {
		return x.s.disableAutoMerge(i, x.who, "")
	}),
	"enqueuePullRequest": onPull("expectedHeadOid jump", "mergeQueueEntry", "pull_requests:write", func(x *execution, i *issue,
		in args) error {
		if err := expectHead(i, in); err != nil {
			return err
		}
		_, err := x.s.enqueue(i, x.who)
		return err
	}),
	"markPullRequestReadyForReview": onPull("", "pullRequest", "pull_requests:write", func(x *execution, i *issue, _ args) error {
		x.s.setDraft(i, false, x.who)
		return nil
	}),
	"convertPullRequestToDraft": onPull("", "pullRequest", "pull_requests:write", func(x *execution, i *issue, _ args) error {
		x.s.setDraft(i, true, x.who)
		return nil
	}),
	"closePullRequest": onPull("", "pullRequest", "pull_requests:write", func(x *execution, i *issue, _ args) error {
		return x.s.setState(i, "closed", "", x.who)
	}),
	"reopenPullRequest": onPull("", "pullRequest", "pull_requests:write", func(x *execution, i *issue, _ args) error {
		return x.s.setState(i, "open", "", x.who)
	}),
	"mergePullRequest": onPull("mergeMethod commitHeadline commitBody expectedHeadOid authorEmail", "pullRequest actor",
		"contents:write",
		func(x *execution, i *issue, in args) error {
			method, err := mergeMethod(in.text("mergeMethod"))
			if err != nil {
				return err
			}
			if err := expectHead(i, in); err != nil {
				return err
			}
			return x.s.merge(i, method, in.text("commitHeadline"), in.text("commitBody"), x.who)
		}),
	"updatePullRequestBranch": onPull("expectedHeadOid updateMethod", "pullRequest", "pull_requests:write", func(x *execution,
		i *issue, in args) error {
		if err := expectHead(i, in); err != nil {
			return err
		}
		return x.s.updateHead(i, x.who)
	}),
	"dequeuePullRequest": {
		inputs: "id", needs: "pull_requests:write", returns: fields{"mergeQueueEntry": from("MergeQueueEntry", "entry")},
		do: func(x *execution, in args) (object, error) {
			i, err := subject[*issue](x, in, "id")
			if err != nil {
				return nil, err
			}
			if i.pull == nil || i.pull.queued == nil {
				return nil, unprocessable("Pull request is not in the merge queue")
			}
			g := i.pull.queued
			x.s.endGroup(g, "dequeued")
			x.s.emitPull(i, "dequeued", x.who, object{"reason": "MANUAL"})
			return object{"entry": g}, nil
		},
	},
	"addReaction": {
		inputs: "subjectId content", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"reaction": from("Reaction", "reaction"), "subject": from("Reactable", "subject")},
		do: func(x *execution, in args) (object, error) {
			list, thing, err := x.reactable(in)
			if err != nil {
				return nil, err
			}
			r, _, err := x.s.react(list, x.who, restReaction(in.text("content")))
			return object{"reaction": r, "subject": thing}, err
		},
	},
	"removeReaction": {
		inputs: "subjectId content", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"reaction": from("Reaction", "reaction"), "subject": from("Reactable", "subject")},
		do: func(x *execution, in args) (object, error) {
			list, thing, err := x.reactable(in)
			if err != nil {
				return nil, err
			}
			for _, r := range *list {
				if r.user == x.who && reactionNames[r.content] == in.text("content") {
					*list = without(*list, r)
					return object{"reaction": r, "subject": thing}, nil
				}
			}
			return nil, missing("Could not find the reaction")
		},
	},
	"minimizeComment": {
		inputs: "subjectId classifier", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"minimizedComment": from("Minimizable", "comment")},
		do: func(x *execution, in args) (object, error) {
			if !slices.Contains(strings.Fields("ABUSE DUPLICATE OFF_TOPIC OUTDATED RESOLVED SPAM"), in.text("classifier")) {
				return nil, unprocessable("Argument 'classifier' on InputObject 'MinimizeCommentInput' has an invalid value (%s).", in.text("classifier"))
			}
			return x.setMinimized(in, in.text("classifier"))
		},
	},
	"unminimizeComment": {
		inputs: "subjectId", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"unminimizedComment": from("Minimizable", "comment")},
		do:      func(x *execution, in args) (object, error) { return x.setMinimized(in, "") },
	},
	"addLabelsToLabelable": {
		inputs: "labelableId labelIds", needs: "issues:write|pull_requests:write|discussions:write", returns: fields{"labelable": from("Labelable", "labelable")},
		do: func(x *execution, in args) (object, error) { return x.relabel(in, true) },
	},
	"removeLabelsFromLabelable": {
		inputs: "labelableId labelIds", needs: "issues:write|pull_requests:write|discussions:write", returns: fields{"labelable": from("Labelable", "labelable")},
		do: func(x *execution, in args) (object, error) { return x.relabel(in, false) },
	},
	"lockLockable": {
		inputs: "lockableId lockReason", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"lockedRecord": from("Lockable", "record"), "actor": from("Actor", "actor")},
		do: func(x *execution, in args) (object, error) {
			reason := map[string]string{"OFF_TOPIC": "off-topic", "TOO_HEATED": "too heated", "RESOLVED": "resolved",
				"SPAM": "spam"}[in.text("lockReason")]
			switch v := x.nodeOf(in.text("lockableId")).(type) {
			case *issue:
				return object{"record": v, "actor": x.who}, x.s.lock(v, reason, x.who)
			case *discussion:
				x.s.lockDiscussion(v, x.who, true)
				return object{"record": v, "actor": x.who}, nil
			}
			return nil, missing("Could not resolve to a node with the global id of '%s'", in.text("lockableId"))
		},
	},
	"unlockLockable": {
		inputs: "lockableId", needs: "issues:write|pull_requests:write|discussions:write",
		returns: fields{"unlockedRecord": from("Lockable", "record"), "actor": from("Actor", "actor")},
		do: func(x *execution, in args) (object, error) {
			switch v := x.nodeOf(in.text("lockableId")).(type) {
			case *issue:
				x.s.unlock(v, x.who)
				return object{"record": v, "actor": x.who}, nil
			case *discussion:
				x.s.lockDiscussion(v, x.who, false)
				return object{"record": v, "actor": x.who}, nil
			}
			return nil, missing("Could not resolve to a node with the global id of '%s'", in.text("lockableId"))
		},
	},
	"addComment": {
		inputs: "subjectId body", needs: "issues:write|pull_requests:write",
		returns: fields{"commentEdge": from("IssueCommentEdge", "edge"), "subject": from("Node", "subject")},
		do: func(x *execution, in args) (object, error) {
			i, err := subject[*issue](x, in, "subjectId")
			if err != nil {
				return nil, err
			}
			k, err := x.s.comment(i, x.who, in.text("body"))
			return object{"edge": edge{k, len(i.comments) - 1}, "subject": i}, err
		},
	},
	"closeIssue": {
		inputs: "issueId stateReason", needs: "issues:write", returns: fields{"issue": from("Issue", "issue")},
		do: func(x *execution, in args) (object, error) { return x.setIssueState(in, "closed") },
	},
	"reopenIssue": {
		inputs: "issueId", needs: "issues:write", returns: fields{"issue": from("Issue", "issue")},
		do: func(x *execution, in args) (object, error) { return x.setIssueState(in, "open") },
	},
	"addDiscussionComment": {
		inputs: "discussionId body replyToId", needs: "discussions:write", returns: fields{"comment": from("DiscussionComment",
			"comment")},
		do: func(x *execution, in args) (object, error) {
			d, err := subject[*discussion](x, in, "discussionId")
			if err != nil {
				return nil, err
			}
			var parent *discussionComment
			if in.text("replyToId") != "" {
				if parent, err = subject[*discussionComment](x, in, "replyToId"); err != nil {
					return nil, err
				}
			}
			k, err := x.s.commentDiscussion(d, x.who, in.text("body"), parent)
			return object{"comment": k}, err
		},
	},
	"updateDiscussionComment": {
		inputs: "commentId body", needs: "discussions:write", returns: fields{"comment": from("DiscussionComment", "comment")},
		do: func(x *execution, in args) (object, error) {
			k, err := subject[*discussionComment](x, in, "commentId")
			if err != nil {
				return nil, err
			}
			if err := checkBody("DiscussionComment", in.text("body")); err != nil {
				return nil, err
			}
			changes := object{"body": object{"from": k.body}}
			k.body, k.updated = in.text("body"), x.s.Now()
			x.s.emit(k.discussion.repo, "discussion_comment", "edited", x.who,
				object{"discussion": x.s.discussionJSON(k.discussion), "comment": x.s.discussionCommentJSON(k), "changes": changes})
			return object{"comment": k}, nil
		},
	},
	"markDiscussionCommentAsAnswer": {
		inputs: "id", needs: "discussions:write", returns: fields{"discussion": from("Discussion", "discussion")},
		do: func(x *execution, in args) (object, error) {
			k, err := subject[*discussionComment](x, in, "id")
			if err != nil {
				return nil, err
			}
			x.s.answerDiscussion(k, x.who)
			return object{"discussion": k.discussion}, nil
		},
	},
	"closeDiscussion": {
		inputs: "discussionId reason", needs: "discussions:write", returns: fields{"discussion": from("Discussion", "discussion")},
		do: func(x *execution, in args) (object, error) {
			d, err := subject[*discussion](x, in, "discussionId")
			if err != nil {
				return nil, err
			}
			x.s.closeDiscussion(d, x.who, strings.ToLower(in.text("reason")))
			return object{"discussion": d}, nil
		},
	},
	"reopenDiscussion": {
		inputs: "discussionId", needs: "discussions:write", returns: fields{"discussion": from("Discussion", "discussion")},
		do: func(x *execution, in args) (object, error) {
			d, err := subject[*discussion](x, in, "discussionId")
			if err != nil {
				return nil, err
			}
			x.s.reopenDiscussion(d, x.who)
			return object{"discussion": d}, nil
		},
	},
	"resolveReviewThread": {
		inputs: "threadId", needs: "pull_requests:write", returns: fields{"thread": from("PullRequestReviewThread", "thread")},
		do: func(x *execution, in args) (object, error) { return x.setResolved(in, true) },
	},
	"unresolveReviewThread": {
		inputs: "threadId", needs: "pull_requests:write", returns: fields{"thread": from("PullRequestReviewThread", "thread")},
		do: func(x *execution, in args) (object, error) { return x.setResolved(in, false) },
	},
}

// expectHead refuses when the head moved since the caller looked.
func expectHead(i *issue, in args) error {
	if sha := in.text("expectedHeadOid"); sha != "" && sha != i.pull.headSHA {
		return unprocessable("Head branch was modified. Review and try the merge again.")
	}
	return nil
}

func restReaction(name string) string {
	for content, n := range reactionNames {
		if n == name {
			return content
		}
	}
	return name
}

func (x *execution) reactable(in args) (*[]*reaction, any, error) {
	switch v := x.nodeOf(in.text("subjectId")).(type) {
	case *issue:
		return &v.reactions, v, nil
	case *comment:
		return &v.reactions, v, nil
	case *review:
		return &v.reactions, v, nil
	case *reviewComment:
		return &v.reactions, v, nil
	case *discussion:
		return &v.reactions, v, nil
	case *discussionComment:
		return &v.reactions, v, nil
	}
	return nil, nil, missing("Could not resolve to a node with the global id of '%s'", in.text("subjectId"))
}

func (x *execution) setMinimized(in args, reason string) (object, error) {
	v := x.nodeOf(in.text("subjectId"))
	switch k := v.(type) {
	case *comment:
		k.minimized = reason
	case *reviewComment:
		k.minimized = reason
	case *review:
		k.minimized = reason
	case *discussionComment:
		k.minimized = reason
	default:
		return nil, missing("Could not resolve to a node with the global id of '%s'", in.text("subjectId"))
	}
	return object{"comment": v}, nil
}

func (x *execution) relabel(in args, add bool) (object, error) {
	v := x.nodeOf(in.text("labelableId"))
	for _, id := range in.list("labelIds") {
		l, isLabel := x.s.nodes[id].(*label)
		if !isLabel {
			return nil, missing("Could not resolve to a node with the global id of '%s'", id)
		}
		var err error
		switch v := v.(type) {
		case *issue:
			if add {
				err = x.s.addLabels(v, []string{l.name}, x.who)
			} else if v.has(l.name) {
				err = x.s.removeLabel(v, l.name, x.who)
			}
		case *discussion:
			if add {
				x.s.labelDiscussion(v, l, x.who)
			} else {
				x.s.unlabelDiscussion(v, l, x.who)
			}
		default:
			err = missing("Could not resolve to a node with the global id of '%s'", in.text("labelableId"))
		}
		if err != nil {
			return nil, err
		}
	}
	return object{"labelable": v}, nil
}

func (x *execution) setIssueState(in args, state string) (object, error) {
	i, err := subject[*issue](x, in, "issueId")
	if err != nil {
		return nil, err
	}
	return object{"issue": i}, x.s.setState(i, state, strings.ToLower(in.text("stateReason")), x.who)
}

func (x *execution) setResolved(in args, resolved bool) (object, error) {
	t, err := subject[*thread](x, in, "threadId")
	if err != nil {
		return nil, err
	}
	x.s.resolveThread(t, resolved, x.who)
	return object{"thread": t}, nil
}
