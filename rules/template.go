package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// template is a text with {{ expressions }} in it.
type template struct{ parts []piece }

// piece is a part of a template: text as it stands, or an expression.
type piece struct {
	text string
	expr *expression

	mentions bool // the expression tells whom to mention
}

// maxParts is how many expressions one template may have.
const maxParts = 50

// parseTemplate reads a text. It is nil for one without {{. Where two braces are meant as such, write {{ "{{" }}.
// With the parameters of a command its expressions may read that command.
func parseTemplate(text string, in ...*params) (*template, []flaw) {
	return parseTemplateWith(text, func(text string, want *types.Type) (*expression, []flaw) { return compileWritten(text, want, in...) })
}

// parseTemplateWith is parseTemplate for texts whose expressions are compiled in a way of their own.
func parseTemplateWith(text string, compile func(string, *types.Type) (*expression, []flaw)) (*template, []flaw) {
	if !strings.Contains(text, "{{") {
		return nil, nil
	}
	t := &template{}
	var flaws []flaw
	at := 0
	for {
		open := strings.Index(text[at:], "{{")
		if open < 0 {
			break
		}
		open += at
		end := closeTemplate(text, open+2)
		if end < 0 {
			return nil, append(flaws, flaw{open, open + 2, "{{ is not closed", `Close it with }}. Two braces that mean themselves are written {{ "{{" }}.`})
		}
		t.parts = append(t.parts, piece{text: text[at:open]})
		written := text[open+2 : end]
		list, wrong := mentionsIn(written)
		switch {
		case wrong.message != "":
			flaws = append(flaws, flaw{open + 2 + wrong.from, open + 2 + wrong.to, wrong.message, wrong.mend})
		case list != nil:
			written = list.expr
		}
		x, fs := (*expression)(nil), []flaw(nil)
		if wrong.message == "" {
			x, fs = compile(written, nil)
		}
		for _, f := range mentionsApart(written, fs) {
			flaws = append(flaws, flaw{open + 2 + f.from, open + 2 + f.to, f.message, f.mend})
		}
		t.parts = append(t.parts, piece{expr: x, mentions: list != nil})
		at = end + 2
		if len(t.parts) > 2*maxParts {
			return nil, append(flaws, flaw{open, at, fmt.Sprintf("more than %d templates in one text", maxParts), ""})
		}
	}
	if len(flaws) > 0 {
		return nil, flaws
	}
	t.parts = append(t.parts, piece{text: text[at:]})
	return t, nil
}

// closeTemplate is the offset of the }} that ends an expression beginning at i, or -1. Braces in its strings do not count.
func closeTemplate(text string, i int) int {
	for i < len(text) {
		switch {
		case strings.HasPrefix(text[i:], "}}"):
			return i
		case text[i] == '"' || text[i] == '\'':
			i += tokenLength(text[i:])
		default:
			i++
		}
	}
	return -1
}

// reads lists the facts that a template reads.
func (t *template) reads() []string {
	var out []string
	for _, p := range t.parts {
		if p.expr != nil {
			out = append(out, p.expr.reads...)
		}
	}
	return out
}

// render fills a template in. The verdict is True, or tells why there is no text.
func (t *template) render(a *activation, markdown bool) (string, verdict) {
	var b strings.Builder
	v := conjunction(t.parts, func(p piece) verdict {
		if p.expr == nil {
			b.WriteString(p.text)
			return verdict{outcome: True}
		}
		ans := p.expr.eval(a)
		if v := ans.verdict(); v.outcome != True {
			return v
		}
		if ans.value == nil {
			return verdict{outcome: True} // what a delivery does not have is inserted as nothing
		}
		if p.mentions {
			b.WriteString(mentionText(mentioned(ans.value, a.facts), markdown))
			return verdict{outcome: True}
		}
		text := plainText(ans.value)
		if markdown {
			text = inert(text)
		} else {
			text = oneLine(text)
		}
		b.WriteString(text)
		return verdict{outcome: True}
	})
	return b.String(), v
}

// verdict is True where an answer has a value or the delivery lacks what it would be made of.
func (ans answer) verdict() verdict {
	switch {
	case len(ans.missing) > 0:
		return verdict{missing: ans.missing}
	case ans.err != nil:
		return verdict{outcome: Error, why: ans.err.Error()}
	case ans.waiting != "":
		return verdict{outcome: Waiting, why: ans.waiting}
	}
	return verdict{outcome: True}
}

// list is the value of a template with one expression that comes to a list of strings: what stands around the expression
// stands around each of them.
func (t *template) list(a *activation) ([]string, bool) {
	if len(t.parts) != 3 {
		return nil, false
	}
	ans := t.parts[1].expr.eval(a)
	if ans.value == nil {
		return nil, false
	}
	if _, ok := ans.value.(types.String); ok {
		return nil, false
	}
	items, err := texts(ans.value)
	if t.parts[1].mentions {
		items, err = mentioned(ans.value, a.facts), nil
	}
	if err != nil {
		return nil, false
	}
	for i := range items {
		items[i] = strings.TrimSpace(t.parts[0].text + oneLine(items[i]) + t.parts[2].text)
	}
	return items, true
}

// plainText is a value as a template inserts it.
func plainText(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return string(v)
	case types.Null:
		return ""
	case types.Double: // numbers of the payload are all of this type
		return strconv.FormatFloat(float64(v), 'f', -1, 64)
	case types.Timestamp:
		return v.Time.UTC().Format(time.RFC3339)
	case types.Duration:
		return spell(v.Duration)
	}
	if items, err := texts(v); err == nil {
		return strings.Join(items, ", ")
	}
	return show(v)
}
