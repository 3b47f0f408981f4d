package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// levels are the permissions in a repository that a command may ask for, the least first.
var levels = []string{"read", "triage", "write", "maintain", "admin"}

// relations are the associations that a command may ask for; each counts for those before it too.
// https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
var relations = []string{"contributor", "collaborator", "member", "owner"}

// relationWords are the relations in words.
var relationWords = map[string]string{
	"contributor": "contributors", "collaborator": "collaborators", "member": "members of the organisation", "owner": "the owner",
}

// defaultWho is who may give a command that does not say so.
const defaultWho = "write"

// who is who may give a command.
type who struct {
	term  *term
	words string // in words: "the author and people with write permission"
}

var (
	loginName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\[bot\])?$`)
	whoTeam   = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_][A-Za-z0-9_-]*$`)
)

// who compiles who may give a command: one entry is enough. What the payload tells is asked first, then the permission, then
// the teams, so that nothing is looked up for somebody who may anyway.
func (c *compiler) who(n *syntax.Node) *who {
	items := []*syntax.Node{n}
	text := `who = "` + defaultWho + `"`
	switch {
	case n == nil:
		items = nil
	case n.Kind == syntax.List:
		items = n.Items
		if len(items) == 0 {
			c.problem(n.Span, "who is an empty list", `Write who = "anyone" to let everybody give the command, or mode = "off" to let nobody.`)
		}
		fallthrough
	default:
		text = c.written("who", n)
	}
	g := &grant{}
	if n == nil {
		g.word(defaultWho)
	}
	for _, item := range items {
		if item.Kind != syntax.String {
			c.problem(item.Span, fmt.Sprintf("who must be a string or a list of strings, not %s", item.Describe()), "")
			continue
		}
		if message, mend := g.add(item.Text()); message != "" {
			c.problem(item.Span, message, mend)
		}
	}
	w := g.who(text)
	if w != nil && n != nil {
		w.term.order = n.KeySpan.Start
	}
	return w
}

// grantOf is who for words of the language.
func grantOf(words ...string) *who {
	g := &grant{}
	for _, w := range words {
		g.word(w)
	}
	return g.who("who = " + quotes(words))
}

// who makes the term of the entries. It is nil where there are none.
func (g *grant) who(text string) *who {
	expr, words := g.join()
	if expr == "" {
		return nil
	}
	x, flaws := compile(expr, boolType, newParams(nil))
	if len(flaws) > 0 {
		panic("rules: who: " + flaws[0].message) // it is made of checked words
	}
	return &who{term: &term{text: text, expr: x, seen: seenWho}, words: words}
}

// seenWho shows who gave the command, as far as it was looked at.
func seenWho(a *activation) string {
	c, s := a.facts.Command, a.facts.Sender
	out := c.By
	if c.Association != "" && c.Association != "none" {
		out += ", " + c.Association
	}
	if s != nil && a.facts.known["sender.permission"] {
		out += ", " + s.Permission
	}
	return out
}

// grant collects entries of who.
type grant struct {
	anyone, author       bool
	logins, teams        []string
	level, relation      string
	levelRank, relations int
}

// add reads one entry. The message is empty when it is good.
func (g *grant) add(text string) (message, mend string) {
	name, marked := strings.CutPrefix(text, "@")
	switch {
	case whoTeam.MatchString(text) && schema().names["team"] == nil:
		return "who cannot name a team: the members of teams are not among the facts", "Name people, or a permission that the team has."
	case whoTeam.MatchString(text):
		g.teams = append(g.teams, strings.ToLower(text))
		return "", ""
	case !marked && g.word(strings.ToLower(text)):
		return "", ""
	case marked && strings.Contains(text, "/"), !loginName.MatchString(name):
		return fmt.Sprintf("%q is neither a permission, nor a login, nor a team", text), `Write "author", "triage", "octocat" or "@org/team".`
	}
	words := slices.Concat(levels, relations, []string{"author", "anyone"})
	if near := syntax.Misspelt(name, words); near != "" && !marked {
		return fmt.Sprintf("%q could be a misspelt %s", text, near), fmt.Sprintf("Write %q, or %q for the person of that name.", near, "@"+text)
	}
	g.logins = append(g.logins, strings.ToLower(name))
	return "", ""
}

// word reads an entry that is a word of the language.
func (g *grant) word(text string) bool {
	if i := slices.Index(levels, text); i >= 0 {
		if g.level == "" || i < g.levelRank {
			g.level, g.levelRank = text, i
		}
		return true
	}
	if i := slices.Index(relations, text); i >= 0 {
		if g.relation == "" || i < g.relations {
			g.relation, g.relations = text, i
		}
		return true
	}
	g.anyone = g.anyone || text == "anyone"
	g.author = g.author || text == "author"
	return text == "anyone" || text == "author"
}

// join makes one expression of the entries, and their words.
func (g *grant) join() (expr, words string) {
	if g.anyone {
		return "true", "anyone"
	}
	var parts, list []string
	add := func(part, text string) { parts, list = append(parts, part), append(list, text) }
	if g.author {
		add("command.by == subject.author", "the author")
	}
	if len(g.logins) > 0 {
		for _, l := range g.logins {
			list = append(list, code(l))
		}
		parts = append(parts, "command.by.lower() in "+quotes(g.logins))
	}
	if g.relation != "" {
		add("command.association in "+quotes(relations[g.relations:]), relationWords[g.relation])
	}
	if g.level != "" {
		add("sender.permission in "+quotes(levels[g.levelRank:]), "people with "+g.level+" permission")
	}
	for _, t := range g.teams {
		add(fmt.Sprintf("command.by in team[%s]", quote(t)), code(t))
	}
	return strings.Join(parts, " || "), andList(list)
}

// andList joins parts for people: "a, b and c".
func andList(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
