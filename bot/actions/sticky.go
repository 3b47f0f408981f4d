package actions

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
	"bellhop/rules"
)

var stickyKind = rules.Kind{
	Name:    "sticky",
	Summary: "Keep one comment up to date while the rule holds, and delete it after.",
	Needs:   map[string]string{"issues": "write"},
	On:      []string{"issue", "pull_request"},
	New:     func() rules.Action { return new(Sticky) },
	Example: `[[rule]]
name = "Big change"
if   = 'pr.additions + pr.deletions > 800'
then.sticky = "This changes {{ pr.additions + pr.deletions }} lines. Can it be split?"
`,
}

// Sticky keeps one comment on a subject: written once, edited in place when its text changes, deleted when the rule stops
// holding. It is found by a marker that names its key, and left alone when it says the same already.
type Sticky struct {
	Body string `toml:"body" doc:"What to say, in Markdown. It is cut at 65,536 characters, visibly." short:"true" required:"true" text:"markdown"`
	Key  string `toml:"key" doc:"Name of the comment, unseen. Rules with the same key share one comment. Without a key each text, as the rule has it, is a comment of its own."`

	Remove []string // keys of comments to delete; the other fields are then empty
}

// Check reports a comment that says nothing. It also gives a comment without a key one that is made of its text before
// templates are filled in, because what two rules keep under one key is one thing to the engine.
func (s *Sticky) Check(r *rules.Report) {
	checkText(r, "body", s.Body)
	if s.Key == "" {
		s.Key = fmt.Sprintf("%x", sha256.Sum256([]byte(s.Body)))[:12]
	}
}

// Plan returns the comment as it should read, or nil when its text came out empty. Whether it reads so already is known to
// GitHub alone.
func (s *Sticky) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || strings.TrimSpace(s.Body) == "" || strings.TrimSpace(s.Key) == "" {
		return nil
	}
	return &Sticky{Body: s.Body, Key: s.Key}
}

// Keys is the key of the comment.
func (s *Sticky) Keys() []string { return []string{s.Key} }

// Undo deletes the comments.
func (s *Sticky) Undo(_ *rules.Facts, keys []string) rules.Action {
	if len(keys) == 0 {
		return nil
	}
	return &Sticky{Remove: keys}
}

func stickyMarker(key string) string { return "<!-- bellhop sticky " + hidden(key) + " -->" }

// Do writes, edits or deletes the comment.
func (s *Sticky) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	if len(s.Remove) > 0 {
		return s.remove(ctx, gh, t)
	}
	found, err := findComment(ctx, gh, t, time.Time{}, stickyMarker(s.Key))
	if err != nil {
		return Done{}, err
	}
	text := mark(stickyMarker(s.Key), s.Body)
	switch {
	case found == nil:
		made, _, err := gh.Issues.CreateComment(ctx, t.Owner, t.Name, t.Number, &github.IssueComment{Body: &text})
		if isLocked(err) {
			return Done{URL: page(gh, t), Skipped: "the conversation is locked"}, nil
		}
		if err != nil {
			return Done{}, fmt.Errorf("create comment: %w", err)
		}
		return Done{URL: made.GetHTMLURL()}, nil
	case sameText(found.GetBody(), text):
		return Done{URL: found.GetHTMLURL(), Skipped: "the comment says so already"}, nil
	}
	edited, _, err := gh.Issues.EditComment(ctx, t.Owner, t.Name, found.GetID(), &github.IssueComment{Body: &text})
	if err != nil {
		return Done{}, fmt.Errorf("edit comment: %w", err)
	}
	return Done{URL: edited.GetHTMLURL()}, nil
}

func (s *Sticky) remove(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	d := Done{URL: page(gh, t), Skipped: "the comment is gone already"}
	for _, key := range s.Remove {
		found, err := findComment(ctx, gh, t, time.Time{}, stickyMarker(key))
		if err != nil {
			return Done{}, err
		}
		if found == nil {
			continue
		}
		_, err = gh.Issues.DeleteComment(ctx, t.Owner, t.Name, found.GetID())
		if err != nil && !githubapp.Answered(err, http.StatusNotFound) {
			return Done{}, fmt.Errorf("delete comment: %w", err)
		}
		d.Skipped = ""
	}
	return d, nil
}

// sameText compares texts as GitHub keeps them: with either kind of line end, and without white space around.
func sameText(a, b string) bool { return normal(a) == normal(b) }

func normal(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }
