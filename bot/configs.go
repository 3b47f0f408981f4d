package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

const (
	// ConfigPath is where a repository keeps its rules, on its default branch.
	ConfigPath = ".github/bot.toml"
	// ConfigFolder is where it may keep more of them: every file in it whose name ends in .toml, in the order of their names.
	ConfigFolder = ".github/bot"
	// AccountRepository is the repository of an account whose ConfigPath holds in all of its repositories.
	AccountRepository = ".github"
)

// maxConfigFiles is how many files of ConfigFolder are read.
const maxConfigFiles = 100

// accountLayer is the layer of the account's rules; see operatorLayer.
const accountLayer = "org"

// configs holds the rules in force in each repository, in three layers: the operator's, those of the account, and the
// repository's own. A rule takes the place of one with its name below, unless that is locked.
//
// Files may extend those of other repositories; see extend.
//
// A repository's files are looked at when it is first heard of after a start, when a push changes them, and after an hour; in
// between they cost no API call. A look costs one call, which lists .github with the blob SHA of each file, one more where there is a folder of
// rule files, one for each file that is not known by its SHA, and one to four for each file that is extended. The account's file
// is read once for all its repositories, and again when a push changes it; what changes holds in all of them at once. When the newest file does not compile, the last good
// one of that path stays in force, across restarts too, and a check run says what is wrong where.
type configs struct {
	store  store.Store
	kinds  []rules.Kind
	host   *rules.Set // the operator's rules, in force in every repository
	policy *Policy    // what other rules may not do
	now    func() time.Time
	log    *slog.Logger

	loading  singleflight.Group // of accounts' files
	mu       sync.Mutex         // guards what follows
	locks    map[int64]*sync.Mutex
	loaded   map[int64]loadedConfig
	accounts map[string]ownConfig // by login, in lower case
}

// ownConfig is the rules of one repository, or of the file that an account has for all.
type ownConfig struct {
	sets []*rules.Set // one for each file
	sha  string       // blob SHAs of the files that they were compiled from, with commas

	extended []configFile // what those files extend
}

// below are the rules of the files that are extended.
func (o ownConfig) below() []*rules.Set {
	var out []*rules.Set
	for _, f := range o.extended {
		out = append(out, f.set)
	}
	return out
}

// loadedConfig is what is in force in a repository.
type loadedConfig struct {
	set     *rules.Set // all layers
	sha     string     // blob SHAs of the files of the repository and its account
	own     ownConfig
	shared  string    // of sha, that of the account's file
	told    *toldRun  // the check run that told of them; nil for none, or once the account's file changed
	account string    // login, in lower case
	repo    string    // full name
	at      time.Time // when the files were looked at
}

// fresh is how long files that were read are believed without a word from GitHub: the push that changed them may be lost.
const fresh = time.Hour

// known returns what was read of a repository's files, if that is not too long ago.
func (c *configs) known(repository int64) (loadedConfig, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.loaded[repository]
	return l, ok && c.now().Sub(l.at) < fresh
}

// drop has a repository's files looked at anew the next time that they are needed.
func (c *configs) drop(repository int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loaded, repository)
}

// configOf says whose rules are asked for.
type configOf struct {
	repo    *rules.Repository
	account int64  // number of the account that owns it
	head    string // where a push just changed rule files, or may have, the newest commit; else ""
	named   bool   // the push names a rule file
}

// shared tells whether the repository holds the file for all repositories of its account.
func (of configOf) shared() bool { return of.repo.Name == AccountRepository }

func (of configOf) login() string { return strings.ToLower(of.repo.Owner) }

// hears tells whether a rule may listen in a repository (0 for a delivery about none); true also when that is not known
// without asking GitHub.
func (c *configs) hears(repository int64, event, activity string) bool {
	if repository == 0 {
		return c.host.Hears(event, activity)
	}
	l, ok := c.known(repository)
	return !ok || l.set.Hears(event, activity)
}

// rules returns what is in force in a repository. Where a push just changed its files they are looked at anew, and the answer is
// told on that commit.
func (c *configs) rules(ctx context.Context, gh *githubapp.Client, of configOf) (loadedConfig, error) {
	if l, ok := c.known(of.repo.ID); ok && of.head == "" {
		return l, nil
	}
	defer c.lock(of.repo.ID)()
	if l, ok := c.known(of.repo.ID); ok && of.head == "" {
		return l, nil // read while this one waited
	}
	return c.load(ctx, gh, of)
}

// lock lets one at a time look at a repository's files: who comes second finds them known, and what was told already told. It
// returns what unlocks.
func (c *configs) lock(repository int64) (unlock func()) {
	c.mu.Lock()
	l := c.locks[repository]
	if l == nil {
		l = &sync.Mutex{}
		c.locks[repository] = l
	}
	c.mu.Unlock()
	l.Lock()
	return l.Unlock
}

// forget drops what is known of an account and its repositories, which a change of its installation may have made wrong.
func (c *configs) forget(account string) {
	account = strings.ToLower(account)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.accounts, account)
	for id, l := range c.loaded {
		if l.account == account {
			delete(c.loaded, id)
		}
	}
}

// load reads the files of a repository, puts the layers together, and tells what changed.
func (c *configs) load(ctx context.Context, gh *githubapp.Client, of configOf) (loadedConfig, error) {
	account, err := c.ofAccount(ctx, gh, of)
	if err != nil {
		return loadedConfig{}, err
	}
	files, err := c.look(ctx, gh, of)
	if err != nil {
		return loadedConfig{}, err
	}
	l := loadedConfig{account: of.login(), repo: of.repo.FullName, at: c.now()}
	var shared *rules.Set
	denied := c.policy.Denied(l.repo)
	for i := range files.list {
		f := &files.list[i]
		if of.shared() && f.state.Path == ConfigPath {
			shared = c.compile(f, rules.Options{Layer: accountLayer, Denied: denied}) // to tell its mistakes; it is in force as the account's
			continue
		}
		f.set = c.compile(f, rules.Options{Denied: denied})
		l.own.add(f)
	}
	if err := c.extendOwn(ctx, gh, of, files, &l.own); err != nil {
		return loadedConfig{}, err
	}
	if of.shared() {
		files.extended = append(files.extended, account.extended...) // to tell of them
	}
	set, clashes := c.stack(l.repo, account, l.own)
	files.clash(clashes)
	if files.news(of) {
		files.warn(rules.Merge(append(l.own.sets, shared)...).Warnings(c.now()))
		files.warn(rules.Unmatched(l.own.sets, slices.Concat(account.sets, account.below(), l.own.below(), []*rules.Set{c.host})...))
		if files.tests, err = c.test(ctx, gh, of, files); err != nil {
			c.log.Warn("the tests of the rule files could not be run", "repo", of.repo.FullName, "err", err)
		}
		if l.told, err = c.tell(ctx, gh, of, files); err != nil {
			c.log.Warn("the check run on the rule files could not be made", "repo", of.repo.FullName, "err", err)
		}
		if of.shared() {
			c.knows(of.login())
		}
	}
	if err := c.save(ctx, files); err != nil {
		return loadedConfig{}, err
	}
	l.set, l.sha, l.shared = set, joinSHAs(account.sha, l.own.sha), account.sha
	c.mu.Lock()
	c.loaded[of.repo.ID] = l
	c.mu.Unlock()
	return l, nil
}

// stack puts the layers together for a repository. What is denied there is left out of the account's rules too.
func (c *configs) stack(repo string, account, own ownConfig) (*rules.Set, []syntax.Diagnostic) {
	shared, below, denied := slices.Clone(account.sets), account.below(), c.policy.Denied(repo)
	for _, list := range [][]*rules.Set{shared, below} {
		for i := range list {
			list[i] = list[i].Without(denied)
		}
	}
	return rules.Stack([]*rules.Set{c.host}, below, shared, own.below(), own.sets)
}

func joinSHAs(shas ...string) string {
	return strings.Join(slices.DeleteFunc(shas, func(s string) bool { return s == "" }), ",")
}

func (o *ownConfig) add(f *configFile) {
	o.sets = append(o.sets, f.set)
	o.sha = joinSHAs(o.sha, f.state.GoodSHA)
}

// compile makes the rules of a file that may be new. Where it has mistakes they are those of the last good file.
func (c *configs) compile(f *configFile, o rules.Options) *rules.Set {
	if f.fresh {
		set, found := rules.Compile(f.state.Path, f.src, c.kinds, o)
		if len(found) == 0 && len(f.found) == 0 {
			f.state.GoodSHA, f.state.Good, f.state.Problem = f.state.SHA, f.src, ""
			return set
		}
		f.found = append(f.found, found...)
		f.state.Problem = problemOf(f.found)
		c.log.Warn("rule file has mistakes; the last good one stays in force", "repo", f.state.Repository, "err", f.found[0].Error())
	}
	set, _ := rules.Compile(f.state.Path, f.state.Good, c.kinds, o)
	return set
}

func problemOf(found []syntax.Diagnostic) string {
	lines := make([]string, len(found))
	for i, d := range found {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// configFile is one rule file while it is looked at.
type configFile struct {
	state store.Config
	src   []byte // of a fresh one
	fresh bool   // it is not the file that was seen last, or none was
	found []syntax.Diagnostic
	set   *rules.Set

	warned []syntax.Diagnostic // what is no mistake and hardly meant

	extend  *rules.Extend // of a file of another repository; nil for the repository's own
	missing bool          // it cannot be had
}

// configFiles are the rule files of a repository.
type configFiles struct {
	list  []configFile
	gone  []store.Config // paths that had a file when they were looked at before
	known bool           // they were looked at before

	testing  []githubapp.Entry // files of tests
	tests    testReport        // of files that are news
	stored   []store.Config    // what is remembered of them
	extended []configFile      // of other repositories
	dropped  []store.Config    // extended before, and no more
}

// look finds the files of a repository that rules are read from, and reads those that are not known by their SHA.
func (c *configs) look(ctx context.Context, gh *githubapp.Client, of configOf) (*configFiles, error) {
	entries, testing, err := c.entries(ctx, gh, of.repo)
	if err != nil {
		return nil, err
	}
	stored, err := c.store.Configs(ctx, of.repo.ID)
	if err != nil {
		return nil, fmt.Errorf("read stored configs: %w", err)
	}
	files := &configFiles{known: len(stored) > 0, testing: testing, stored: stored}
	before := map[string]store.Config{}
	for _, s := range stored {
		if !isExtended(s) {
			before[s.Path] = s
		}
	}
	for _, e := range entries {
		f, err := c.read(ctx, gh, of.repo.Owner, of.repo.Name, e, before[e.Path])
		if err != nil {
			return nil, err
		}
		f.state.RepositoryID, f.state.Repository = of.repo.ID, of.repo.FullName
		files.list = append(files.list, f)
		delete(before, e.Path)
	}
	for _, s := range stored {
		if _, left := before[s.Path]; left && s.SHA != "" {
			files.gone = append(files.gone, store.Config{RepositoryID: of.repo.ID, Path: s.Path, Repository: of.repo.FullName})
		}
	}
	if len(files.list) == 0 && !files.known { // remembered as a repository without files
		files.gone = append(files.gone, store.Config{RepositoryID: of.repo.ID, Path: ConfigPath, Repository: of.repo.FullName})
	}
	return files, nil
}

// entries lists the rule files of a repository, in the order in which their rules stand, and the files of tests beside them.
func (c *configs) entries(ctx context.Context, gh *githubapp.Client, repo *rules.Repository) (out, tests []githubapp.Entry, err error) {
	list, err := gh.Folder(ctx, repo.Owner, repo.Name, path.Dir(ConfigPath), "")
	if err != nil && !errors.Is(err, githubapp.ErrNoFile) {
		return nil, nil, fmt.Errorf("look for rule files of %s: %w", repo.FullName, err)
	}
	var more []githubapp.Entry
	for _, e := range list {
		switch {
		case e.Path == ConfigPath && isFile(e):
			out = append(out, e)
		case e.Path == ConfigFolder && e.Type == "dir":
			more, err = gh.Folder(ctx, repo.Owner, repo.Name, ConfigFolder, "")
			if err != nil && !errors.Is(err, githubapp.ErrNoFile) {
				return nil, nil, fmt.Errorf("look for rule files of %s: %w", repo.FullName, err)
			}
		case e.Path == testsOf(ConfigPath) && isFile(e):
			tests = append(tests, e)
		}
	}
	more = slices.DeleteFunc(more, func(e githubapp.Entry) bool { return !isFile(e) || path.Ext(e.Path) != ".toml" })
	for _, e := range more {
		if rules.IsTestFile(e.Path) {
			tests = append(tests, e)
		}
	}
	more = slices.DeleteFunc(more, func(e githubapp.Entry) bool { return rules.IsTestFile(e.Path) })
	slices.SortFunc(more, func(a, b githubapp.Entry) int { return strings.Compare(a.Path, b.Path) })
	if len(more) > maxConfigFiles {
		c.log.Warn("more rule files than are read", "repo", repo.FullName, "files", len(more), "read", maxConfigFiles)
		more = more[:maxConfigFiles]
	}
	return append(out, more...), tests, nil
}

func isFile(e githubapp.Entry) bool { return e.Type == "file" || e.Type == "symlink" }

// read reads a file unless it is the one that was seen before.
func (c *configs) read(ctx context.Context, gh *githubapp.Client, owner, name string, e githubapp.Entry, before store.Config) (configFile, error) {
	f := configFile{state: before}
	f.state.Path, f.state.At = e.Path, c.now()
	if before.SHA == e.SHA && before.SHA != "" {
		return f, nil
	}
	f.fresh = true
	if e.Size > syntax.MaxSize {
		f.state.SHA = e.SHA
		f.found = []syntax.Diagnostic{{File: e.Path, Line: 1, Col: 1, EndCol: 2, Message: fmt.Sprintf("the file has more than %d KB", syntax.MaxSize>>10), Mend: "Split it."}}
		return f, nil
	}
	src, sha, err := gh.File(ctx, owner, name, e.Path, "", "")
	if err != nil {
		return f, fmt.Errorf("read %s of %s/%s: %w", e.Path, owner, name, err)
	}
	f.src, f.state.SHA = src, sha
	f.fresh = sha != before.SHA // of a symbolic link, the listing names another
	return f, nil
}

// clash gives the mistakes that files make together to the files that they are in.
func (fs *configFiles) clash(found []syntax.Diagnostic) {
	for _, d := range found {
		for i := range fs.extended {
			if f := &fs.extended[i]; f.state.Path == d.File {
				f.found = append(f.found, d)
			}
		}
		for i := range fs.list {
			if fs.list[i].state.Path == d.File {
				fs.list[i].found = append(fs.list[i].found, d)
				fs.list[i].state.Problem = problemOf(fs.list[i].found)
			}
		}
	}
}

// warn gives warnings to the files that they are in. A file with mistakes is not the one that the warnings are about.
func (fs *configFiles) warn(found []syntax.Diagnostic) {
	for _, d := range found {
		for i := range fs.list {
			if f := &fs.list[i]; f.state.Path == d.File && len(f.found) == 0 {
				f.warned = append(f.warned, d)
			}
		}
	}
}

// news tells whether people are told about the files: by the push that names one, whoever has read it first meanwhile; else when
// one changed, and when one is broken on first sight. Good files that were always there are no news.
func (fs *configFiles) news(of configOf) bool {
	fresh := of.named || fs.known && len(fs.gone) > 0
	for _, f := range fs.all() {
		fresh = fresh || f.fresh && (fs.known || f.state.Problem != "")
	}
	return fresh
}

// save remembers what changed.
func (c *configs) save(ctx context.Context, files *configFiles) error {
	changed := slices.Concat(files.gone, files.dropped)
	all := files.all()
	slices.Reverse(all) // extended files first: once the file that names them is known, their tags are not followed
	for _, f := range all {
		if f.fresh {
			changed = append(changed, f.state)
		}
	}
	for _, s := range changed {
		s.At = c.now()
		if err := c.store.SaveConfig(ctx, s); err != nil {
			return fmt.Errorf("store config: %w", err)
		}
	}
	return nil
}
