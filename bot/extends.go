package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// A rule file may extend files of other repositories. Their rules are a layer of their own, below that of the files that name
// them. What is read is remembered as the rule files themselves are, in rows of the repository that extends, under the names of
// rules.Extend: so the last good one stays in force where the newest cannot be had. The SHA of such a row is a pin.
//
// A tag is followed to its commit when the file that names it is new, and the commit stays until that file changes: whoever can
// move a tag of another repository does not thereby change the rules of this one. That it was moved is told. Whether the
// repository may be extended from here is asked at every look, since repositories become private, and public.

// extendsLayer keeps the names of extended rules apart from those of other layers.
const extendsLayer = "extends"

// extender is the repository whose rule files extend others.
type extender struct {
	id          int64 // that its files are stored under
	owner, name string
	everywhere  bool // its rules hold in all repositories of its account, public ones among them
}

func (e extender) full() string { return e.owner + "/" + e.name }

// pin is what was read of an extended file: the pin as written, and the commit that it stood for.
type pin struct{ ref, commit string }

func (p pin) String() string { return p.ref + "@" + p.commit }

func (p pin) words() string {
	if p.ref == p.commit {
		return "that of commit " + short(p.commit)
	}
	return p.ref + " at commit " + short(p.commit)
}

func pinOf(sha string) pin {
	ref, commit, _ := strings.Cut(sha, "@")
	return pin{ref, commit}
}

func short(sha string) string { return sha[:min(len(sha), 7)] }

// isExtended tells the rows of extended files from those of a repository's own.
func isExtended(s store.Config) bool {
	return s.Path != ConfigPath && !strings.HasPrefix(s.Path, ConfigFolder+"/")
}

// wanted is a file to extend.
type wanted struct {
	rules.Extend
	anew bool // the file that names it is new: its tag is followed anew
}

// wants lists what compiled rule files extend, each once, and gives the files their mistakes.
func wants(list []*configFile) []wanted {
	var out []wanted
	for _, f := range list {
		for _, x := range f.set.Extends() {
			i := slices.IndexFunc(out, func(w wanted) bool { return w.Name() == x.Name() })
			anew := f.fresh && f.state.GoodSHA == f.state.SHA
			d := x.Place
			switch {
			case i >= 0 && out[i].Ref == x.Ref:
				out[i].anew = out[i].anew || anew
			case i >= 0:
				d.Message, d.Mend = fmt.Sprintf("%s is extended in %s at another pin", x.Name(), out[i].Place.File), "Leave one of them out."
				f.found = append(f.found, d)
			case len(out) >= rules.MaxExtends:
				d.Message, d.Mend = fmt.Sprintf("the files of the repository extend more than %d files", rules.MaxExtends), "Put what belongs together into one file."
				f.found = append(f.found, d)
			default:
				out = append(out, wanted{x, anew})
			}
		}
	}
	return out
}

// extend reads the extended files, and compiles them. stored are the rows of the repository; those of files that are extended no
// more come back in dropped, emptied.
func (c *configs) extend(ctx context.Context, gh *githubapp.Client, e extender, list []wanted, stored []store.Config) (files []configFile, dropped []store.Config, err error) {
	before := map[string]store.Config{}
	for _, s := range stored {
		if isExtended(s) {
			before[s.Path] = s
		}
	}
	for _, w := range list {
		f := configFile{state: before[w.Name()], extend: &w.Extend}
		delete(before, w.Name())
		f.state.RepositoryID, f.state.Repository, f.state.Path, f.state.At = e.id, e.full(), w.Name(), c.now()
		if err := c.extendOne(ctx, gh, e, w, &f); err != nil {
			return nil, nil, fmt.Errorf("read %s for %s: %w", w.Written(), e.full(), err)
		}
		f.set = c.compileExtended(&f, c.policy.Denied(e.full()))
		files = append(files, f)
	}
	for _, s := range before {
		if s.SHA != "" || s.GoodSHA != "" || s.Problem != "" {
			dropped = append(dropped, store.Config{RepositoryID: e.id, Path: s.Path, Repository: e.full()})
		}
	}
	return files, dropped, nil
}

// extendOne finds out what of a file is to be in force. An error is one that goes away.
func (c *configs) extendOne(ctx context.Context, gh *githubapp.Client, e extender, w wanted, f *configFile) error {
	last := pinOf(f.state.SHA)
	err := c.follow(ctx, gh, e, w, last, f)
	switch no := (*denial)(nil); {
	case err == nil:
		return nil
	case errors.As(err, &no):
		if no.forbidden {
			f.fresh = f.state.SHA != "" || f.state.GoodSHA != ""
			f.state.SHA, f.state.GoodSHA, f.state.Good = "", "", nil
		}
		c.lack(f, no.message, no.mend)
		return nil
	case f.state.GoodSHA != "" && last.ref == w.Ref && !w.anew:
		c.log.Warn("an extended file could not be looked at; what was read last stays in force", "repo", e.full(), "extends", w.Written(), "err", err)
		return nil
	}
	return err
}

// lack notes that a file cannot be had.
func (c *configs) lack(f *configFile, message, mend string) {
	f.missing = true
	f.found = append(f.found, syntax.Diagnostic{File: f.state.Path, Message: message, Mend: mend})
	f.change(message)
	c.log.Warn("an extended file cannot be had", "repo", f.state.Repository, "extends", f.extend.Written(), "why", message, "in_force", f.state.GoodSHA)
}

// change notes what is the matter with an extended file; where that is new, people are told.
func (f *configFile) change(problem string) {
	f.fresh = f.fresh || f.state.Problem != problem
	f.state.Problem = problem
}

// denial is why a file may not, or cannot, be extended for now.
type denial struct {
	message, mend string
	forbidden     bool // what was read of it before may not stay in force either
}

func (r *denial) Error() string { return r.message }

// refused tells whether GitHub says no, rather than not now.
func (c *configs) refused(err error) bool {
	if githubapp.Judge(err, c.now()).Throttled {
		return false
	}
	no := []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity, http.StatusUnavailableForLegalReasons}
	return slices.ContainsFunc(no, func(status int) bool { return githubapp.Answered(err, status) })
}

// follow asks whether the file may be extended, follows its pin to a commit, and reads it unless that was read before.
func (c *configs) follow(ctx context.Context, gh *githubapp.Client, e extender, w wanted, last pin, f *configFile) error {
	if err := c.mayExtend(ctx, gh, e, w); err != nil {
		return err
	}
	now := pin{w.Ref, w.Ref}
	if !w.IsCommit() {
		commit, err := c.tagged(ctx, gh, w)
		if err != nil {
			return err
		}
		now.commit = commit
	}
	moved := ""
	if last.ref == now.ref && last.commit != now.commit && last.commit != "" {
		moved = fmt.Sprintf("the tag %s of %s/%s pointed to %s, now to %s", now.ref, w.Owner, w.Repo, short(last.commit), short(now.commit))
		mend := "What is there now is in force from now on."
		if !w.anew {
			now, mend = last, "The rules of the former stay in force until this file changes."
		}
		f.warned = append(f.warned, syntax.Diagnostic{File: f.state.Path, Message: moved, Mend: mend, Warning: true})
		c.log.Warn("a tag that rules are taken from was moved", "repo", e.full(), "extends", w.Written(), "what", moved, "followed", w.anew)
	}
	if f.state.GoodSHA == now.String() && f.state.SHA == f.state.GoodSHA {
		f.change(moved)
		return nil
	}
	src, _, err := gh.File(ctx, w.Owner, w.Repo, w.Path, now.commit, "")
	switch {
	case errors.Is(err, githubapp.ErrNotFile):
		return &denial{message: fmt.Sprintf("%s of %s/%s is no file", w.Path, w.Owner, w.Repo), mend: "Name a file."}
	case errors.Is(err, githubapp.ErrFileTooLarge):
		return &denial{message: fmt.Sprintf("%s of %s/%s has more than %d KB", w.Path, w.Owner, w.Repo, syntax.MaxSize>>10), mend: "Split it."}
	case err != nil && c.refused(err) && w.IsCommit():
		return &denial{message: fmt.Sprintf("%s/%s has no commit %s, or no file %s there", w.Owner, w.Repo, short(w.Ref), w.Path), mend: "Look for a mistake in the path and the SHA."}
	case err != nil && c.refused(err):
		return &denial{message: fmt.Sprintf("%s/%s has no file %s at %s", w.Owner, w.Repo, w.Path, w.Ref), mend: "Look for a mistake in the path, or pin a tag that has the file."}
	case err != nil:
		return err
	}
	f.src, f.fresh, f.state.SHA = src, f.fresh || f.state.SHA != now.String(), now.String()
	return nil
}

// extendOwn reads what the compiled files of a repository extend.
func (c *configs) extendOwn(ctx context.Context, gh *githubapp.Client, of configOf, files *configFiles, own *ownConfig) error {
	var list []*configFile
	for i := range files.list {
		if f := &files.list[i]; f.set != nil { // the account's file is not the repository's own
			list = append(list, f)
		}
	}
	e := extender{id: of.repo.ID, owner: of.repo.Owner, name: of.repo.Name}
	var err error
	files.extended, files.dropped, err = c.extend(ctx, gh, e, wants(list), files.stored)
	own.extends(files.extended)
	return err
}

// extends adds extended files.
func (o *ownConfig) extends(files []configFile) {
	o.extended = slices.Clone(files)
	for _, f := range files {
		o.sha = joinSHAs(o.sha, f.state.GoodSHA)
	}
}

// knows notes that an account was told of what its file extends.
func (c *configs) knows(login string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.accounts[login]
	own.extended = slices.Clone(own.extended)
	for i := range own.extended {
		own.extended[i].fresh = false
	}
	c.accounts[login] = own
}

// compileExtended makes the rules of an extended file. Where it has mistakes, or cannot be had, they are those of the last good one.
func (c *configs) compileExtended(f *configFile, denied []string) *rules.Set {
	o := rules.Options{Layer: extendsLayer, Denied: denied, Alone: "a file that is extended extends no other"}
	if f.src != nil {
		set, found := rules.Compile(f.state.Path, f.src, c.kinds, o)
		if len(found) == 0 {
			f.change("")
			f.state.GoodSHA, f.state.Good = f.state.SHA, f.src
			return set
		}
		f.found = found
		f.change(problemOf(found))
		c.log.Warn("an extended file has mistakes; the last good one stays in force", "repo", f.state.Repository, "extends", f.extend.Written(), "err", found[0].Error())
	}
	set, _ := rules.Compile(f.state.Path, f.state.Good, c.kinds, o)
	return set
}

// mayExtend tells whether the repository of a file may be extended: nobody is to read rules through the bot that GitHub would not
// show. Those of a public repository may stand anywhere, those of a private one in private repositories of its account, those of
// an internal one also in internal ones. That a repository is not there and that it may not be extended is one answer.
func (c *configs) mayExtend(ctx context.Context, gh *githubapp.Client, e extender, w wanted) error {
	no := &denial{
		message: fmt.Sprintf("%s/%s cannot be extended here: there is no such repository, the bot cannot read it, or not all who read this one may read it", w.Owner, w.Repo),
		mend:    "Name a public repository, or one of this account that is no more private than this one and that the bot is installed in.",
	}
	of, _, err := gh.Repositories.Get(ctx, w.Owner, w.Repo)
	switch {
	case err != nil && c.refused(err):
		return no
	case err != nil:
		return err
	}
	level := visibility(of)
	if level == "public" || strings.EqualFold(of.GetFullName(), e.full()) {
		return nil
	}
	no.forbidden = true
	if e.everywhere || !strings.EqualFold(of.GetOwner().GetLogin(), e.owner) {
		return no
	}
	from, _, err := gh.Repositories.Get(ctx, e.owner, e.name) // what a delivery says of it may be old
	if err != nil {
		return err
	}
	if here := visibility(from); here == "private" || here == "internal" && level == "internal" {
		return nil
	}
	return no
}

// visibility is public, internal or private.
func visibility(r *github.Repository) string {
	if v := r.GetVisibility(); v == "public" && r.GetPrivate() || v == "" {
		return map[bool]string{true: "private", false: "public"}[r.GetPrivate()]
	}
	return r.GetVisibility()
}

// tagged finds the commit of a tag.
func (c *configs) tagged(ctx context.Context, gh *githubapp.Client, w wanted) (string, error) {
	commit, _, err := gh.Repositories.GetCommitSHA1(ctx, w.Owner, w.Repo, "tags/"+w.Ref, "")
	switch {
	case err == nil && len(commit) == 40:
		return commit, nil
	case err == nil:
		return "", fmt.Errorf("%.60q is no SHA", commit)
	case !c.refused(err):
		return "", err
	}
	no := &denial{message: fmt.Sprintf("%s/%s has no tag %s", w.Owner, w.Repo, w.Ref), mend: "Pin a tag that it has, or the full SHA of a commit."}
	branch, _, err := gh.Repositories.GetCommitSHA1(ctx, w.Owner, w.Repo, "heads/"+w.Ref, "")
	switch {
	case err == nil:
		pinned := w.Extend
		pinned.Ref = branch
		no.message = fmt.Sprintf("%s is a branch of %s/%s: what it holds changes without a word here", w.Ref, w.Owner, w.Repo)
		no.mend = fmt.Sprintf("Pin a tag, or the commit that it is at: %q.", pinned.Written())
	case !c.refused(err):
		return "", err
	}
	return "", no
}

// maxExtendedMistakes is how many mistakes of an extended file are told; they are another repository's to mend.
const maxExtendedMistakes = 5

// told is what is said of a file, at a place in a file of the repository: of an extended file, where that is named.
func (f *configFile) told(found []syntax.Diagnostic) []syntax.Diagnostic {
	if f.extend == nil {
		return found
	}
	var out []syntax.Diagnostic
	for i, d := range found {
		if i == maxExtendedMistakes {
			out[i-1].Message += fmt.Sprintf("; it has %d more mistakes", len(found)-i)
			break
		}
		at := f.extend.Place
		at.Message, at.Mend, at.Warning, at.Rule = d.Message, d.Mend, d.Warning, d.Rule
		if d.Line > 0 {
			at.Message = fmt.Sprintf("line %d of %s: %s", d.Line, f.extend.Written(), d.Message)
		}
		out = append(out, at)
	}
	if len(out) > 0 && !out[0].Warning {
		switch {
		case f.state.GoodSHA == "":
			out[0].Mend += " No rule of it is in force."
		case f.missing || f.state.GoodSHA != f.state.SHA:
			out[0].Mend += " What was read of it last, " + pinOf(f.state.GoodSHA).words() + ", stays in force."
		}
	}
	return out
}

// label is how people call the file.
func (f *configFile) label() string {
	if f.extend != nil {
		return f.extend.Written()
	}
	return f.state.Path
}

// all are the rule files and those that they extend.
func (fs *configFiles) all() []*configFile {
	var out []*configFile
	for i := range fs.list {
		out = append(out, &fs.list[i])
	}
	for i := range fs.extended {
		out = append(out, &fs.extended[i])
	}
	return out
}

// CountExtends is how many files a rule file extends, as far as it names them rightly.
func CountExtends(name string, src []byte) int {
	set, _ := rules.Compile(name, src, nil, rules.Options{})
	return len(set.Extends())
}
