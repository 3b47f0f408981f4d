package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

// gitCommit is a commit of the Git database.
type gitCommit struct {
	SHA     string
	Message string
	Tree    struct{ SHA string }
	Parents []struct{ SHA string }
	Author  *gitAuthor
}

type gitAuthor struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Date  time.Time `json:"date"`
}

// pickSource is what a pull request brought to its base.
type pickSource struct {
	commits []gitCommit // oldest first
	merge   bool        // the one commit is a merge; its first parent is the base before
}

// maxPicks is the most commits of a rebased pull request that are told from a squash.
const maxPicks = 100

// readSource finds out how a pull request was merged. A merge commit has two parents. The commit of a squash and the last of a
// rebase have one; what was rebased ends on its base with the messages that its commits had, in their order.
func readSource(ctx context.Context, gh *githubapp.Client, t rules.Target, merged string) (*pickSource, error) {
	last, err := readCommit(ctx, gh, t, merged)
	if err != nil {
		return nil, err
	}
	var own []struct {
		Commit struct {
			Message string
			Author  *gitAuthor
		}
		Parents []struct{ SHA string }
	}
	if err := ask(ctx, gh, t, "GET", fmt.Sprintf("pulls/%d/commits?per_page=%d", t.Number, maxPicks), nil, &own); err != nil {
		return nil, fmt.Errorf("list commits: %w", err)
	}
	if len(last.Parents) > 1 {
		if len(own) > 0 {
			last.Author = own[0].Commit.Author // who wrote it, not who merged it
		}
		return &pickSource{commits: []gitCommit{*last}, merge: true}, nil
	}
	commits := []gitCommit{*last}
	at := last
	for i := len(own) - 1; i >= 0; i-- {
		if len(own[i].Parents) > 1 { // a rebase leaves merges out
			continue
		}
		if at.Message != own[i].Commit.Message || len(at.Parents) != 1 {
			return &pickSource{commits: []gitCommit{*last}}, nil
		}
		if at != last {
			commits = append(commits, *at)
		}
		if i > 0 {
			if at, err = readCommit(ctx, gh, t, at.Parents[0].SHA); err != nil {
				return nil, err
			}
		}
	}
	slices.Reverse(commits)
	return &pickSource{commits: commits}, nil
}

// cherryPick picks commits onto another, one after the other, and returns the last that it made: onto itself where all of it
// was there already, nil with a conflict.
//
// GitHub has no such request, but it merges. A commit that has the tree of the target and the parent of the picked commit C
// stands where C's change is missing; merging C into it makes the tree that a cherry-pick makes. The merge happens on the branch
// temp, which is deleted at the end; a push to it starts no workflow that does not ask for such a name.
func cherryPick(ctx context.Context, gh *githubapp.Client, t rules.Target, temp string, onto *gitCommit, source *pickSource) (at *gitCommit, conflict bool, err error) {
	defer func() {
		_, gone := gh.Git.DeleteRef(ctx, t.Owner, t.Name, "heads/"+temp)
		if err == nil && gone != nil && !isGone(gone) {
			err = fmt.Errorf("delete branch: %w", gone)
		}
	}()
	at = onto
	for _, c := range source.commits {
		tree, err := pickedTree(ctx, gh, t, temp, at, c)
		if errors.Is(err, errConflict) {
			return nil, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if tree == at.Tree.SHA {
			continue
		}
		message := fmt.Sprintf("%s\n\n(cherry picked from commit %s)", c.Message, c.SHA)
		if at, err = writeCommit(ctx, gh, t, message, tree, at.SHA, c.Author); err != nil {
			return nil, false, err
		}
	}
	return at, false, nil
}

var errConflict = errors.New("merge conflict")

// pickedTree is the tree that picking c onto a commit makes.
func pickedTree(ctx context.Context, gh *githubapp.Client, t rules.Target, temp string, onto *gitCommit, c gitCommit) (string, error) {
	if len(c.Parents) == 0 {
		return "", errors.New("the first commit of a repository cannot be picked")
	}
	base, err := writeCommit(ctx, gh, t, "For a backport; to be deleted", onto.Tree.SHA, c.Parents[0].SHA, nil)
	if err != nil {
		return "", err
	}
	err = ask(ctx, gh, t, "POST", "git/refs", map[string]string{"ref": "refs/heads/" + temp, "sha": base.SHA}, nil)
	if githubapp.Answered(err, http.StatusUnprocessableEntity, "already exists") {
		err = ask(ctx, gh, t, "PATCH", "git/refs/heads/"+segments(temp), map[string]any{"sha": base.SHA, "force": true}, nil)
	}
	if err != nil {
		return "", fmt.Errorf("set branch %s: %w", temp, err)
	}
	var merged struct {
		Commit struct{ Tree struct{ SHA string } }
	}
	body := map[string]string{"base": temp, "head": c.SHA, "commit_message": "For a backport; to be deleted"}
	err = ask(ctx, gh, t, "POST", "merges", body, &merged)
	switch {
	case githubapp.Answered(err, http.StatusConflict):
		return "", errConflict
	case err != nil:
		return "", fmt.Errorf("merge: %w", err)
	case merged.Commit.Tree.SHA == "":
		return "", errors.New("merge: GitHub found nothing to merge")
	}
	return merged.Commit.Tree.SHA, nil
}

func readCommit(ctx context.Context, gh *githubapp.Client, t rules.Target, sha string) (*gitCommit, error) {
	c := new(gitCommit)
	if err := ask(ctx, gh, t, "GET", "git/commits/"+sha, nil, c); err != nil {
		return nil, fmt.Errorf("get commit: %w", err)
	}
	return c, nil
}

// writeCommit makes a commit. Without an author it is the bot's, and GitHub signs it; with one it is not signed.
func writeCommit(ctx context.Context, gh *githubapp.Client, t rules.Target, message, tree, parent string, author *gitAuthor) (*gitCommit, error) {
	body := struct {
		Message string     `json:"message"`
		Tree    string     `json:"tree"`
		Parents []string   `json:"parents"`
		Author  *gitAuthor `json:"author,omitempty"`
	}{message, tree, []string{parent}, author}
	c := new(gitCommit)
	if err := ask(ctx, gh, t, "POST", "git/commits", body, c); err != nil {
		return nil, fmt.Errorf("create commit: %w", err)
	}
	return c, nil
}

// branchHead is the newest commit of a branch, or nil when there is no such branch.
func branchHead(ctx context.Context, gh *githubapp.Client, t rules.Target, branch string) (*gitCommit, error) {
	var ref struct{ Object struct{ SHA string } }
	err := ask(ctx, gh, t, "GET", "git/ref/heads/"+segments(branch), nil, &ref)
	if githubapp.Answered(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get branch: %w", err)
	}
	return readCommit(ctx, gh, t, ref.Object.SHA)
}
