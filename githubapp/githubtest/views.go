package githubtest

import (
	"strings"
	"time"
)

// The types of this file are copies of the state, for tests and stories to look at.

// Issue is an issue or a pull request as it is now.
type Issue struct {
	Number      int
	Title       string
	Body        string
	Author      string
	State       string // open, closed or merged
	StateReason string
	Labels      []string // in the order they were put on
	Assignees   []string
	Milestone   string
	Locked      bool
	LockReason  string
	Comments    []Comment
	Reactions   []Reaction
	Updated     time.Time

	PullRequest bool // the rest is for pull requests
	Draft       bool
	Head        string
	HeadSHA     string
	Base        string
	Reviewers   []string // logins, and "@org/team"
	Reviews     []Review
	MergeSHA    string
	MergedBy    string
	AutoMerge   string // method; "" when it is off
	Queued      bool
	Mergeable   string // of REST's mergeable_state: clean, blocked, dirty, ...
}

// Comment is a comment.
type Comment struct {
	ID        int64
	Author    string
	Body      string
	Minimized string // why it is hidden; "" when it shows
	Reactions []Reaction
}

// Reaction is a reaction; content as in REST.
type Reaction struct{ User, Content string }

// Review is a review.
type Review struct {
	ID                       int64
	Author, State, Body, SHA string
}

// CheckRun is the newest check run of an App and name on a commit.
type CheckRun struct {
	ID                   int64
	Name, App, SHA       string
	Status, Conclusion   string
	Title, Summary, Text string
	ExternalID           string
	Annotations          []Annotation
	Buttons              []string // identifiers
}

// Annotation is a remark at lines of a file.
type Annotation struct {
	Path      string
	StartLine int
	EndLine   int
	Level     string
	Title     string
	Message   string
}

// Status is the newest commit status of a context.
type Status struct{ Context, State, Description, Creator string }

// WorkflowRun is a run of GitHub Actions.
type WorkflowRun struct {
	ID                                           int64
	Name, Event, Branch, SHA, Status, Conclusion string
	Attempt                                      int
	Title                                        string // by the run-name; "" for the subject of its commit
}

// Issue looks at an issue or pull request; ok is false when there is none.
func (s *Server) Issue(repository string, number int) (view Issue, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.mustRepo(repository).issue(number)
	if i == nil {
		return Issue{}, false
	}
	return s.view(i), true
}

// Issues looks at all issues and pull requests, by number.
func (s *Server) Issues(repository string) []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return each(s.mustRepo(repository).issues, s.view)
}

func logins(list []*user) []string { return each(list, func(u *user) string { return u.login }) }

func reactionsOf(list []*reaction) []Reaction {
	return each(list, func(r *reaction) Reaction { return Reaction{r.user.login, r.content} })
}

func (s *Server) view(i *issue) Issue {
	v := Issue{
		Number: i.number, Title: i.title, Body: i.body, Author: i.author.login, State: strings.ToLower(stateOf(i)), StateReason: i.reason,
		Labels: each(i.labels, func(l *label) string { return l.name }), Assignees: logins(i.assignees), Locked: i.locked,
		LockReason: i.lockReason, Reactions: reactionsOf(i.reactions), Updated: i.updated,
		Comments: each(i.comments, func(k *comment) Comment {
			return Comment{k.id, k.author.login, k.body, k.minimized, reactionsOf(k.reactions)}
		}),
	}
	if i.milestone != nil {
		v.Milestone = i.milestone.title
	}
	p := i.pull
	if p == nil {
		return v
	}
	v.PullRequest, v.Draft, v.Head, v.HeadSHA, v.Base, v.MergeSHA, v.Queued = true, p.draft, p.headRef, p.headSHA, p.baseRef, p.mergeSHA, p.queued != nil
	_, v.Mergeable = s.mergeState(p)
	v.Reviewers = logins(p.reviewers)
	for _, t := range p.teamReviewers {
		v.Reviewers = append(v.Reviewers, "@"+t.org.login+"/"+t.slug)
	}
	v.Reviews = each(p.reviews, func(r *review) Review { return Review{r.id, r.author.login, r.state, r.body, r.commit} })
	if p.mergedBy != nil {
		v.MergedBy = p.mergedBy.login
	}
	if p.autoMerge != nil {
		v.AutoMerge = p.autoMerge.method
	}
	return v
}

// commitOf finds what ref means in a repository: "#7", a branch, a tag or a SHA.
func (s *Server) commitOf(repository, ref string) (*repo, *commit) {
	r := s.mustRepo(repository)
	at, _ := Visit{s, "", repository}.at(r, ref)
	return r, at
}

// Checks looks at the check runs on a commit: a branch, tag, SHA or "#7".
func (s *Server) Checks(repository, ref string) []CheckRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, at := s.commitOf(repository, ref)
	if at == nil {
		return nil
	}
	return each(r.checksOf(at.sha), func(k *checkRun) CheckRun {
		return CheckRun{
			ID: k.id, Name: k.name, App: k.suite.app.slug, SHA: at.sha, Status: k.status, Conclusion: k.conclusion, Title: k.title,
			Summary: k.summary, Text: k.text, ExternalID: k.externalID,
			Annotations: each(k.annotations, func(a annotation) Annotation {
				return Annotation{a.Path, a.StartLine, a.EndLine, a.Level, a.Title, a.Message}
			}),
			Buttons: each(k.actions, func(a checkAction) string { return a.Identifier }),
		}
	})
}

// Statuses looks at the commit statuses on a commit.
func (s *Server) Statuses(repository, ref string) []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, at := s.commitOf(repository, ref)
	if at == nil {
		return nil
	}
	return each(r.statusesOf(at.sha), func(t *status) Status { return Status{t.context, t.state, t.description, t.creator.login} })
}

// WorkflowRuns looks at the runs of GitHub Actions, oldest first.
func (s *Server) WorkflowRuns(repository string) []WorkflowRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return each(s.mustRepo(repository).workflowRuns, func(w *workflowRun) WorkflowRun {
		return WorkflowRun{w.id, w.workflow.spec.Name, w.event, w.branch, w.sha, w.status, w.conclusion, w.attempt, w.title}
	})
}

// SHA is the commit of a branch, tag or "#7"; "" when there is none.
func (s *Server) SHA(repository, ref string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, at := s.commitOf(repository, ref); at != nil {
		return at.sha
	}
	return ""
}

// File is the content of a file at a ref.
func (s *Server) File(repository, ref, path string) (content string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, at := s.commitOf(repository, ref)
	if at == nil {
		return "", false
	}
	e, ok := at.files[path]
	return string(s.git.blobs[e.sha]), ok
}

// Branches names the branches of a repository, sorted.
func (s *Server) Branches(repository string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return each(s.mustRepo(repository).refsUnder("refs/heads/"), func(ref string) string {
		return strings.TrimPrefix(ref,
			"refs/heads/")
	})
}

// Labels names the labels that a repository has.
func (s *Server) Labels(repository string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return each(s.mustRepo(repository).labels, func(l *label) string { return l.name })
}

// DiscussionComments looks at the comments of a discussion.
func (s *Server) DiscussionComments(repository string, number int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.mustRepo(repository).discussion(number)
	if d == nil {
		return nil
	}
	return each(d.comments, func(k *discussionComment) Comment {
		return Comment{k.id, k.author.login, k.body, k.minimized, reactionsOf(k.reactions)}
	})
}
