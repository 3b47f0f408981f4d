package actions

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

var backportKind = rules.Kind{
	Name:    "backport",
	Summary: "Bring a merged pull request to other branches, each by a pull request of its own.",
	Needs:   map[string]string{"contents": "write", "issues": "write", "pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.title", "subject.base", "subject.merge_sha"},
	New:     func() rules.Action { return new(Backport) },
	Example: `[[rule]]
name = "Fixes go to the stable branch"
when.state = "merged"
when.label = "backport stable"
then.backport = { to = "stable", labels = "backport" }
`,
}

// Backport picks what a pull request brought to its base onto other branches, as git cherry-pick -x does, without a checkout:
// GitHub itself merges, on a branch named bellhop-tmp/..., which is deleted again (see cherryPick). What was merged by a merge
// commit or a squash becomes one commit, what was rebased stays as many as it was.
//
// The new branch is backport/NUMBER-to-BRANCH. A pull request from it, open or closed, is looked up first, and so is the branch:
// the step is done once, and a pull request that somebody closed is not opened again.
//
// Where GitHub meets a conflict, people are told the commands that they need, in one comment that is kept up to date. A commit that changes workflow files needs the
// permission workflows: write, which Kind.Needs does not name.
type Backport struct {
	To       []string `toml:"to" doc:"Branches to bring it to; the one that it was merged into is left out." short:"true" required:"true"`
	Title    string   "toml:\"title\" doc:\"Title of the new pull request, where `{branch}` stands for the branch. Without it: `Backport #7 to {branch}: ` and the title.\""
	Body     string   "toml:\"body\" doc:\"Its description, in Markdown, where `{branch}` stands for the branch. Without it: where it comes from.\" text:\"markdown\""
	Labels   []string `toml:"labels" doc:"Its labels; those that the repository lacks are made."`
	Conflict string   "toml:\"conflict\" doc:\"What to do where it does not apply: `comment` on the merged pull request; open a `draft` to go on by hand; or `skip` the branch.\" enum:\"comment draft skip\" default:\"comment\""

	Merged string // the commit that merged it
}

// maxBackports bounds the branches of one step.
const maxBackports = 20

// Check reports what can never be.
func (b *Backport) Check(r *rules.Report) {
	checkNames(r, "to", b.To, "branch")
	if len(b.To) > maxBackports {
		r.Problem("to", fmt.Sprintf("%d branches: the bot takes %d", len(b.To), maxBackports), "Split the list.")
	}
	checkLength(r, "title", b.Title, maxTitle, "Put the rest into body.")
	if len(b.Labels) > 0 {
		checkLabelsOf(r, "labels", b.Labels)
	}
}

// Plan returns nil for what is not merged, and when there is no other branch.
func (b *Backport) Plan(f *rules.Facts) rules.Action {
	s := f.Subject
	if s == nil || s.State != "merged" || s.MergeSHA == "" {
		return nil
	}
	p := &Backport{
		Title: b.Title, Body: b.Body, Labels: without(b.Labels, nil), Conflict: b.Conflict, Merged: s.MergeSHA,
	}
	for _, branch := range b.To {
		branch = strings.TrimSpace(branch)
		if branch != "" && branch != s.Base && !slices.Contains(p.To, branch) && len(p.To) < maxBackports {
			p.To = append(p.To, branch)
		}
	}
	if len(p.To) == 0 {
		return nil
	}
	if p.Title == "" {
		p.Title = fmt.Sprintf("Backport #%d to {branch}: %s", s.Number, s.Title)
	}
	if p.Body == "" {
		p.Body = fmt.Sprintf("This brings #%d to `{branch}`.", s.Number)
	}
	return p
}

// Do brings it to one branch after the other.
func (b *Backport) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	source, err := readSource(ctx, gh, t, b.Merged)
	if err != nil {
		return Done{}, err
	}
	var d Done
	var troubles []string
	for _, branch := range b.To {
		one, trouble, err := b.bring(ctx, gh, t, branch, source)
		if err != nil {
			return Done{}, fmt.Errorf("backport to %s: %w", branch, err)
		}
		if trouble != "" {
			troubles = append(troubles, trouble)
		}
		if one.URL != "" && (d.URL == "" || d.Skipped != "" && one.Skipped == "") {
			d = one
		}
	}
	if len(troubles) == 0 {
		return d, nil
	}
	if b.Conflict == "comment" {
		told, err := (&Sticky{Key: "backport", Body: strings.Join(troubles, "\n\n")}).Do(ctx, gh, t)
		if err != nil || d.URL == "" {
			return told, err
		}
	}
	if d.URL == "" {
		d = Done{URL: page(gh, t), Skipped: "it does not apply"}
	}
	return d, nil
}

// bring brings it to one branch. trouble tells people why it could not, in Markdown.
func (b *Backport) bring(ctx context.Context, gh *githubapp.Client, t rules.Target, branch string, source *pickSource) (d Done, trouble string, err error) {
	onto, err := branchHead(ctx, gh, t, branch)
	if err != nil {
		return Done{}, "", err
	}
	if onto == nil {
		return Done{}, fmt.Sprintf("This was to be brought to `%s`, but there is no such branch.", strings.ReplaceAll(branch, "`", "'")), nil
	}
	head := fmt.Sprintf("backport/%d-to-%s", t.Number, branch)
	request := b.request(t, branch, head)
	found, err := pullsBetween(ctx, gh, t, head, branch)
	if err != nil {
		return Done{}, "", err
	}
	if len(found) > 0 {
		d = Done{URL: found[0].URL, Skipped: "the pull request is there already"}
		if !marked(found[0].Body, marker(t)) {
			return d, "", nil
		}
		return d, "", labelOpened(ctx, gh, t, &found[0], b.Labels)
	}
	made, err := branchHead(ctx, gh, t, head)
	if err != nil {
		return Done{}, "", err
	}
	if made == nil { // else the bot stopped before it opened the pull request
		made, trouble, err = b.build(ctx, gh, t, branch, head, onto, source)
		switch {
		case err != nil || trouble != "":
			return Done{}, trouble, err
		case made == nil:
			return Done{URL: page(gh, t), Skipped: branch + " has it already"}, "", nil
		}
	}
	if strings.HasPrefix(made.Message, byHand) {
		request.Draft = true
		request.Body = mark(marker(t), b.filled(b.Body, branch)+"\n\n"+byHandText(t, branch, head, source, true))
	}
	pr, d, err := openOnce(ctx, gh, t, request, marker(t))
	if err != nil || pr == nil {
		return d, "", err
	}
	return d, "", labelOpened(ctx, gh, t, pr, b.Labels)
}

func (b *Backport) request(t rules.Target, branch, head string) pullRequestText {
	return pullRequestText{
		Title: shorten(b.filled(b.Title, branch), maxTitle, "…"), Head: head, Base: branch, Body: mark(marker(t), b.filled(b.Body, branch)),
	}
}

func (b *Backport) filled(text, branch string) string {
	return strings.ReplaceAll(text, "{branch}", branch)
}

// build makes the new branch and returns its newest commit, or nil: with the trouble that it met, or where there is nothing to
// bring.
func (b *Backport) build(ctx context.Context, gh *githubapp.Client, t rules.Target, branch, head string, onto *gitCommit, source *pickSource) (*gitCommit, string, error) {
	at, conflict, err := cherryPick(ctx, gh, t, "bellhop-tmp/"+head, onto, source)
	switch {
	case err != nil:
		return nil, "", err
	case conflict && b.Conflict != "draft":
		return nil, byHandText(t, branch, head, source, false), nil
	case conflict:
		// GitHub opens no pull request without a commit.
		message := fmt.Sprintf("%s #%d", byHand, t.Number)
		if at, err = writeCommit(ctx, gh, t, message, onto.Tree.SHA, onto.SHA, nil); err != nil {
			return nil, "", err
		}
	case at.SHA == onto.SHA:
		return nil, "", nil
	}
	ref := &github.Reference{Ref: github.String("refs/heads/" + head), Object: &github.GitObject{SHA: &at.SHA}}
	_, _, err = gh.Git.CreateRef(ctx, t.Owner, t.Name, ref)
	if err != nil && !githubapp.Answered(err, http.StatusUnprocessableEntity, "already exists") {
		return nil, "", fmt.Errorf("create branch: %w", err)
	}
	return at, "", nil
}

// byHand begins the message of the empty commit that a draft is opened with.
const byHand = "To be picked by hand:"

// plainNames may stand in a command as they are.
var plainNames = regexp.MustCompile(`^[\w./-]+$`)

// byHandText tells how to go on where it does not apply.
func byHandText(t rules.Target, branch, head string, source *pickSource, begun bool) string {
	text := fmt.Sprintf("#%d does not apply to `%s` without conflict.", t.Number, branch)
	if !plainNames.MatchString(branch) {
		return text
	}
	start := fmt.Sprintf("git switch -c %s origin/%s", head, branch)
	if begun {
		start = fmt.Sprintf("git switch -c %s origin/%s && git reset --keep HEAD~1", head, head)
	}
	pick := "git cherry-pick -x"
	if source.merge {
		pick += " -m 1"
	}
	for _, c := range source.commits {
		pick += " " + c.SHA
	}
	return text + " By hand:\n\n```\ngit fetch origin\n" + start + "\n" + pick + "\n```"
}
