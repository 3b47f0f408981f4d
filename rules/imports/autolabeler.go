package imports

import "fmt"

// autolabeler reads the labels of .github/release-drafter.yml. Of what stands under a label one is enough; the files are
// patterns as of .gitignore, the rest regular expressions of JavaScript.
// https://github.com/release-drafter/release-drafter#autolabeler
func autolabeler(in *source) {
	in.root.read = true
	for _, e := range in.root.items {
		if e.key != "autolabeler" {
			e.skip("release-drafter goes on drafting releases with it; with disable-autolabeler: true it leaves the labels to Bellhop")
			continue
		}
		for _, item := range e.list() {
			label := item.get("label").text()
			r := in.next(item, label)
			r.label = label
			r.cond = autolabel(item)
			switch {
			case label == "":
				item.lose("it names no label")
			case r.cond.hasLost():
				item.lose("nothing of what puts it on could be carried over")
			default:
				in.add(r)
			}
		}
	}
	if in.root.peek("autolabeler") == nil {
		in.root.differ("it has no autolabeler")
	}
}

func autolabel(item *node) *cond {
	var either []*cond
	var globs []pattern
	for _, f := range item.get("files").list() {
		text := f.text()
		list, err := gitignore(text)
		if err != nil {
			f.lose(fmt.Sprintf("%q: %v", text, err))
			continue
		}
		globs = append(globs, list...)
	}
	var wanted, spared []pattern
	for _, p := range globs {
		if p.not {
			p.not = false
			spared = append(spared, p)
		} else {
			wanted = append(wanted, p)
		}
	}
	switch {
	case len(wanted) > 0 && len(spared) == 0:
		either = append(either, filesMatch("any-glob-to-any-file", wanted))
	case len(wanted) > 0:
		either = append(either, says(fmt.Sprintf("pr.files.exists(f, (%s) && !(%s))", eitherExpr(wanted), eitherExpr(spared))))
	}
	for _, key := range []struct{ source, matcher, fact string }{
		{"branch", "", "pr.head"}, {"title", "title_matches", "pr.title"}, {"body", "body_matches", "pr.body"}} {
		for _, n := range item.get(key.source).list() {
			re, err := jsPattern(n.text(), "")
			switch {
			case err != nil:
				n.lose(err.Error())
			case key.matcher == "":
				either = append(either, branchRE(n, "head", re))
			default:
				either = append(either, textRE(key.matcher, key.fact, re))
			}
		}
	}
	return someOf(either)
}

func eitherExpr(list []pattern) string {
	var out []string
	for _, p := range list {
		out = append(out, p.expr("f.path"))
	}
	return either(out)
}
