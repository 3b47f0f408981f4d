package actions

import (
	"context"
	"fmt"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var dismissReviewKind = rules.Kind{
	Name:    "dismiss_review",
	Summary: "Dismiss reviews of the pull request, so that they no longer approve it or hold it back.",
	Needs:   map[string]string{"pull_requests": "write"},
	On:      []string{"pull_request"},
	Reads:   []string{"subject.state", "subject.head_sha", "subject.reviews"},
	New:     func() rules.Action { return new(DismissReview) },
	Example: `[[rule]]
name = "Approvals are of what is merged"
on   = "pull_request.synchronize"
then.dismiss_review = { message = "Something was pushed after this review.", state = "approved", stale = true }
`,
}

// DismissReview dismisses the reviews that were there when the rule was decided. One that is dismissed already, or that its
// author has taken back, is left alone.
type DismissReview struct {
	Message string   `toml:"message" doc:"Why; GitHub shows it." short:"true" required:"true" text:"markdown"`
	From    []string "toml:\"from\" doc:\"Only reviews of these people, by login, with * for any part; those of all when left out.\""
	State   string   "toml:\"state\" doc:\"Only reviews that say this: `approved` or `changes_requested`; `any` is both.\" enum:\"any approved changes_requested\" default:\"any\""
	Stale   bool     `toml:"stale" doc:"Only reviews of another commit than the newest."`

	IDs []int64 // of the reviews
}

// Check reports a reason that is missing, and people without a name.
func (d *DismissReview) Check(r *rules.Report) {
	checkText(r, "message", d.Message)
	if len(d.From) > 0 {
		checkNames(r, "from", d.From, "reviewer")
		checkNoTeams(r, "from", d.From)
	}
}

// Plan names the reviews, or returns nil when there is none, and when the pull request is closed.
func (d *DismissReview) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil || f.Subject.State != "open" || strings.TrimSpace(d.Message) == "" {
		return nil
	}
	p := &DismissReview{Message: d.Message, State: d.State}
	for _, r := range f.Subject.Reviews {
		if d.means(r.State) && (len(d.From) == 0 || fitsAny(logins(d.From), r.Author)) && (!d.Stale || r.SHA != f.Subject.HeadSHA) {
			p.IDs = append(p.IDs, r.ID)
		}
	}
	if len(p.IDs) == 0 {
		return nil
	}
	return p
}

// means tells whether a review that says so is to be dismissed.
func (d *DismissReview) means(state string) bool {
	return (state == "approved" || state == "changes_requested") && (d.State == "any" || d.State == state)
}

// Do dismisses.
func (d *DismissReview) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	done := Done{URL: page(gh, t), Skipped: "the reviews are dismissed already"}
	for _, id := range d.IDs {
		path := fmt.Sprintf("pulls/%d/reviews/%d", t.Number, id)
		var review struct{ State string }
		if err := ask(ctx, gh, t, "GET", path, nil, &review); err != nil {
			return Done{}, fmt.Errorf("get review: %w", err)
		}
		if !d.means(strings.ToLower(review.State)) {
			continue
		}
		body := map[string]string{"message": d.Message, "event": "DISMISS"}
		if err := ask(ctx, gh, t, "PUT", path+"/dismissals", body, nil); err != nil {
			return Done{}, fmt.Errorf("dismiss review: %w", err)
		}
		done.Skipped = ""
	}
	return done, nil
}
