package rules

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellhop/rules/syntax"
)

// claim is what one line of a condition says of one fact, in a form in which two lines can be held against each other without an
// evaluation. A line may make several; one that is too much for this makes none that says anything.
type claim struct {
	fact  string
	text  string // the value as written, of what is not taken apart
	words []string
	spans []between // of numbers and lengths of time
	names []string  // globs
	how   quantity  // of names
	fold  bool      // upper and lower case are the same, of names
}

// between is a range of whole numbers, its ends among them.
type between struct{ low, high int64 }

// quantity tells how names are meant.
type quantity int

const (
	opaque quantity = iota
	isOne           // the fact is one of them
	isNone          // it is none of them
	someOf          // one in the list is one of them
	allOf           // the list has some, and all are of them
	noneOf          // none in the list is one of them
)

// answered is what can be said of two claims.
type answered int

const (
	unsure answered = iota
	never           // they exclude each other
	always          // they can hold together
)

// factsOfNames tells how matchers are meant whose values are globs: the list that they are about, and how much of it.
var factsOfNames = map[string]struct {
	fact string
	how  quantity
}{
	"author": {"author", isOne}, "commenter": {"commenter", isOne}, "sender": {"sender", isOne}, "merged_by": {"merged_by", isOne},
	"base": {"base", isOne}, "head": {"head", isOne}, "head_repo": {"head_repo", isOne}, "branch": {"branch", isOne}, "tag": {"tag", isOne},
	"check": {"check", isOne}, "workflow": {"workflow", isOne}, "environment": {"environment", isOne}, "repo": {"repo", isOne},
	"language": {"language", isOne}, "ecosystem": {"ecosystem", isOne}, "milestone": {"milestone", isOne}, "title": {"title", isOne},
	"label": {"label", someOf}, "assignee": {"assignee", someOf}, "reviewer": {"reviewer", someOf}, "topic": {"topic", someOf},
	"dependency": {"dependency", someOf}, "files": {"files", someOf}, "added_files": {"files", someOf}, "modified_files": {"files", someOf},
	"removed_files": {"files", someOf}, "renamed_files": {"files", someOf}, "only_files": {"files", allOf}, "no_files": {"files", noneOf},
	"event": {"event", isOne}, "activity": {"activity", isOne},
}

// related are matchers that look at one thing in different ways: of two of them nothing is sure.
var related = [][]string{
	{"lines", "size", "changed_files", "commits"},
	{"author", "bot", "association", "first_time", "sender", "commenter", "by_author", "permission", "merged_by", "commit_author", "only_commit_author"},
	{"checks", "check_green", "check_red", "check_pending", "check_is", "check", "conclusion"},
	{"approvals", "approvals_on_head", "approved_by", "approved_by_on_head", "owners", "review_decision", "changes_requested_by", "reviewers", "reviewer", "review", "commented_by"},
	{"files", "owner", "changes_config", "dependency", "ecosystem", "update"},
	{"age", "idle", "author_idle", "since_update", "since_close", "since_merge", "since_ready", "created", "time"},
	{"title", "title_has", "title_begins", "title_matches"},
	{"body_has", "body_matches", "body_length", "body_section", "unchecked"},
	{"comment_has", "comment_matches", "command"},
	{"label", "labels"}, {"assignee", "assignees"}, {"behind", "mergeable", "auto_merge"}, {"milestone", "milestone_due"},
}

// everyState and others are the words that a fact has, those that matchers do not offer among them.
var checkWords = []string{"green", "red", "pending", "none"}

// claims are what a line says.
func (t *term) claims() []claim {
	if t.matcher == nil {
		return []claim{{fact: "if", text: t.text}}
	}
	key := t.matcher.key
	own := claim{fact: key, text: t.text}
	if n, ok := factsOfNames[key]; ok {
		return append(t.names(n.fact, n.how, key), t.implied()...)
	}
	switch formOf(t.matcher.form).Name {
	case "words":
		own.words = t.wordsOf(t.matcher.words)
	case "permission":
		c := clause{node: t.value, over: "x", allowed: t.matcher.words}
		c.level()
		for _, w := range t.matcher.words {
			if strings.Contains(c.expr, quote(w)) != t.negate {
				own.words = append(own.words, w)
			}
		}
	case "flag":
		yes, _ := t.value.Value.(bool)
		own.words = []string{strconv.FormatBool(yes != t.negate)}
	case "count", "lines", "sizes":
		own.spans = t.ranges(numberOf, 0)
		own.fact += ignored(t.value)
	case "span":
		own.spans = t.ranges(millisecondsOf, 0)
	case "until":
		own.spans = t.ranges(millisecondsOf, math.MinInt64)
	default:
		if key == "checks" {
			own.words = t.wordsOf(checkWords)
		}
	}
	switch {
	case key == "merged" && own.words[0] == "true":
		own = claim{fact: "state", words: []string{"merged"}}
	case key == "merged":
		own = claim{fact: "state", words: []string{"open", "closed"}}
	case key == "conflict":
		own = claim{fact: "mergeable", words: []string{strconv.FormatBool(own.words[0] != "true")}}
	case key == "first_time":
		newcomers := []string{"first_timer", "first_time_contributor"}
		words := newcomers
		if own.words[0] != "true" {
			words = without(matcherNamed("association").words, newcomers)
		}
		own = claim{fact: "association", words: words}
	}
	return append([]claim{own}, t.implied()...)
}

// implied is what has to be so where a line of when holds.
func (t *term) implied() []claim {
	if t.negate {
		return nil
	}
	some := []between{{1, math.MaxInt64}}
	words := t.wordsOf(t.matcher.words)
	switch t.matcher.key {
	case "merged":
		if t.value.Value == true {
			return []claim{{fact: "draft", words: []string{"false"}}}
		}
	case "state":
		if len(words) == 1 && words[0] == "merged" {
			return []claim{{fact: "draft", words: []string{"false"}}}
		}
	case "since_merge", "merged_by":
		return []claim{{fact: "state", words: []string{"merged"}}, {fact: "draft", words: []string{"false"}}}
	case "since_close":
		return []claim{{fact: "state", words: []string{"closed", "merged"}}}
	case "since_ready":
		return []claim{{fact: "draft", words: []string{"false"}}}
	case "label":
		return []claim{{fact: "labels", spans: some}}
	case "assignee":
		return []claim{{fact: "assignees", spans: some}}
	case "reviewer":
		return []claim{{fact: "reviewers", spans: some}}
	case "approved_by":
		if t.value.Kind != syntax.Table {
			return []claim{{fact: "approvals", spans: some}}
		}
	}
	return nil
}

// without is a list without some of its items.
func without(list, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(drop, s) })
}

// wordsOf are the words that a line lets a fact have. It is nil where one is none of all.
func (t *term) wordsOf(all []string) []string {
	var out []string
	for _, text := range t.texts() {
		word := strings.ToLower(text)
		if !slices.Contains(all, word) {
			return nil
		}
		out = append(out, word)
	}
	if t.negate {
		return append(without(all, out), "") // a fact may be empty too
	}
	return out
}

// texts are the strings of the value.
func (t *term) texts() []string {
	items := []*syntax.Node{t.value}
	if t.value.Kind == syntax.List {
		items = t.value.Items
	}
	var out []string
	for _, n := range items {
		out = append(out, n.Text())
	}
	return out
}

// names is the claim of a line whose value is globs. Teams and groups of people stand for who knows whom.
func (t *term) names(fact string, how quantity, key string) []claim {
	out := claim{fact: fact, text: t.text, names: t.texts(), how: how, fold: fact != "files" && fact != "base" && fact != "head" && fact != "branch" && fact != "tag"}
	for _, name := range out.names {
		if strings.HasPrefix(name, "@") || strings.HasPrefix(name, groupPrefix) {
			out.how = opaque
		}
	}
	if t.negate {
		switch how := out.how; {
		case how == isOne:
			out.how = isNone
		case how == someOf && key == fact:
			out.how = noneOf
		case how == noneOf:
			out.how = someOf
		default:
			out.how = opaque
		}
	}
	return []claim{out}
}

// ranges are the numbers that a line lets a fact have; nil where it does not say so in a range.
func (t *term) ranges(item func(string) (string, error), least int64) []between {
	n := t.value
	if n.Kind == syntax.Table {
		if n = t.value.Get("range"); n == nil {
			n = t.value.Get("lines")
		}
	}
	if n == nil {
		return nil
	}
	text := n.Text()
	if i, ok := n.Value.(int64); ok {
		text = strconv.FormatInt(i, 10)
	}
	bounds, err := parseRange(text, item)
	if err != nil {
		return nil
	}
	r, hole := between{least, math.MaxInt64}, false
	for _, b := range bounds {
		v, _ := strconv.ParseInt(b.value, 10, 64)
		switch b.operator {
		case ">=":
			r.low = max(r.low, v)
		case ">":
			r.low = max(r.low, saturated(v, 1))
		case "<=":
			r.high = min(r.high, v)
		case "<":
			r.high = min(r.high, saturated(v, -1))
		case "==":
			r.low, r.high = max(r.low, v), v
		case "!=":
			r, hole = between{v, v}, true
		}
	}
	if hole == t.negate {
		return []between{r}
	}
	var out []between
	if r.low > least {
		out = append(out, between{least, r.low - 1})
	}
	if r.high < math.MaxInt64 {
		out = append(out, between{max(r.high+1, least), math.MaxInt64})
	}
	if r.low > r.high { // the other side of nothing
		out = []between{{least, math.MaxInt64}}
	}
	return out
}

func saturated(v, d int64) int64 {
	if d > 0 && v == math.MaxInt64 || d < 0 && v == math.MinInt64 {
		return v
	}
	return v + d
}

func numberOf(text string) (string, error) { return numberItem(text) }

func millisecondsOf(text string) (string, error) {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = "-", rest
	}
	d, err := syntax.Duration(text)
	return sign + strconv.FormatInt(int64(d/time.Millisecond), 10), err
}

// ignored keeps counts apart that leave different files out.
func ignored(n *syntax.Node) string {
	if n.Kind != syntax.Table || n.Get("ignore") == nil {
		return ""
	}
	var out []string
	ignore := n.Get("ignore")
	for _, i := range append([]*syntax.Node{ignore}, ignore.Items...) {
		out = append(out, i.Text())
	}
	return " without " + strings.Join(out, " ")
}

// against tells whether two claims can hold together.
func (c claim) against(o claim) answered {
	if c.fact != o.fact {
		a, b := strings.Fields(c.fact)[0], strings.Fields(o.fact)[0]
		if a == "if" || b == "if" || slices.ContainsFunc(related, func(keys []string) bool { return slices.Contains(keys, a) && slices.Contains(keys, b) }) {
			return unsure
		}
		return always
	}
	switch {
	case c.text != "" && c.text == o.text:
		return always
	case c.words != nil && o.words != nil:
		return sure(slices.ContainsFunc(c.words, func(w string) bool { return slices.Contains(o.words, w) }))
	case c.spans != nil && o.spans != nil:
		for _, a := range c.spans {
			for _, b := range o.spans {
				if max(a.low, b.low) <= min(a.high, b.high) {
					return always
				}
			}
		}
		return never
	case c.names != nil && o.names != nil:
		if c.how > o.how {
			c, o = o, c
		}
		return c.namesAgainst(o)
	}
	return unsure
}

func sure(yes bool) answered {
	if yes {
		return always
	}
	return never
}

// namesAgainst is against for names; c.how is not the greater.
func (c claim) namesAgainst(o claim) answered {
	switch {
	case c.how == opaque:
		return unsure
	case c.how == isOne && o.how == isOne, c.how == someOf && o.how == allOf, c.how == allOf && o.how == allOf:
		return c.meets(o)
	case c.how == isOne && o.how == isNone, c.how == someOf && o.how == noneOf, c.how == allOf && o.how == noneOf:
		return c.escapes(o)
	case c.how == isOne || o.how == isOne:
		return unsure
	}
	return always // one of each, or none of either
}

// meets tells whether a name can be one of both.
func (c claim) meets(o claim) answered {
	out := never
	for _, a := range c.names {
		for _, b := range o.names {
			switch {
			case c.same(a, b), c.covers(a, b), c.covers(b, a):
				return always
			case wild(a) && wild(b):
				out = unsure
			}
		}
	}
	return out
}

// escapes tells whether one of c's names is none of o's.
func (c claim) escapes(o claim) answered {
	out := never
	for _, a := range c.names {
		covered := slices.ContainsFunc(o.names, func(b string) bool { return c.same(a, b) || c.covers(b, a) })
		switch {
		case !covered && !wild(a):
			return always
		case !covered:
			out = unsure
		}
	}
	return out
}

// wild tells whether a glob is more than a name.
func wild(glob string) bool { return strings.ContainsAny(glob, `*?{\`) }

func (c claim) same(a, b string) bool { return a == b || c.fold && strings.EqualFold(a, b) }

// covers tells whether a glob matches a plain name.
func (c claim) covers(glob, name string) bool {
	if wild(name) {
		return glob == "**" || glob == "*" && c.fold && !strings.Contains(name, "/")
	}
	pattern, err := globRegexp(glob)
	if err != nil {
		return false
	}
	re, err := regexp.Compile(wholly([]string{pattern}, c.fold))
	return err == nil && re.MatchString(name)
}
