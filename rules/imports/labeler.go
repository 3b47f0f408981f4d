package imports

import (
	"fmt"
	"slices"
	"strings"
)

// Keys of .github/labeler.yml: https://github.com/actions/labeler#match-object
var globKeys = []string{"any-glob-to-any-file", "any-glob-to-all-files", "all-globs-to-any-file", "all-globs-to-all-files"}

func looksLikeLabeler(root *node) bool {
	if root.kind != mapping || len(root.items) == 0 {
		return false
	}
	for _, label := range root.items {
		if label.kind != sequence || len(label.items) == 0 {
			return false
		}
		for _, item := range label.items {
			if item.kind == scalar {
				return false // any table of lists would be one
			}
			for _, key := range []string{"changed-files", "head-branch", "base-branch", "any", "all"} {
				if item.peek(key) != nil {
					return true
				}
			}
		}
	}
	return false
}

// labeler reads .github/labeler.yml. In version 4 what stands in a list is globs, in version 5 and later tables.
func labeler(in *source) {
	in.root.read = true
	for _, label := range in.root.items {
		if label.key == "changed-files-labels-limit" || label.key == "max-files-changed" {
			label.lose("Bellhop keeps all labels that apply, however many; unless.changed_files = \">100\" in a rule spares a large change")
			continue
		}
		r := in.next(label, label.key)
		r.label = label.key
		if label.kind == mapping {
			label.lose("no labels of actions/labeler; other labelers write theirs so")
			continue
		}
		if oldLabeler(label) {
			r.cond = labelerGlobs(label)
		} else {
			r.cond = labelerMatches(label)
		}
		if r.cond == nil || r.cond.op == isLost {
			label.lose("nothing of what puts it on could be carried over")
			continue
		}
		in.add(r)
	}
}

// oldLabeler tells whether a label is written as in version 4.
func oldLabeler(label *node) bool {
	if label.kind == scalar {
		return true
	}
	for _, item := range label.items {
		if item.kind == scalar {
			return true
		}
		for _, key := range []string{"any", "all"} {
			if globs := item.peek(key); globs != nil && len(globs.items) > 0 && globs.items[0].kind == scalar {
				return true
			}
		}
	}
	return false
}

// labelerGlobs is one label of version 4: globs of which one is enough, and tables of any (one file matches all of its globs)
// and all (each file does). https://github.com/actions/labeler/tree/v4#readme
func labelerGlobs(label *node) *cond {
	var either []*cond
	for _, item := range label.list() {
		if item.kind == scalar {
			either = append(either, fileGlobs("any-glob-to-any-file", item))
			continue
		}
		var both []*cond
		for _, e := range item.entries() {
			switch e.key {
			case "any":
				both = append(both, fileGlobs("all-globs-to-any-file", e))
			case "all":
				both = append(both, fileGlobs("all-globs-to-all-files", e))
			}
		}
		either = append(either, all(both...))
	}
	return someOf(either)
}

// labelerMatches is one label of version 5 and later. What stands beside any and all belongs to the first any; they are joined
// by and. https://github.com/actions/labeler/blob/main/src/api/get-label-configs.ts
func labelerMatches(label *node) *cond {
	var groups []*cond
	var first []*cond // of any
	placed := -1
	for _, item := range label.list() {
		for _, e := range item.entries() {
			switch e.key {
			case "any":
				var either []*cond
				for _, m := range e.list() {
					either = append(either, labelerMatch(m, true))
				}
				if placed < 0 {
					placed, first = len(groups), either
					groups = append(groups, nil)
				} else {
					groups = append(groups, someOf(either))
				}
			case "all":
				var each []*cond
				for _, m := range e.list() {
					each = append(each, labelerMatch(m, false))
				}
				groups = append(groups, all(each...))
			case "changed-files", "head-branch", "base-branch":
				if placed < 0 {
					placed = len(groups)
					groups = append(groups, nil)
				}
				first = append(first, labelerKey(e, true))
			}
		}
	}
	if placed >= 0 {
		groups[placed] = someOf(first)
	}
	return all(groups...)
}

func labelerMatch(m *node, either bool) *cond {
	var list []*cond
	for _, e := range m.entries() {
		switch e.key {
		case "changed-files", "head-branch", "base-branch":
			list = append(list, labelerKey(e, either))
		}
	}
	if either {
		return someOf(list)
	}
	return all(list...)
}

// labelerKey is one matcher of version 5, of whose values one is enough or all are needed.
func labelerKey(e *node, either bool) *cond {
	var list []*cond
	if e.key != "changed-files" {
		key := strings.TrimSuffix(e.key, "-branch")
		for _, item := range e.list() {
			list = append(list, branchRE(item, key, item.text()))
		}
	} else {
		for _, item := range e.list() {
			if item.kind == scalar {
				list = append(list, fileGlobs(globKeys[0], item))
				continue
			}
			for _, globs := range item.entries() {
				if !slices.Contains(globKeys, globs.key) {
					globs.lose("no way to hold globs against files")
					continue
				}
				list = append(list, fileGlobs(globs.key, globs))
			}
		}
	}
	if either {
		return someOf(list)
	}
	return all(list...)
}

// fileGlobs is one list of globs, held against the changed files in one of four ways.
func fileGlobs(how string, n *node) *cond {
	var globs []pattern
	for _, item := range n.list() {
		text := item.text()
		if text == "" {
			continue
		}
		p, err := minimatch(text)
		if err != nil {
			item.lose(fmt.Sprintf("%q: %v", text, err))
			if strings.HasPrefix(how, "all") {
				return lost
			}
			continue
		}
		globs = append(globs, p)
	}
	if len(globs) == 0 {
		return lost
	}
	return filesMatch(how, globs)
}

// filesMatch holds patterns against the changed files.
func filesMatch(how string, list []pattern) *cond {
	var plain, turned []string // globs
	var exprs []string
	for _, p := range list {
		exprs = append(exprs, p.expr("f.path"))
		switch {
		case p.glob == "":
		case p.not:
			turned = append(turned, p.glob)
		default:
			plain = append(plain, p.glob)
		}
	}
	simple := len(plain)+len(turned) == len(list)
	exists := func(x string) string { return "pr.files.exists(f, " + x + ")" }
	each := func(x string) string { return "size(pr.files) > 0 && pr.files.all(f, " + x + ")" }
	switch how {
	case "any-glob-to-any-file":
		if simple && len(turned) == 0 {
			return matches("files", func(g string) string { return exists(pattern{glob: g}.expr("f.path")) }, plain...)
		}
		return says(exists(strings.Join(exprs, " || ")))
	case "any-glob-to-all-files":
		var either []*cond
		for _, p := range list {
			either = append(either, filesMatch("all-globs-to-all-files", []pattern{p}))
		}
		return anyOf(either...)
	case "all-globs-to-any-file":
		if simple && len(list) == 1 && len(plain) == 1 {
			return filesMatch("any-glob-to-any-file", list)
		}
		return says(exists(strings.Join(exprs, " && ")))
	}
	var both []*cond
	for _, p := range list {
		switch {
		case p.glob != "" && !p.not:
			both = append(both, matches("only_files", func(g string) string { return each(pattern{glob: g}.expr("f.path")) }, p.glob))
		case p.glob != "":
			both = append(both, not(matches("files", func(g string) string { return exists(pattern{glob: g}.expr("f.path")) }, p.glob)))
		default:
			both = append(both, says(each(p.expr("f.path"))))
		}
	}
	return all(both...)
}
