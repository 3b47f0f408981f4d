package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"golang.org/x/sync/singleflight"

	"bellhop/bot/store"
	"bellhop/githubapp"
	"bellhop/rules"
	"bellhop/rules/syntax"
)

// ConfigPath is where a repository keeps its rules, on its default branch.
const ConfigPath = ".github/bot.toml"

// configCheck is the name of the check run that tells how a change of the file was taken.
const configCheck = "bellhop config"

// configs holds the rules of each repository, by the blob SHA of its file. A file is read when the repository is first heard
// of after a start, when a push changes it, and after an hour; in between it costs no API call. When the newest file does not compile, the
// last good one stays in force, across restarts too, and a check run says what is wrong where.
type configs struct {
	store store.Store
	kinds []rules.Kind
	host  *rules.Set // the operator's rules, in force in every repository
	now   func() time.Time
	log   *slog.Logger

	loading singleflight.Group
	mu      sync.Mutex
	loaded  map[int64]loadedConfig
}

// loadedConfig is what is in force in a repository.
type loadedConfig struct {
	set *rules.Set // the operator's rules and the repository's
	sha string     // blob SHA of the file that the latter were compiled from
	at  time.Time  // when the file was read
}

// fresh is how long a file that was read is believed without a word from GitHub: the push that changed it may be lost.
const fresh = time.Hour

// known returns what was read of a repository's file, if that is not too long ago.
func (c *configs) known(repository int64) (loadedConfig, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.loaded[repository]
	return l, ok && c.now().Sub(l.at) < fresh
}

// forget has a repository's file read anew the next time that it is needed.
func (c *configs) forget(repository int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loaded, repository)
}

// hears tells whether a rule may listen in a repository (0 for a delivery about none); true also when that is not known
// without asking GitHub.
func (c *configs) hears(repository int64, event, activity string) bool {
	if repository == 0 {
		return c.host.Hears(event, activity)
	}
	l, ok := c.known(repository)
	return !ok || l.set.Hears(event, activity)
}

// rules returns what is in force in repo. With head set the file is read anew, since a push just changed it, and the answer
// is told on that commit.
func (c *configs) rules(ctx context.Context, gh *githubapp.Client, repo *rules.Repository, head string) (loadedConfig, error) {
	if l, ok := c.known(repo.ID); ok && head == "" {
		return l, nil
	}
	v, err, _ := c.loading.Do(fmt.Sprint(repo.ID, head), func() (any, error) { return c.load(ctx, gh, repo, head) })
	if err != nil {
		return loadedConfig{}, err
	}
	return v.(loadedConfig), nil
}

func (c *configs) load(ctx context.Context, gh *githubapp.Client, repo *rules.Repository, head string) (loadedConfig, error) {
	before, err := c.store.Config(ctx, repo.ID)
	if errors.Is(err, store.ErrNotFound) {
		before, err = &store.Config{}, nil
	}
	if err != nil {
		return loadedConfig{}, fmt.Errorf("read stored config: %w", err)
	}
	src, sha, err := gh.File(ctx, repo.Owner, repo.Name, ConfigPath, "", "")
	if errors.Is(err, githubapp.ErrNoFile) {
		src, sha, err = nil, "", nil
	}
	if err != nil {
		return loadedConfig{}, fmt.Errorf("read %s of %s: %w", ConfigPath, repo.FullName, err)
	}
	after := store.Config{RepositoryID: repo.ID, Repository: repo.FullName, SHA: sha, GoodSHA: sha, Good: src, At: c.now()}
	set, found := rules.Compile(ConfigPath, src, c.kinds, rules.Options{})
	if len(found) > 0 {
		after.GoodSHA, after.Good = before.GoodSHA, before.Good
		after.Problem = problemOf(found)
		set, _ = rules.Compile(ConfigPath, before.Good, c.kinds, rules.Options{})
		c.log.Warn("rule file has mistakes; the last good one stays in force", "repo", repo.FullName, "err", found[0].Error())
	}
	// It is told when the file changed, and when it is broken on first sight; a good file that was always there is no news.
	if before.SHA != sha && (head != "" || before.RepositoryID != 0 || after.Problem != "") {
		if err := c.tell(ctx, gh, repo, head, after, found); err != nil {
			c.log.Warn("the check run on the rule file could not be made", "repo", repo.FullName, "err", err)
		}
	}
	if err := c.store.SaveConfig(ctx, after); err != nil {
		return loadedConfig{}, fmt.Errorf("store config: %w", err)
	}
	l := loadedConfig{set: rules.Merge(c.host, set), sha: after.GoodSHA, at: after.At}
	c.mu.Lock()
	c.loaded[repo.ID] = l
	c.mu.Unlock()
	return l, nil
}

func problemOf(found []syntax.Diagnostic) string {
	lines := make([]string, len(found))
	for i, d := range found {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// tell makes the check run about a changed rule file on the head of the default branch.
func (c *configs) tell(ctx context.Context, gh *githubapp.Client, repo *rules.Repository, head string, now store.Config, found []syntax.Diagnostic) error {
	if head == "" {
		sha, _, err := gh.Repositories.GetCommitSHA1(ctx, repo.Owner, repo.Name, "heads/"+repo.DefaultBranch, "")
		if err != nil {
			return fmt.Errorf("find the head of %s: %w", repo.DefaultBranch, err)
		}
		head = sha
	}
	// The same file may be told about twice, after a crash in between: its blob SHA finds the first check run.
	runs, _, err := gh.Checks.ListCheckRunsForRef(ctx, repo.Owner, repo.Name, head, &github.ListCheckRunsOptions{CheckName: github.String(configCheck)})
	if err != nil {
		return fmt.Errorf("list check runs: %w", err)
	}
	for _, run := range runs.CheckRuns {
		if run.GetExternalID() == externalID(now.SHA) {
			return nil
		}
	}
	_, _, err = gh.Checks.CreateCheckRun(ctx, repo.Owner, repo.Name, configRun(head, now, found))
	if err != nil {
		return fmt.Errorf("create check run: %w", err)
	}
	return nil
}

func externalID(sha string) string { return "config:" + sha }

// maxAnnotations is how many GitHub takes in one request. https://docs.github.com/en/rest/checks/runs#create-a-check-run
const maxAnnotations = 50

func configRun(head string, now store.Config, found []syntax.Diagnostic) github.CreateCheckRunOptions {
	run := github.CreateCheckRunOptions{
		Name: configCheck, HeadSHA: head, ExternalID: github.String(externalID(now.SHA)),
		Status: github.String("completed"), Conclusion: github.String("success"),
	}
	title, summary := "The rules are in force", "`"+ConfigPath+"` has no mistakes; its rules are in force from now on."
	switch {
	case now.SHA == "":
		title, summary = "No rules any more", "`"+ConfigPath+"` is gone, and its rules with it."
	case len(found) > 0:
		run.Conclusion = github.String("failure")
		title = fmt.Sprintf("%d mistakes", len(found))
		if len(found) == 1 {
			title = "1 mistake"
		}
		summary = "The last good file stays in force."
		if now.GoodSHA == "" {
			summary = "There is no earlier good file, so no rule of this repository runs."
		}
	}
	run.Output = &github.CheckRunOutput{Title: &title}
	var left strings.Builder
	for i, d := range found {
		if i >= maxAnnotations {
			fmt.Fprintf(&left, "\n- line %d: %s", d.Line, d.Message)
			continue
		}
		run.Output.Annotations = append(run.Output.Annotations, annotation(d))
	}
	summary += left.String()
	run.Output.Summary = &summary
	return run
}

func annotation(d syntax.Diagnostic) *github.CheckRunAnnotation {
	message := d.Message
	if d.Mend != "" {
		message += "\n" + d.Mend
	}
	a := &github.CheckRunAnnotation{
		Path: github.String(ConfigPath), StartLine: &d.Line, EndLine: &d.Line,
		AnnotationLevel: github.String("failure"), Message: &message,
	}
	if d.Rule != "" {
		a.Title = github.String("Rule " + d.Rule)
	}
	if d.Col > 0 && d.EndCol >= d.Col {
		a.StartColumn, a.EndColumn = &d.Col, &d.EndCol
	}
	return a
}
