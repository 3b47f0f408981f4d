package actions

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"bellhop/githubapp"
	"bellhop/rules"
)

var statusKind = rules.Kind{
	Name:    "status",
	Summary: "Keep a commit status on the newest commit while the rule holds.",
	Needs:   map[string]string{"statuses": "write"},
	On:      []string{"pull_request", "repository"},
	Reads:   []string{"subject.head_sha"},
	New:     func() rules.Action { return new(Status) },
	Example: `[[rule]]
name = "Legal"
unless.label = "cla: yes"
then.status = { context = "legal/cla", state = "pending", description = "Waiting for the signature" }
else.status = { context = "legal/cla", state = "success", description = "Signed" }
`,
}

// Status keeps a commit status. It is read first and left alone when it says the same already.
//
// GitHub never deletes a status. When the rule stops holding, one that stood in the way stands there no more (success), and
// one that let pass lets pass no more (pending).
type Status struct {
	Context     string "toml:\"context\" doc:\"What the status is called, as in branch protection.\" required:\"true\""
	State       string `toml:"state" doc:"The state." required:"true" enum:"success failure pending error"`
	Description string `toml:"description" doc:"One line of 140 characters at the most."`
	TargetURL   string `toml:"target_url" doc:"Where the status leads to."`

	HeadSHA string   // the commit
	Remove  []string // contexts that apply no longer; the fields above HeadSHA are then empty
}

// maxDescription is the most characters in the description of a status.
const maxDescription = 140

// Check reports what GitHub would not take.
func (s *Status) Check(r *rules.Report) {
	if strings.TrimSpace(s.Context) == "" {
		r.Problem("context", "the context is empty", "")
	}
	checkLength(r, "description", s.Description, maxDescription, "Put the rest behind target_url.")
	if s.TargetURL == "" || isTemplate(s.TargetURL) {
		return
	}
	if u, err := url.Parse(s.TargetURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		r.Problem("target_url", fmt.Sprintf("%q is no web address", s.TargetURL), "Write one that begins with https://.")
	}
}

// Plan returns the status as it should be, or nil where there is no commit. Whether it is so already is known to GitHub alone.
func (s *Status) Plan(f *rules.Facts) rules.Action {
	sha := headSHA(f)
	if sha == "" || strings.TrimSpace(s.Context) == "" {
		return nil
	}
	p := *s
	p.HeadSHA, p.Remove = sha, nil
	return &p
}

// Keys is the context.
func (s *Status) Keys() []string { return []string{s.Context} }

// Undo takes the say from the statuses that are on the newest commit; those of older ones do not matter any more.
func (s *Status) Undo(f *rules.Facts, keys []string) rules.Action {
	sha := headSHA(f)
	if sha == "" || len(keys) == 0 {
		return nil
	}
	return &Status{HeadSHA: sha, Remove: keys}
}

// commitStatus is a status as it is sent and told.
type commitStatus struct {
	State       string `json:"state"`
	TargetURL   string `json:"target_url,omitempty"`
	Description string `json:"description,omitempty"`
	Context     string `json:"context"`
}

// Do sets the status.
func (s *Status) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	there, err := statuses(ctx, gh, t, s.HeadSHA)
	if err != nil {
		return Done{}, err
	}
	d := Done{URL: page(gh, t), Skipped: "the status says so already"}
	for _, want := range s.wanted(there) {
		if there[strings.ToLower(want.Context)].says(want) {
			continue
		}
		if err := ask(ctx, gh, t, "POST", "statuses/"+segments(s.HeadSHA), want, nil); err != nil {
			return Done{}, fmt.Errorf("create status: %w", err)
		}
		d.Skipped = ""
	}
	return d, nil
}

// wanted is the status, or those of the ones there that are to have no say any more.
func (s *Status) wanted(there map[string]commitStatus) []commitStatus {
	if len(s.Remove) == 0 {
		return []commitStatus{{s.State, s.TargetURL, shorten(s.Description, maxDescription, "…"), s.Context}}
	}
	var out []commitStatus
	for _, name := range s.Remove {
		was, known := there[strings.ToLower(name)]
		if !known || was.Description == noLonger {
			continue
		}
		after := "success"
		if was.State == "success" {
			after = "pending"
		}
		out = append(out, commitStatus{State: after, Description: noLonger, Context: name})
	}
	return out
}

// says compares all but the context, which GitHub compares without regard to case.
func (s commitStatus) says(want commitStatus) bool {
	s.Context = want.Context
	return s == want
}

// statuses returns the newest status of each context of a commit, 100 contexts at the most, by the context in lower case.
func statuses(ctx context.Context, gh *githubapp.Client, t rules.Target, sha string) (map[string]commitStatus, error) {
	var answer struct{ Statuses []commitStatus }
	if err := ask(ctx, gh, t, "GET", "commits/"+segments(sha)+"/status?per_page=100", nil, &answer); err != nil {
		return nil, fmt.Errorf("list statuses: %w", err)
	}
	out := map[string]commitStatus{}
	for _, s := range answer.Statuses {
		out[strings.ToLower(s.Context)] = s
	}
	return out, nil
}
