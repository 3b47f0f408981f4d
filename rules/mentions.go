package rules

import (
	"fmt"
	"regexp"
	"strings"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Mention is one list of people that a text may mention, for the reference.
type Mention struct {
	Name string `json:"name"` // as in {{ mentions.NAME }}
	Doc  string `json:"doc"`

	expr string // its people: a login, a list of them, or lists of these
}

// mentionLists is the table of lists. {{ mentions.NAME }} alone in its braces mentions the people of one, though all else that a
// template inserts is inert: who they are comes from GitHub, and nothing but logins and teams gets through.
var mentionLists = []Mention{
	{"author", "Who opened it.", "subject.author"},
	{"assignees", "Its assignees.", "subject.assignees"},
	{"reviewers", "Those whose review was asked for and is still to come.", "subject.reviewers"},
	{"approvers", "Those with write permission who approve it.", "subject.approvers"},
	{"changes_requested_by", "Those who ask for changes.", "subject.changes_requested_by"},
	{"owners", "The owners of the changed files, by CODEOWNERS of the base.", "subject.owners.map(o, o.owners)"},
	{"merged_by", "Who merged it.", "subject.merged_by"},
	{"sender", "Who caused the delivery.", "sender.login"},
	{"commenter", "Who wrote the comment.", "comment.author"},
}

// maxMentions is how many one list mentions; of the others the number is told.
const maxMentions = 20

// Mentions lists what texts may mention.
func Mentions() []Mention { return append([]Mention(nil), mentionLists...) }

var (
	mentionAlone = regexp.MustCompile(`^\s*mentions\.(\w+)\s*$`)
	mentionSaid  = regexp.MustCompile(`\bmentions\b`)

	// Managed users' logins end in an underscore and the short name of their enterprise.
	// https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
	mentionable = regexp.MustCompile(`^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,49}|@[A-Za-z0-9][A-Za-z0-9-]{0,49}/[A-Za-z0-9_][A-Za-z0-9._-]{0,99})$`)
)

// mentionsIn finds the list that an expression of a template names. It is nil where the expression names none; a flaw tells of
// one that there is not, or that does not stand alone.
func mentionsIn(text string) (*Mention, flaw) {
	m := mentionAlone.FindStringSubmatchIndex(text)
	if m == nil {
		return nil, flaw{}
	}
	var names []string
	for i := range mentionLists {
		if mentionLists[i].Name == text[m[2]:m[3]] {
			return &mentionLists[i], flaw{}
		}
		names = append(names, mentionLists[i].Name)
	}
	mend := syntax.Suggest(text[m[2]:m[3]], names)
	return nil, flaw{m[2], m[3], "nobody is named by mentions." + text[m[2]:m[3]], mend}
}

// mentionsApart tells what to do about mentions that do not stand alone.
func mentionsApart(text string, flaws []flaw) []flaw {
	at := mentionSaid.FindStringIndex(text)
	if len(flaws) == 0 || at == nil || !strings.Contains(flaws[0].message, "mentions") {
		return flaws
	}
	return []flaw{{at[0], at[1], "mentions stands alone in its braces", "Write {{ mentions.NAME }}. Logins to reckon with are facts, such as pr.reviewers."}}
}

// mentioned lists whom a value names, each once: people and teams, and no bots. Teams begin with @.
func mentioned(v ref.Val, f *Facts) []string {
	var out []string
	seen := map[string]bool{}
	var add func(v ref.Val)
	add = func(v ref.Val) {
		if list, ok := v.(traits.Lister); ok {
			for it := list.Iterator(); it.HasNext() == types.True; {
				add(it.Next())
			}
			return
		}
		name := text(v)
		key := strings.ToLower(name)
		if mentionable.MatchString(name) && !seen[key] && !f.isBot(name) {
			seen[key] = true
			out = append(out, name)
		}
	}
	add(v)
	return out
}

// isBot tells whether a login is known to be a bot's, the bot's own among them. That of an App ends in [bot].
func (f *Facts) isBot(login string) bool {
	is := func(bot bool, name string) bool { return bot && strings.EqualFold(login, name) }
	return strings.HasSuffix(login, "[bot]") || is(true, f.Bot) ||
		f.Subject != nil && is(f.Subject.AuthorBot, f.Subject.Author) ||
		f.Sender != nil && is(f.Sender.Bot, f.Sender.Login) ||
		f.Comment != nil && is(f.Comment.AuthorBot, f.Comment.Author)
}

// mentionText is a list as it is inserted. In Markdown it mentions; elsewhere it names.
func mentionText(names []string, markdown bool) string {
	left := len(names) - maxMentions
	if left > 0 {
		names = names[:maxMentions]
	}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name
		if markdown && !strings.HasPrefix(name, "@") {
			parts[i] = "@" + name
		}
	}
	out := strings.Join(parts, ", ")
	if left > 0 {
		out += fmt.Sprintf(" and %d more", left)
	}
	return out
}
