package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// moreFunctions are the functions about what people write and review.
func moreFunctions() []function {
	text, list := types.StringType, types.NewListType(types.StringType)
	return []function{
		{Function{"sum", "sum(list of numbers) → number", "The numbers of the list added up.", `sum([1, 2, 3])`, `6`},
			"sum_list", false, []*types.Type{types.NewListType(types.IntType)}, types.IntType, sum},
		{Function{"without_comments", "text.without_comments() → text", "The text of a description without <!-- comments -->.", `"a<!-- b -->c".without_comments()`, `"ac"`},
			"text_without_comments", true, []*types.Type{text}, text, onText(withoutComments)},
		{Function{"section", "text.section(heading) → text", "What stands below a heading of a description, up to the next heading of its level; empty where there is no such heading.",
			`"# Why\nBecause.\n# How".section("why")`, `"Because."`},
			"text_section", true, []*types.Type{text, text}, text, section},
		{Function{"unchecked", "text.unchecked() → number", "How many task boxes in a description are not ticked.", `"- [ ] one\n- [x] two".unchecked()`, `1`},
			"text_unchecked", true, []*types.Type{text}, types.IntType, unchecked},
		{Function{"green", "green(conclusions, name) → bool", "Whether conclusions of checks are all success, neutral or skipped. Waits while there are none, or one is pending or was cancelled and none is red; the name is for telling so.",
			`green(["success", "skipped"], "build*")`, `true`},
			"green_conclusions", false, []*types.Type{list, text}, types.BoolType, green},
		{Function{"owners_lack", "owners_lack(owners, approvers, author, team, mode, n) → list of texts",
			"The owners of changed files whose approval is still lacking; of a team as many members as the number says. In the mode each all owners must approve, in the mode any one owner of each file. Who opened the pull request need not approve it.",
			`owners_lack([], ["alice"], "bob", {}, "each", 1)`, `[]`},
			"owners_lack", false, []*types.Type{types.NewListType(types.NewObjectType(typePrefix + itemPrefix + "owned")), list, text,
				types.NewMapType(text, list), text, types.IntType}, list, ownersLack},
	}
}

func sum(args ...ref.Val) ref.Val {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	total := ref.Val(types.Int(0))
	for it := list.Iterator(); it.HasNext() == types.True; {
		n, ok := it.Next().(types.Int)
		if !ok {
			return types.NewErr("sum adds whole numbers")
		}
		total = n.Add(total) // an overflow is an error, and stays one
		if types.IsError(total) {
			return total
		}
	}
	return total
}

// withoutComments takes out HTML comments. What follows one that is not closed is hidden, as GitHub does.
func withoutComments(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "<!--")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if _, s, found = strings.Cut(rest, "-->"); !found {
			return b.String()
		}
	}
}

// bodyLine is a line of a description.
type bodyLine struct {
	text  string
	level int    // of a heading, from 1; 0 for other lines
	title string // of a heading
	code  bool   // inside a fence
}

var atxHeading = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)

// bodyLines tells headings and code apart. https://spec.commonmark.org/0.31.2/#atx-headings
func bodyLines(s string) []bodyLine {
	var out []bodyLine
	fence := ""
	for line := range strings.Lines(withoutComments(s)) {
		l := bodyLine{text: line, code: fence != ""}
		trimmed := strings.TrimSpace(line)
		switch m := atxHeading.FindStringSubmatch(strings.TrimRight(line, "\r\n")); {
		case fence != "":
			if strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, fence[:1]) == "" {
				fence = ""
			}
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			fence, l.code = trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, trimmed[:1]))], true
		case m != nil:
			l.level, l.title = len(m[1]), strings.TrimSpace(m[2])
		}
		out = append(out, l)
	}
	return out
}

func section(args ...ref.Val) ref.Val {
	heading := strings.TrimSpace(text(args[1]))
	var b strings.Builder
	inside := 0
	for _, l := range bodyLines(text(args[0])) {
		switch {
		case inside == 0 && l.level > 0 && strings.EqualFold(l.title, heading):
			inside = l.level
		case inside > 0 && l.level > 0 && l.level <= inside:
			return types.String(strings.TrimSpace(b.String()))
		case inside > 0:
			b.WriteString(l.text)
		}
	}
	return types.String(strings.TrimSpace(b.String()))
}

var taskBox = regexp.MustCompile(`^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[ \][ \t]+\S`)

func unchecked(args ...ref.Val) ref.Val {
	n := 0
	for _, l := range bodyLines(text(args[0])) {
		if !l.code && taskBox.MatchString(l.text) {
			n++
		}
	}
	return types.Int(n)
}

func green(args ...ref.Val) ref.Val {
	conclusions, err := texts(args[0])
	if err != nil {
		return types.WrapErr(err)
	}
	name, waits := text(args[1]), ""
	if len(conclusions) == 0 {
		return waitFor(fmt.Sprintf("no check %s has reported yet", name))
	}
	for _, c := range conclusions {
		switch c {
		case "success", "neutral", "skipped":
		case "":
			waits = fmt.Sprintf("check %s is not completed", name)
		case "cancelled", "stale":
			waits = fmt.Sprintf("check %s was %s; run it again", name, c)
		default:
			return types.False
		}
	}
	if waits != "" {
		return waitFor(waits)
	}
	return types.True
}

// ownership is the question whether code owners approve.
type ownership struct {
	approvers []string
	author    string
	teams     traits.Indexer
	least     int
}

func ownersLack(args ...ref.Val) ref.Val {
	o := ownership{author: text(args[2])}
	files, isList := args[0].(traits.Lister)
	teams, isMap := args[3].(traits.Indexer)
	least, isInt := args[5].(types.Int)
	approvers, err := texts(args[1])
	if !isList || !isMap || !isInt || err != nil {
		return types.NewErr("owners_lack does not take this")
	}
	o.approvers, o.teams, o.least = approvers, teams, int(min(least, 1000))
	sets, err := o.sets(files, text(args[4]))
	if err != nil {
		return types.WrapErr(err)
	}
	lacking := []string{}
	var unknown *types.Unknown
	var failed ref.Val
	for _, set := range sets {
		approved, word := o.anyOf(set)
		switch v := approved.(type) {
		case types.Bool:
			if !bool(v) {
				lacking = append(lacking, word)
			}
		case *types.Unknown:
			unknown = types.MergeUnknowns(unknown, v)
		default:
			failed = v
		}
	}
	switch {
	case unknown != nil:
		return unknown
	case failed != nil:
		return failed
	}
	return types.NewStringList(types.DefaultTypeAdapter, lacking)
}

// sets lists sets of owners of which one must approve: in the mode each every owner is a set of its own.
func (o ownership) sets(files traits.Lister, mode string) ([][]string, error) {
	if mode != "each" && mode != "any" {
		return nil, fmt.Errorf("owners_lack knows the modes each and any, not %q", short(mode, 40))
	}
	var out [][]string
	seen := map[string]bool{}
	add := func(set ...string) {
		if key := strings.ToLower(strings.Join(set, " ")); !seen[key] {
			seen[key] = true
			out = append(out, set)
		}
	}
	for it := files.Iterator(); it.HasNext() == types.True; {
		item, ok := it.Next().(*object)
		if !ok {
			return nil, fmt.Errorf("owners_lack takes the files that have owners")
		}
		owned, ok := item.v.Interface().(Owned)
		switch {
		case !ok:
			return nil, fmt.Errorf("owners_lack takes the files that have owners")
		case mode == "any":
			add(owned.Owners...)
		default:
			for _, owner := range owned.Owners {
				add(owner)
			}
		}
	}
	return out, nil
}

// anyOf tells whether one owner of a set approves: true, false, an unknown or an error. word says what lacks.
func (o ownership) anyOf(set []string) (approved ref.Val, word string) {
	approved = types.False
	var words []string
	for _, owner := range set {
		v, word := o.approves(owner)
		words = append(words, word)
		switch v := v.(type) {
		case types.Bool:
			if bool(v) {
				return types.True, ""
			}
		case *types.Unknown:
			if u, ok := approved.(*types.Unknown); ok {
				v = types.MergeUnknowns(u, v)
			}
			approved = v
		default:
			if !types.IsUnknown(approved) {
				approved = v
			}
		}
	}
	return approved, strings.Join(words, " or ")
}

// approves tells whether one owner approves.
func (o ownership) approves(owner string) (ref.Val, string) {
	isAuthor := strings.EqualFold(owner, o.author)
	switch {
	case isAuthor, slices.ContainsFunc(o.approvers, func(a string) bool { return strings.EqualFold(a, owner) }):
		return types.True, ""
	case !strings.HasPrefix(owner, "@") && strings.Contains(owner, "@"):
		return types.NewErr("CODEOWNERS names %s: nobody can tell whose address it is; write the login", short(owner, 80)), owner
	case !strings.HasPrefix(owner, "@"):
		return types.False, owner
	}
	v := o.teams.Get(types.String(owner))
	members, err := texts(v)
	if err != nil {
		return v, owner // an unknown, or why the team cannot be read
	}
	n, others := 0, 0
	for _, m := range members {
		if strings.EqualFold(m, o.author) {
			continue
		}
		others++
		if slices.Contains(o.approvers, m) {
			n++
		}
	}
	need := o.least
	if others < len(members) { // the author is one of them: nobody can ask for more than the others
		need = min(need, others)
	}
	word := owner
	if need > 1 {
		word = fmt.Sprintf("%s (%d of %d)", owner, n, need)
	}
	return types.Bool(n >= need), word
}
