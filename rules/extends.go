package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bellhop/rules/syntax"
)

// MaxExtends is how many files the rule files of a repository may extend.
const MaxExtends = 5

// defaultExtended is the path of a file that is extended by its repository alone.
const defaultExtended = ".github/bot.toml"

// Extend is a rule file of another repository whose rules lie below those of the file that names it.
type Extend struct {
	Owner, Repo, Path string
	Ref               string            // a tag, or the full SHA of a commit
	Place             syntax.Diagnostic // where it is written; without a message
}

// Name is the file without its pin: it is extended once. GitHub knows its owner and repository in any case.
func (x Extend) Name() string { return strings.ToLower(x.Owner+"/"+x.Repo) + ":" + x.Path }

// Written is it as people write it, in short.
func (x Extend) Written() string {
	if x.Path == defaultExtended {
		return x.Owner + "/" + x.Repo + "@" + x.Ref
	}
	return x.Owner + "/" + x.Repo + ":" + x.Path + "@" + x.Ref
}

// IsCommit tells whether the pin is a commit and not a tag.
func (x Extend) IsCommit() bool { return fullSHA.MatchString(x.Ref) }

// Extends lists the files that the file extends, in its order.
func (s *Set) Extends() []Extend {
	if s == nil {
		return nil
	}
	return s.extends
}

var (
	fullSHA     = regexp.MustCompile(`^[0-9a-f]{40}$`)
	extendShape = regexp.MustCompile(ExtendPattern)
	// badRef is what git allows in no name of a tag. https://git-scm.com/docs/git-check-ref-format
	badRef = regexp.MustCompile(`\.\.|//|@\{|^[/.]|/\.|[/.]$|\.lock(/|$)|[\x00-\x20\x7f~^:?*\[\\]`)
)

// ExtendPattern is how an extended file is written: owner/name, a path where it is not .github/bot.toml, and the pin.
const ExtendPattern = `^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?::([^@]{1,400}))?@(.{1,250})$`

const extendsMend = `Write "acme/rules@v1.2.0" for its .github/bot.toml at that tag, "acme/rules:path/file.toml@v1.2.0" for another file; the full SHA of a commit may stand for the tag.`

// extends reads the key extends.
func (c *compiler) extends(n *syntax.Node, alone string) []Extend {
	switch {
	case n == nil:
		return nil
	case alone != "":
		c.problem(n.KeySpan, alone, "Leave extends out.")
		return nil
	}
	items := n.Items
	if n.Kind != syntax.List {
		items = []*syntax.Node{n}
	}
	if len(items) > MaxExtends {
		c.problem(items[MaxExtends].Span, fmt.Sprintf("the file extends more than %d files", MaxExtends), "Put what belongs together into one file.")
		return nil
	}
	var out []Extend
	for _, item := range items {
		text, ok := item.Value.(string)
		if !ok {
			c.problem(item.Span, fmt.Sprintf("extends must be a text, or a list of texts, not %s", item.Describe()), extendsMend)
			continue
		}
		x, what, mend := parseExtend(text)
		if what != "" {
			c.problem(item.Span, what, mend)
			continue
		}
		if slices.ContainsFunc(out, func(y Extend) bool { return y.Name() == x.Name() }) {
			c.problem(item.Span, fmt.Sprintf("%.200s is extended twice", x.Name()), "Leave one of them out.")
			continue
		}
		x.Place = c.file.Problem(item.Span, "", "")
		out = append(out, x)
	}
	return out
}

// parseExtend reads one entry of extends, or says what is wrong with it.
func parseExtend(text string) (x Extend, what, mend string) {
	m := extendShape.FindStringSubmatch(text)
	if m == nil {
		if name, _, pinned := strings.Cut(text, "@"); !pinned && strings.Count(name, "/") > 0 {
			return x, "the extended file is not pinned: it could change without a word", extendsMend
		}
		return x, fmt.Sprintf("%.200q is no file to extend", text), extendsMend
	}
	x = Extend{Owner: m[1], Repo: m[2], Path: m[3], Ref: m[4]}
	if x.Path == "" {
		x.Path = defaultExtended
	}
	if x.Repo == "." || x.Repo == ".." {
		return x, fmt.Sprintf("%.200q is no file to extend", text), extendsMend
	}
	for part := range strings.SplitSeq(x.Path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return x, fmt.Sprintf("%.200q is no path of a file", x.Path), "Write the path from the root of the repository, such as path/file.toml."
		}
	}
	switch {
	case strings.HasPrefix(x.Ref, "refs/"), strings.HasPrefix(x.Ref, "heads/"), strings.HasPrefix(x.Ref, "tags/"), badRef.MatchString(x.Ref):
		return x, fmt.Sprintf("%.200q is neither a tag nor the full SHA of a commit", x.Ref), "Write the bare name of a tag, such as v1.2.0, or all 40 digits of a SHA in lower case."
	case !fullSHA.MatchString(x.Ref) && fullSHA.MatchString(strings.ToLower(x.Ref)):
		return x, "the SHA of a commit is written in lower case", "Write " + strings.ToLower(x.Ref) + "."
	}
	return x, "", ""
}
