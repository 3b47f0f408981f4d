package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

// notKnown lists those of some facts of the subject that are not known.
func notKnown(f *rules.Facts, names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return f.Known("subject." + name) })
}

// learnBehind asks how far the base is ahead of the head. GraphQL compares refs, and the head of a fork is none of this repository;
// REST takes the commit. https://docs.github.com/en/rest/commits/commits#compare-two-commits
func learnBehind(ctx context.Context, gh *githubapp.Client, f *rules.Facts) error {
	s := f.Subject
	base, head := s.Base, s.HeadSHA
	c, _, err := gh.Repositories.CompareCommits(ctx, f.Repository.Owner, f.Repository.Name, base, head, &github.ListOptions{PerPage: 1})
	switch {
	case githubapp.Answered(err, http.StatusNotFound):
		f.Wait("subject.behind", fmt.Sprintf("GitHub cannot compare %s with %.7s: one of them is gone", base, head))
	case err != nil:
		return fmt.Errorf("compare %s with %s: %w", base, head, err)
	default:
		s.Behind = int64(c.GetBehindBy())
		f.Learn("subject.behind")
	}
	return nil
}

func readCommits(f *rules.Facts, _ object, nodes []object) {
	s := f.Subject
	s.Commits, s.MergeCommits, s.NotSignedOff, s.Unverified = nil, 0, nil, nil
	for _, node := range nodes {
		c := node.obj("commit")
		author := c.obj("author")
		sha, message := c.str("oid"), c.str("message")
		s.Commits = append(s.Commits, rules.Commit{SHA: sha, Message: message, Author: author.obj("user").str("login")})
		merge := c.obj("parents").num("totalCount") > 1
		if merge {
			s.MergeCommits++
		}
		if !merge && !strings.Contains(author.str("email"), "[bot]@") && !signedOff(message, author.str("name"), author.str("email")) {
			s.NotSignedOff = append(s.NotSignedOff, sha)
		}
		if !c.obj("signature").flag("isValid") {
			s.Unverified = append(s.Unverified, sha)
		}
	}
}

// signedOff tells whether a commit's author signs it off, by name or by address, as the DCO app demands.
// https://github.com/dcoapp/app#how-it-works
func signedOff(message, name, email string) bool {
	for line := range strings.Lines(message) {
		key, who, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found || !strings.EqualFold(key, "Signed-off-by") {
			continue
		}
		as, address, found := strings.Cut(strings.TrimSpace(who), "<")
		address, closed := strings.CutSuffix(address, ">")
		if found && closed && strings.EqualFold(strings.TrimSpace(as), name) && strings.EqualFold(address, email) {
			return true
		}
	}
	return false
}

func readApprovers(f *rules.Facts, n object, _ []object) {
	s := f.Subject
	s.Approvers, s.ApproversOnHead = nil, nil
	for _, r := range n.obj("approvedBy").objects("nodes") {
		if r.str("state") != "APPROVED" {
			continue
		}
		who := loginOf(r.obj("author"))
		s.Approvers = append(s.Approvers, who)
		if r.obj("commit").str("oid") == n.str("approvedHead") {
			s.ApproversOnHead = append(s.ApproversOnHead, who)
		}
	}
	s.ApprovalsOnHead = int64(len(s.ApproversOnHead))
}

// authorsOf lists who wrote reviews of a state, each once.
func authorsOf(conn object, state string) []string {
	var out []string
	for _, r := range conn.objects("nodes") {
		if who := loginOf(r.obj("author")); r.str("state") == state && who != "" && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	return out
}

func readCloses(f *rules.Facts, n object, _ []object) {
	f.Subject.Closes = nil
	for _, i := range n.obj("closingIssuesReferences").objects("nodes") {
		f.Subject.Closes = append(f.Subject.Closes, rules.Linked{
			Number: i.num("number"), Repo: i.obj("repository").str("nameWithOwner"), Title: i.str("title"), State: i.word("state"),
			Labels: pluck(i.obj("labels").objects("nodes"), "name"), Milestone: i.obj("milestone").str("title"),
			Assignees: pluck(i.obj("assignees").objects("nodes"), "login"),
		})
	}
}
