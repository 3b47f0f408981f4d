package githubtest

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func gitTypes(t map[string]fields) {
	t["Ref"] = fields{
		"id":     is(func(v refIn) any { return nodeID("REF", v.repo.id) + "_" + v.ref }),
		"name":   is(func(v refIn) any { _, name := splitRef(v.ref); return name }),
		"prefix": is(func(v refIn) any { prefix, _ := splitRef(v.ref); return prefix }),
		"target": on("GitObject", "", func(x *execution, v refIn, _ args) any { return x.gitObject(v.repo, v.repo.refs[v.ref]) }),
		"refUpdateRule": on("RefUpdateRule", "", func(_ *execution, v refIn, _ args) any {
			_, name := splitRef(v.ref)
			if p, has := v.repo.protections[name]; has && !p.Ruleset {
				return protectionIn{name, p}
			}
			return nil
		}),
		"rules": on("RepositoryRule*", "orderBy"+paging, func(_ *execution, v refIn, a args) any {
			_, name := splitRef(v.ref)
			var list []protectionIn
			if p, has := v.repo.protections[name]; has && p.Ruleset && len(p.Checks) > 0 {
				list = append(list, protectionIn{name, p})
			}
			return connect(a, list)
		}),
		"branchProtectionRule": on("BranchProtectionRule", "", func(_ *execution, v refIn, _ args) any {
			_, name := splitRef(v.ref)
			if p, has := v.repo.protections[name]; has {
				return protectionIn{name, p}
			}
			return nil
		}),
	}
	refRuleTypes(t)
	t["Commit"] = fields{
		"file": on("TreeEntry", "path", func(x *execution, v commitIn, a args) any {
			e, has := v.commit.files[a.text("path")]
			if !has {
				return nil
			}
			return treeEntryIn{v.repo, path.Base(a.text("path")), treeEntry{name: path.Base(a.text("path")), mode: e.mode, kind: "blob", sha: e.sha}}
		}),
		// GitHub signs the commits that a bot makes over its API; those of people here are not signed.
		"signature": on("GitSignature", "", func(_ *execution, v commitIn, _ args) any {
			if v.author.user == nil || v.author.user.kind != "Bot" {
				return nil
			}
			return gitSignature{}
		}),
		"id": is(func(v commitIn) any { return commitNode(v.repo, v.commit) }), "oid": is(func(v commitIn) any { return v.sha }),
		"abbreviatedOid": is(func(v commitIn) any { return v.sha[:7] }), "message": is(func(v commitIn) any { return v.message }),
		"messageHeadline": is(func(v commitIn) any { return v.subject() }),
		"messageBody": is(func(v commitIn) any {
			_, body, _ := strings.Cut(v.message, "\n")
			return strings.TrimSpace(body)
		}),
		"committedDate": is(func(v commitIn) any { return when(v.committer.when) }), "authoredDate": is(func(v commitIn) any { return when(v.author.when) }),
		"author":    on("GitActor", "", func(_ *execution, v commitIn, _ args) any { return v.author }),
		"committer": on("GitActor", "", func(_ *execution, v commitIn, _ args) any { return v.committer }),
		"url": on("", "", func(x *execution, v commitIn, _ args) any {
			return v.repo.web(x.s, "/commit/%s",
				v.sha)
		}),
		"tree": on("Tree", "", func(_ *execution, v commitIn, _ args) any {
			return treeIn{v.repo,
				v.commit.tree}
		}),
		"additions": on("", "", func(x *execution, v commitIn, _ args) any {
			n,
				_ := lineCounts(x.ownChanges(v.commit))
			return n
		}),
		"deletions": on("", "", func(x *execution, v commitIn, _ args) any {
			_,
				n := lineCounts(x.ownChanges(v.commit))
			return n
		}),
		"changedFilesIfAvailable": on("", "", func(x *execution, v commitIn, _ args) any { return len(x.ownChanges(v.commit)) }),
		"parents": on("Commit*", paging, func(x *execution, v commitIn, a args) any {
			return connect(a, each(v.commit.parents, func(sha string) commitIn { return commitIn{v.repo, x.s.git.commits[sha]} }))
		}),
		"statusCheckRollup": on("StatusCheckRollup", "", func(x *execution, v commitIn, _ args) any {
			return x.rollupOf(v.repo,
				v.sha)
		}),
		"status": on("Status", "", func(x *execution, v commitIn, _ args) any {
			if err := x.needs("statuses:read"); err != nil {
				return err
			}
			if len(v.repo.statusesOf(v.sha)) == 0 {
				return nil
			}
			return rollup{v.repo, v.sha}
		}),
		"checkSuites": on("CheckSuite*", "filterBy"+paging, func(x *execution, v commitIn, a args) any {
			if err := x.needs("checks:read"); err != nil {
				return err
			}
			return connect(a, slices.DeleteFunc(slices.Clone(v.repo.suites), func(u *checkSuite) bool { return u.sha != v.sha }))
		}),
		"associatedPullRequests": on("PullRequest*", "orderBy"+paging, func(x *execution, v commitIn, a args) any {
			return connect(a, slices.DeleteFunc(slices.Clone(v.repo.issues), func(i *issue) bool {
				return i.pull == nil || i.pull.mergeSHA != v.sha && !slices.Contains(x.s.pullCommits(i.pull), v.commit)
			}))
		}),
	}
	t["GitActor"] = fields{
		"name": is(func(v signature) any { return v.name }), "email": is(func(v signature) any { return v.email }),
		"date": is(func(v signature) any { return when(v.when) }),
		"user": on("User", "", func(_ *execution, v signature, _ args) any {
			if v.user == nil || v.user.kind != "User" {
				return nil // a bot is no User
			}
			return v.user
		}),
	}
	t["Tree"] = fields{
		"id": is(func(v treeIn) any {
			return nodeID("T",
				v.repo.id) + "_" + v.sha
		}), "oid": is(func(v treeIn) any { return v.sha }),
		"abbreviatedOid": is(func(v treeIn) any { return v.sha[:7] }),
		"entries": on("TreeEntry[]", "", func(x *execution, v treeIn, _ args) any {
			return each(x.s.git.trees[v.sha], func(e treeEntry) treeEntryIn { return treeEntryIn{v.repo, e.name, e} })
		}),
	}
	t["TreeEntry"] = fields{
		"name": is(func(v treeEntryIn) any { return v.name }), "path": is(func(v treeEntryIn) any { return v.path }),
		"oid": is(func(v treeEntryIn) any { return v.sha }), "type": is(func(v treeEntryIn) any { return v.kind }),
		"mode": is(func(v treeEntryIn) any { n, _ := strconv.ParseInt(v.mode, 8, 32); return n }),
		"size": on("", "", func(x *execution, v treeEntryIn, _ args) any { return len(x.s.git.blobs[v.sha]) }),
		"object": on("GitObject", "", func(x *execution, v treeEntryIn, _ args) any {
			if v.kind == "tree" {
				return treeIn{v.repo, v.sha}
			}
			return blobIn{v.repo, v.sha}
		}),
	}
	binary := func(x *execution, v blobIn) bool { return !utf8.Valid(x.s.git.blobs[v.sha]) }
	t["Blob"] = fields{
		"id": is(func(v blobIn) any {
			return nodeID("B",
				v.repo.id) + "_" + v.sha
		}), "oid": is(func(v blobIn) any { return v.sha }),
		"abbreviatedOid": is(func(v blobIn) any { return v.sha[:7] }),
		"byteSize":       on("", "", func(x *execution, v blobIn, _ args) any { return len(x.s.git.blobs[v.sha]) }),
		"isBinary":       on("", "", func(x *execution, v blobIn, _ args) any { return binary(x, v) }),
		// GitHub cuts text beyond 512 KB.
		"isTruncated": on("", "", func(x *execution, v blobIn, _ args) any { return len(x.s.git.blobs[v.sha]) > 512_000 }),
		"text": on("", "", func(x *execution, v blobIn, _ args) any {
			if binary(x, v) {
				return nil
			}
			b := x.s.git.blobs[v.sha]
			return string(b[:min(len(b), 512_000)])
		}),
	}
}

func splitRef(ref string) (prefix, name string) {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/"} {
		if name, is := strings.CutPrefix(ref, prefix); is {
			return prefix, name
		}
	}
	return "", ref
}

func (x *execution) ownChanges(c *commit) []fileChange {
	parent := ""
	if len(c.parents) > 0 {
		parent = c.parents[0]
	}
	return x.s.git.changes(parent, c.sha)
}

// gitObject finds "main", a SHA, or "main:path/to/file"; nil when there is none.
func (x *execution) gitObject(r *repo, expression string) any {
	if _, isTree := x.s.git.trees[expression]; isTree {
		return treeIn{r, expression}
	}
	if _, isBlob := x.s.git.blobs[expression]; isBlob {
		return blobIn{r, expression}
	}
	name, path, inside := strings.Cut(expression, ":")
	at := x.s.resolve(r, name)
	if at == nil {
		return nil
	}
	if !inside {
		return commitIn{r, at}
	}
	path = strings.Trim(path, "/")
	if e, isFile := at.files[path]; isFile {
		return blobIn{r, e.sha}
	}
	sub := files{}
	for p, e := range at.files {
		if rest, under := strings.CutPrefix(p, path+"/"); under {
			sub[rest] = e
		} else if path == "" {
			sub[p] = e
		}
	}
	if len(sub) == 0 {
		return nil
	}
	return treeIn{r, x.s.git.putTree(sub)}
}

func (x *execution) commitOrNil(r *repo, sha string) any {
	if c := x.s.git.commits[sha]; c != nil {
		return commitIn{r, c}
	}
	return nil
}

func refOrNil(r *repo, branch string) any {
	if r == nil || r.branch(branch) == "" {
		return nil
	}
	return refIn{r, "refs/heads/" + branch}
}
