package actions

import (
	"context"
	"strings"
	"unicode/utf8"

	"bellhop/githubapp"
	"bellhop/rules"
)

var editBodyKind = rules.Kind{
	Name:    "edit_body",
	Summary: "Change the description of the issue or pull request, or a part of it.",
	Needs:   map[string]string{"issues": "write", "pull_requests": "write"},
	On:      []string{"issue", "pull_request"},
	Reads:   []string{"subject.body"},
	New:     func() rules.Action { return new(EditBody) },
	Example: `[[rule]]
name = "Preview"
on   = ["pull_request.opened", "pull_request.synchronize"]
then.edit_body = { where = "block", key = "preview", text = "Preview: https://{{ pr.number }}.preview.example.com" }
`,
}

// EditBody changes a description. What is put before or after it carries a hidden marker that names the step, and a block stands
// between two of its own, by which it is found again. The whole is replaced only while it is what was decided on.
type EditBody struct {
	Text  string "toml:\"text\" doc:\"What to write, in Markdown. An empty text takes a block away.\" short:\"true\" text:\"markdown\""
	Where string "toml:\"where\" doc:\"`append` or `prepend` it, `replace` the whole description, or keep a `block`, which is written in place of the one with the same key, or else at the end.\" enum:\"append prepend replace block\" default:\"append\""
	Key   string `toml:"key" doc:"Name of the block, unseen. Rules with the same key write the same block."`

	Seen string // the description that was decided on; of what is replaced
}

// Check reports a text that is missing, and a key without a block.
func (e *EditBody) Check(r *rules.Report) {
	if e.Where != "block" && e.Where != "replace" {
		checkText(r, "text", e.Text)
	}
	if e.Key != "" && e.Where != "block" {
		r.Problem("key", "only a block has a key", `Write where = "block", or leave the key out.`)
	}
}

// Plan returns nil when there is nothing to write, or the description is as it should be.
func (e *EditBody) Plan(f *rules.Facts) rules.Action {
	if f.Subject == nil {
		return nil
	}
	p := &EditBody{Text: strings.TrimSpace(e.Text), Where: e.Where, Key: e.Key}
	switch e.Where {
	case "replace":
		if p.Seen = f.Subject.Body; sameText(p.Text, p.Seen) {
			return nil
		}
	case "block":
		if withBlock(normal(f.Subject.Body), p.Key, p.Text) == normal(f.Subject.Body) {
			return nil
		}
	default:
		if p.Text == "" {
			return nil
		}
	}
	return p
}

// Do edits the description.
func (e *EditBody) Do(ctx context.Context, gh *githubapp.Client, t rules.Target) (Done, error) {
	now, err := readText(ctx, gh, t)
	if err != nil {
		return Done{}, err
	}
	body, why := e.edited(normal(now.Body), t)
	switch {
	case why == "" && body == normal(now.Body):
		why = "the description says so already"
	case why == "" && utf8.RuneCountInString(body) > maxBody:
		why = "the description would be longer than GitHub takes"
	}
	if why != "" {
		return Done{URL: page(gh, t), Skipped: why}, nil
	}
	return editText(ctx, gh, t, map[string]string{"body": body})
}

// edited is the description as it should be, or why it is left alone.
func (e *EditBody) edited(body string, t rules.Target) (text, why string) {
	mine := marker(t)
	switch e.Where {
	case "replace":
		if !sameText(body, e.Seen) && !sameText(body, e.Text) {
			return "", "the description was changed after the rule was decided"
		}
		return normal(e.Text), ""
	case "block":
		return withBlock(body, e.Key, e.Text), ""
	}
	if strings.Contains(body, mine) {
		return body, ""
	}
	// GitHub shows Markdown after a comment only as such when a line is between them.
	part := mine + "\n\n" + e.Text
	if e.Where == "prepend" {
		return strings.TrimSpace(part + "\n\n" + body), ""
	}
	return strings.TrimSpace(body + "\n\n" + part), ""
}

// withBlock is body with the text as its block of that key; without the block when text is empty. A block whose end somebody
// deleted is none.
func withBlock(body, key, text string) string {
	begin, end := "<!-- bellhop block "+hidden(key)+" -->", "<!-- /bellhop block "+hidden(key)+" -->"
	block := begin + "\n\n" + normal(text) + "\n\n" + end
	if text == "" {
		block = ""
	}
	if to := strings.Index(body, end); to >= 0 {
		if from := strings.LastIndex(body[:to], begin); from >= 0 {
			before, after := body[:from], body[to+len(end):]
			if block == "" {
				before, after = strings.TrimRight(before, "\n")+"\n\n", strings.TrimLeft(after, "\n")
			}
			return strings.TrimSpace(before + block + after)
		}
	}
	return strings.TrimSpace(body + "\n\n" + block)
}
