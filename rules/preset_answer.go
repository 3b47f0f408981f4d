package rules

import (
	"fmt"
	"slices"
	"time"

	"bellhop/rules/syntax"
)

// noResponseFile is [no_response] as it is written.
type noResponseFile struct {
	Label        *syntax.Node `toml:"label"`
	Ask          *syntax.Node `toml:"ask"`
	Maintainer   *syntax.Node `toml:"maintainer"`
	From         *syntax.Node `toml:"from"`
	Kind         *syntax.Node `toml:"kind"`
	CloseAfter   *syntax.Node `toml:"close_after"`
	CloseComment *syntax.Node `toml:"close_comment"`
	Mode         *syntax.Node `toml:"mode"`
}

const (
	noResponseLabel = "waiting for answer"
	// question finds a question in what somebody wrote: a ? at the end of a word, on a line that is no quote.
	question = `(?m)^[^>\n]*[^>\s]\?(?:\s|$)`
)

// noResponseRules are the rules of [no_response]: one puts the label when a maintainer asks, one takes it off when there is an
// answer, and one closes what got none. The time runs from the label, whoever put it.
func (c *compiler) noResponseRules(n *syntax.Node) []*syntax.Node {
	before := len(c.problems)
	var in noResponseFile
	c.problems = append(c.problems, c.file.Decode(n, n.Key, &in)...)
	at := n.KeySpan
	text := func(key string, written *syntax.Node, plain string) *syntax.Node {
		switch {
		case written == nil:
			return syntax.NewString(key, plain, at)
		case written.Kind != syntax.String:
			c.problem(written.Span, fmt.Sprintf("%s.%s must be a string, not %s", n.Key, written.Key, written.Describe()), "")
		}
		return written.As(key)
	}
	label := text("label", in.Label, noResponseLabel)
	permission := text("permission", in.Maintainer, "triage")
	kind := syntax.NewString("kind", "issue", at)
	if in.Kind != nil {
		kind = in.Kind
	}
	rule := func(name string, entries ...*syntax.Node) *syntax.Node {
		out := syntax.NewTable("rule", at, syntax.NewString("name", n.Key+"/"+name, at))
		if in.Mode != nil {
			out.Put(in.Mode)
		}
		for _, e := range entries {
			out.Put(e)
		}
		return out
	}
	table := func(key string, entries ...*syntax.Node) *syntax.Node { return syntax.NewTable(key, at, entries...) }
	word := func(key, value string) *syntax.Node { return syntax.NewString(key, value, at) }
	var out []*syntax.Node
	asks, byHand := text("comment_matches", nil, question), false
	if in.Ask != nil {
		if wanted, ok := in.Ask.Value.(bool); ok {
			byHand = !wanted
		} else {
			asks = text("comment_matches", in.Ask, "")
		}
	}
	if !byHand {
		out = append(out, rule("ask", word("on", "issue_comment.created"),
			table("when", kind, word("state", "open"), asks, permission),
			table("unless", syntax.NewBool("by_author", true, at), word("sender", "*[bot]")),
			table("then", label.As("add_label"))))
	}
	answers := []*syntax.Node{word("", "issue_comment.created"), word("", "issues.edited")}
	if kind.Kind == syntax.List && slices.ContainsFunc(kind.Items, isPullRequest) || isPullRequest(kind) {
		answers = append(answers, word("", "pull_request.edited"), word("", "pull_request.synchronize"), word("", "pull_request_review_comment.created"))
	}
	from := "author"
	if in.From != nil {
		from = in.From.Text()
	}
	when, unless := table("when", kind, label.As("label")), table("unless", word("sender", "*[bot]"))
	switch from {
	case "author":
		when.Put(syntax.NewBool("by_author", true, at))
		out = append(out, rule("answer", syntax.NewList("on", at, answers...), when, unless, table("then", label.As("remove_label"))))
	case "anyone":
		author := table("when", kind, label.As("label"), syntax.NewBool("by_author", true, at))
		other := table("when", kind, label.As("label"), word("permission", "<"+permission.Text()))
		out = append(out, rule("answer", syntax.NewList("on", at, answers...), syntax.NewList("when", at, author, other), unless,
			table("then", label.As("remove_label"))))
	default:
		c.problem(in.From.Span, fmt.Sprintf("%s.from must be author or anyone", n.Key), "anyone is everybody but maintainers.")
	}
	switch {
	case in.CloseAfter == nil && in.CloseComment != nil:
		c.problem(in.CloseComment.KeySpan, "it is never closed", `Say when: close_after = "14d".`)
	case in.CloseAfter != nil:
		if d, err := syntax.Duration(in.CloseAfter.Text()); err != nil || d < time.Hour {
			c.problem(in.CloseAfter.Span, fmt.Sprintf("%s.close_after must be a length of time, an hour at the least", n.Key), `Write "14d" or "2w".`)
		}
		then := table("then")
		if in.CloseComment != nil {
			then.Put(in.CloseComment.As("comment"))
		}
		then.Put(word("close", "not_planned"))
		// self: that the bot itself put the label is when the time begins.
		out = append(out, rule("close", syntax.NewBool("self", true, at), in.CloseAfter.As("for"),
			table("when", kind, word("state", "open"), label.As("label")), then))
	}
	if len(c.problems) > before {
		return nil
	}
	return out
}

func isPullRequest(n *syntax.Node) bool { return n.Text() == "pull_request" }
