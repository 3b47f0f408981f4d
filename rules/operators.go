package rules

// Operator is one thing that the expression language has from CEL, for the reference.
type Operator struct {
	Write   string
	Summary string
	Example string
	Result  string // of the example, as an expression
}

// operatorRows is what of CEL the authors of rules use. A test evaluates the examples.
var operatorRows = []Operator{
	{"a && b", "Both. False wins: an operand that cannot be told yet does not matter beside a false one.", `1 < 2 && "a" != "b"`, `true`},
	{"a || b", "One of them, or both.", `1 > 2 || 2 > 1`, `true`},
	{"!a", "Not.", `!(1 > 2)`, `true`},
	{"a ? b : c", "b if a is true, else c.", `2 > 1 ? "more" : "less"`, `"more"`},
	{"== != < <= > >=", "Comparisons of numbers, texts, times and lengths of time.", `duration("2w") > duration("13d")`, `true`},
	{"+ - * / %", "Arithmetic of numbers; + also joins texts and lists. Times and lengths of time add up.", `7 % 4 + 2 * 3`, `9`},
	{"a in list", "Whether the list has it.", `"bug" in ["bug", "crash"]`, `true`},
	{"list[0]", "One item of a list, counted from 0; of event also by name.", `["a", "b"][1]`, `"b"`},
	{"size(a)", "How many characters or items; also a.size().", `size(["a", "b"])`, `2`},
	{"has(a.b)", "Whether the payload has this member, or the delivery this fact.", `has({"a": 1}.a)`, `true`},
	{"list.exists(x, …)", "Whether one item makes the condition true.", `["a.md", "b.go"].exists(x, x.endsWith(".md"))`, `true`},
	{"list.exists_one(x, …)", "Whether exactly one does.", `[1, 2, 3].exists_one(x, x > 2)`, `true`},
	{"list.all(x, …)", "Whether every item does; true for an empty list.", `[1, 2].all(x, x > 0)`, `true`},
	{"list.filter(x, …)", "The items that do.", `[1, 2, 3].filter(x, x > 1)`, `[2, 3]`},
	{"list.map(x, …)", "What the expression makes of each item.", `["a", "b"].map(x, x + "!")`, `["a!", "b!"]`},
	{"text.contains(part)", "Whether the text has the part.", `"a bell".contains("bell")`, `true`},
	{"text.startsWith(part)", "Whether it begins with it.", `"feat: bell".startsWith("feat")`, `true`},
	{"text.endsWith(part)", "Whether it ends with it.", `"main.go".endsWith(".go")`, `true`},
	{"text.matches(pattern)", "Whether a regular expression (RE2) matches in it. The pattern must be written out.", `"fixes #7".matches('#\\d+')`, `true`},
	{"string(a)", "A number, time or length of time as text.", `string(7)`, `"7"`},
	{"int(a)", "A text or number as a whole number; of a time the seconds since 1970.", `int("7")`, `7`},
	{"timestamp(text)", "A time.", `timestamp("2026-01-05T09:00:00Z") < timestamp("2026-01-06T00:00:00Z")`, `true`},
	{"time.getHours(zone)", "The hour of a time, from 0; also getMinutes, getSeconds, getFullYear, getMonth and getDayOfMonth from 0, getDate from 1, getDayOfWeek from 0 for Sunday. Without a zone it is UTC.",
		`timestamp("2026-01-05T09:00:00Z").getHours("Europe/Berlin")`, `10`},
}

// Operators lists what the expression language has from CEL, as far as rules need it.
func Operators() []Operator { return operatorRows }
