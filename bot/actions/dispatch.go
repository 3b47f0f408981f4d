package actions

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"bellhop/githubapp"
	"bellhop/rules"
)

var dispatchKind = rules.Kind{
	Name:    "dispatch",
	Summary: "Start a workflow, or send a repository_dispatch event.",
	Needs:   map[string]string{"actions": "write", "contents": "write"},
	On:      []string{"issue", "pull_request", "discussion", "repository"},
	New:     func() rules.Action { return new(Dispatch) },
	Example: `[[rule]]
name = "Deploy main"
on   = "push"
when.branch = "main"
then.dispatch = "deploy.yml"
`,
}

// Dispatch starts a workflow by workflow_dispatch, or whatever listens to a repository_dispatch event.
//
// GitHub answers a dispatch with nothing, and its list of runs tells no inputs, so that a dispatch cannot be looked up as surely
// as a comment. Before it dispatches, Do looks through the runs that the bot started this way since the step was planned:
//
//   - without inputs (or payload) such a run of the same workflow on the same ref, and on the pushed commit where the rule is
//     about a push of that ref, does what this one would do, and is taken for it;
//   - with inputs a run is taken for it when its title shows the delivery's ID. A workflow whose run-name shows an input
//     that is written "{{ delivery.id }}" is thus started once per delivery, whatever happens;
//   - with inputs and without that, it is dispatched again after an answer that was lost: twice rather than never.
//
// A repository_dispatch carries delivery, rule and step in client_payload.bellhop, by which a receiver that is no workflow can
// tell a repetition.
type Dispatch struct {
	Workflow string            `toml:"workflow" doc:"File name of the workflow, such as deploy.yml. It must have the trigger workflow_dispatch." short:"true"`
	Ref      string            `toml:"ref" doc:"Branch or tag to run it on; the default branch when empty."`
	Inputs   map[string]string "toml:\"inputs\" doc:\"Its inputs, 25 at the most. With one that is `{{ delivery.id }}` and shown in the workflow's run-name, the run is started once for sure; else inputs may, rarely, be sent twice.\""
	Event    string            `toml:"event" doc:"In place of workflow: the event_type of a repository_dispatch event."`
	Payload  map[string]string `toml:"payload" doc:"Its client_payload, nine members at the most; the bot adds one called bellhop."`

	HeadSHA string    // where Ref is known to be
	Since   time.Time // a run of this step is not older; in whole seconds, as GitHub tells times
}

// GitHub's bounds of a dispatch.
const (
	maxInputs    = 25
	maxPayload   = 9 // GitHub's ten, less the bot's own
	maxEventType = 100
)

// Check reports a dispatch of neither or both kinds, and what GitHub would not take.
func (d *Dispatch) Check(r *rules.Report) {
	switch {
	case d.Workflow == "" && d.Event == "":
		r.Problem("", "neither a workflow nor an event is named", `Write workflow = "deploy.yml" or event = "deploy".`)
	case d.Workflow != "" && d.Event != "":
		r.Problem("event", "a dispatch has a workflow or an event, not both", "Write two actions.")
	case d.Workflow != "" && len(d.Payload) > 0:
		r.Problem("payload", "a workflow has no payload", "Write inputs.")
	case d.Event != "" && len(d.Inputs) > 0:
		r.Problem("inputs", "an event has no inputs", "Write payload.")
	case d.Event != "" && d.Ref != "":
		r.Problem("ref", "a repository_dispatch event runs on the default branch only", "Leave it out.")
	}
	if len(d.Inputs) > maxInputs {
		r.Problem("inputs", fmt.Sprintf("%d inputs: GitHub takes %d", len(d.Inputs), maxInputs), "")
	}
	if len(d.Payload) > maxPayload {
		r.Problem("payload", fmt.Sprintf("%d members: %d are left beside the bot's own", len(d.Payload), maxPayload), "")
	}
	if _, taken := d.Payload["bellhop"]; taken {
		r.Problem("payload", "bellhop is the name of the bot's own member", "Choose another name.")
	}
	checkLength(r, "event", d.Event, maxEventType, "")
	if file := d.Workflow; !isTemplate(file) && strings.Contains(strings.TrimPrefix(file, workflows), "/") {
		r.Problem("workflow", "a workflow is named by its file in .github/workflows", "")
	}
}

const workflows = ".github/workflows/"

// Plan names workflow and ref, or returns nil when templates left nothing to dispatch.
func (d *Dispatch) Plan(f *rules.Facts) rules.Action {
	p := *d
	p.Since = f.Now.UTC().Truncate(time.Second)
	if d.Event != "" {
		return &p
	}
	p.Workflow = strings.TrimPrefix(d.Workflow, workflows)
	if p.Ref == "" && f.Repository != nil {
		p.Ref = f.Repository.DefaultBranch
	}
	if strings.Trim(p.Workflow, ". ") == "" || p.Ref == "" {
		return nil
	}
	if f.Push != nil && !f.Push.Deleted && f.Push.Branch == strings.TrimPrefix(p.Ref, "refs/heads/") {
		p.HeadSHA = f.Push.HeadSHA
	}
	return &p
}

// Do dispatches.
func (d *Dispatch) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	run, err := d.find(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	if run != nil {
		return Done{URL: run.URL, Skipped: "it was started already"}, nil
	}
	actions := site(gh.BaseURL) + t.Owner + "/" + t.Name + "/actions"
	if d.Event != "" {
		if err := ask(ctx, gh, t, "POST", "dispatches", d.event(t), nil); err != nil {
			return Done{}, fmt.Errorf("dispatch event %q: %w", d.Event, err)
		}
		return Done{URL: actions}, nil
	}
	body := struct {
		Ref    string            `json:"ref"`
		Inputs map[string]string `json:"inputs,omitempty"`
	}{d.Ref, d.Inputs}
	if err := ask(ctx, gh, t, "POST", d.workflowPath()+"/dispatches", body, nil); err != nil {
		return Done{}, fmt.Errorf("dispatch workflow %q: %w", d.Workflow, err)
	}
	return Done{URL: actions + "/workflows/" + segment(d.Workflow)}, nil
}

func (d *Dispatch) workflowPath() string { return "actions/workflows/" + segment(d.Workflow) }

// event is the body of a repository_dispatch.
func (d *Dispatch) event(t rules.Target) any {
	payload := map[string]any{"bellhop": map[string]any{"delivery": t.Delivery, "rule": t.Rule, "step": t.Step}}
	for name, value := range d.Payload {
		payload[name] = value
	}
	return map[string]any{"event_type": d.Event, "client_payload": payload}
}

// find returns a run that is this dispatch, or nil.
func (d *Dispatch) find(ctx context.Context, gh *githubapp.Client, t rules.Target) (*workflowRun, error) {
	given := d.Inputs
	path, event := d.workflowPath()+"/runs", "workflow_dispatch"
	if d.Event != "" {
		given = d.Payload
		path, event = "actions/runs", "repository_dispatch"
	}
	shown := showsDelivery(given, t.Delivery)
	if len(given) > 0 && !shown {
		return nil, nil
	}
	me, err := gh.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("who am I: %w", err)
	}
	runs, err := listRuns(ctx, gh, t, path, url.Values{"event": {event}})
	if err != nil {
		return nil, err
	}
	for i := range runs {
		run := &runs[i]
		switch {
		case run.Event != event || run.Created.Before(d.Since) || !strings.EqualFold(run.Actor.Login, me.Login):
		case shown && strings.Contains(run.Title, t.Delivery):
			return run, nil
		case !shown && d.same(run):
			return run, nil
		}
	}
	return nil, nil
}

// showsDelivery tells whether a value holds the delivery's ID, so that the title of a run may show it.
func showsDelivery(values map[string]string, delivery string) bool {
	for _, v := range values {
		if strings.Contains(v, delivery) {
			return true
		}
	}
	return false
}

// same tells whether a run does what this dispatch, which has no inputs, would do. The title of a run that a
// repository_dispatch started is the event's type, unless the workflow has a run-name.
func (d *Dispatch) same(run *workflowRun) bool {
	if d.Event != "" {
		return run.Title == d.Event
	}
	ref := strings.TrimPrefix(strings.TrimPrefix(d.Ref, "refs/heads/"), "refs/tags/")
	return run.Branch == ref && (d.HeadSHA == "" || run.SHA == d.HeadSHA)
}
