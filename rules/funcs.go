package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"bellhop/rules/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Function is one function of the expression language beyond those of CEL itself, for the reference.
type Function struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Summary   string `json:"summary"`
	Example   string `json:"example"`
	Result    string `json:"result"` // of the example, as an expression
}

// function is one row of the table of functions.
type function struct {
	Function
	id     string // of the overload
	member bool   // written text.name(...) instead of name(text, ...)
	args   []*types.Type
	result *types.Type
	body   func(args ...ref.Val) ref.Val
}

var errLong = errors.New("the text is too long")

var functions = sync.OnceValue(func() []function {
	text, list := types.StringType, types.NewListType(types.StringType)
	return append(moreFunctions(), []function{
		{Function{"lower", "text.lower() → text", "The text in lower case.", `"README".lower()`, `"readme"`},
			"text_lower", true, []*types.Type{text}, text, onText(strings.ToLower)},
		{Function{"upper", "text.upper() → text", "The text in upper case.", `"readme".upper()`, `"README"`},
			"text_upper", true, []*types.Type{text}, text, onText(strings.ToUpper)},
		{Function{"trim", "text.trim() → text", "The text without white space at both ends.", `" a b ".trim()`, `"a b"`},
			"text_trim", true, []*types.Type{text}, text, onText(strings.TrimSpace)},
		{Function{"first_line", "text.first_line() → text", "The first line of the text, such as the subject of a commit message.", `"one\ntwo".first_line()`, `"one"`},
			"text_first_line", true, []*types.Type{text}, text, onText(firstLine)},
		{Function{"split", "text.split(separator) → list of texts", "The parts of the text between separators.", `"a/b".split("/")`, `["a", "b"]`},
			"text_split", true, []*types.Type{text, text}, list, split},
		{Function{"join", "list.join(separator) → text", "The texts of the list, one after the other.", `["a", "b"].join(", ")`, `"a, b"`},
			"list_join", true, []*types.Type{list, text}, text, join},
		{Function{"replace", "text.replace(old, new) → text", "The text with new wherever it had old.", `"a-b-c".replace("-", "_")`, `"a_b_c"`},
			"text_replace", true, []*types.Type{text, text, text}, text, replace},
		{Function{"glob", "glob(text, pattern) → bool", "Whether the whole text matches the pattern: * stands for anything but /, ** for anything. The pattern must be written out.",
			`glob("docs/a/b.md", "docs/**")`, `true`},
			"glob_text", false, []*types.Type{text, text}, types.BoolType, globText},
		{Function{"command", "command(text, bot, names) → bool", "Whether a line of a comment is one of the commands, as /name or @bot name. Quotes and code are passed over.",
			`command("/retest please", "bellhop", ["retest"])`, `true`},
			"command_text", false, []*types.Type{text, text, list}, types.BoolType, command},
		{Function{"captured", "captured(text, pattern, groups) → text", "What a group of the regular expression matched in the text: the first of these groups that took part, 0 for the whole match; empty where nothing matches. Of a list of texts the list of what was captured, without repetition. The pattern must be written out.",
			`captured("backport v1", "^backport (.*)$", [1])`, `"v1"`},
			"captured_text", false, []*types.Type{text, text, types.NewListType(types.IntType)}, text, capturedText},
		{Function{"captured", "captured(list, pattern, groups) → list of texts", "The same of each text of a list that matches, 100 different ones at the most.",
			`captured(["backport v1", "bug"], "^backport (.*)$", [1])`, `["v1"]`},
			"captured_list", false, []*types.Type{list, text, types.NewListType(types.IntType)}, list, capturedText},
		{Function{"changed_lines", "changed_lines(files, except) → number", "How many lines are added and removed in the files whose path does not match the regular expression. The pattern must be written out.",
			`changed_lines([], "^vendor/")`, `0`},
			"changed_lines_files", false, []*types.Type{types.NewListType(types.NewObjectType(typePrefix + itemPrefix + "file")), text}, types.IntType, changedLines},
		{Function{"duration", "duration(text) → length of time", `A length of time with the units w, d, h, m, s and ms.`,
			`duration("1d12h") == duration("36h")`, `true`},
			"text_duration", false, []*types.Type{text}, types.DurationType, duration},
		{Function{"during", "during(time, window) → bool", "Whether the time is in the window of the week: days, hours and a time zone. The window must be written out.",
			`during(timestamp("2026-01-05T10:00:00Z"), "Mon-Fri 09:00-17:00 Europe/Berlin")`, `true`},
			"time_during", false, []*types.Type{types.TimestampType, text}, types.BoolType, during},
	}...)
})

// Functions lists the functions of the expression language beyond those of CEL itself.
func Functions() []Function {
	var out []Function
	for _, f := range functions() {
		out = append(out, f.Function)
	}
	return out
}

// option declares a function to the language.
func (f function) option() cel.EnvOption {
	bind := cel.FunctionBinding(f.body)
	if f.member {
		return cel.Function(f.Name, cel.MemberOverload(f.id, f.args, f.result, bind))
	}
	return cel.Function(f.Name, cel.Overload(f.id, f.args, f.result, bind))
}

// onText makes a function of one text.
func onText(body func(string) string) func(...ref.Val) ref.Val {
	return func(args ...ref.Val) ref.Val { return types.String(body(text(args[0]))) }
}

// text is the string of an argument that the checker knows to be one.
func text(v ref.Val) string {
	s, _ := v.Value().(string)
	return s
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r")
}

func split(args ...ref.Val) ref.Val {
	if len(text(args[0])) > maxText {
		return types.WrapErr(errLong)
	}
	return types.NewStringList(types.DefaultTypeAdapter, strings.Split(text(args[0]), text(args[1])))
}

func join(args ...ref.Val) ref.Val {
	parts, err := texts(args[0])
	if err != nil {
		return types.WrapErr(err)
	}
	size := len(parts) * len(text(args[1]))
	for _, p := range parts {
		size += len(p)
	}
	if size > maxText {
		return types.WrapErr(errLong)
	}
	return types.String(strings.Join(parts, text(args[1])))
}

// texts is a list of strings.
func texts(v ref.Val) ([]string, error) {
	list, ok := v.(interface {
		Get(ref.Val) ref.Val
		Size() ref.Val
	})
	if !ok {
		return nil, fmt.Errorf("expected a list of strings")
	}
	n, _ := list.Size().(types.Int)
	out := make([]string, n)
	for i := range out {
		item := list.Get(types.Int(i))
		s, ok := item.(types.String)
		if !ok {
			return nil, fmt.Errorf("expected a list of strings, found %s in it", item.Type().TypeName())
		}
		out[i] = string(s)
	}
	return out, nil
}

func replace(args ...ref.Val) ref.Val {
	s, from, to := text(args[0]), text(args[1]), text(args[2])
	if len(s)+strings.Count(s, from)*max(len(to)-len(from), 0) > maxText {
		return types.WrapErr(errLong)
	}
	return types.String(strings.ReplaceAll(s, from, to))
}

// globText is what glob does where its pattern was not prepared: nowhere, since patterns must be written out.
func globText(args ...ref.Val) ref.Val {
	pattern, err := globRegexp(text(args[1]))
	if err != nil {
		return types.WrapErr(err)
	}
	re, err := regexp.Compile(wholly([]string{pattern}, false))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(re.MatchString(text(args[0])))
}

func duration(args ...ref.Val) ref.Val {
	if d, err := syntax.Duration(text(args[0])); err == nil {
		return types.Duration{Duration: d}
	}
	// The standard's own form, as in string(duration): "-3.5s".
	d, err := time.ParseDuration(text(args[0]))
	if err != nil {
		return types.NewErr("%q is no length of time", text(args[0]))
	}
	return types.Duration{Duration: d}
}

func during(args ...ref.Val) ref.Val {
	w, err := windowOf(text(args[1]))
	if err != nil {
		return types.WrapErr(err)
	}
	at, ok := args[0].Value().(time.Time)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	return types.Bool(w.open(at))
}

func command(args ...ref.Val) ref.Val {
	names, err := texts(args[2])
	if err != nil {
		return types.WrapErr(err)
	}
	for _, c := range callsIn(text(args[0]), text(args[1])) {
		for _, name := range names {
			if strings.EqualFold(c.name, strings.TrimPrefix(name, "/")) {
				return types.True
			}
		}
	}
	return types.False
}
