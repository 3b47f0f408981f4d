package actions

import (
	"strings"
	"testing"

	"bellhop/rules"
)

const previewBlock = "<!-- bellhop block preview -->\n\nHere\n\n<!-- /bellhop block preview -->"

func TestEditBodyPlan(t *testing.T) {
	saying := func(text string) *rules.Facts {
		return issue(func(f *rules.Facts) { f.Subject.Body = text })
	}
	block := &EditBody{Where: "block", Key: "preview", Text: "Here"}
	plans(t, []plan{
		{"append", &EditBody{Where: "append", Text: " More \n"}, saying("Old"), &EditBody{Where: "append", Text: "More"}},
		{"nothing", &EditBody{Where: "prepend", Text: "\n"}, saying("Old"), nil},
		{"replace", &EditBody{Where: "replace", Text: "New"}, saying("Old"), &EditBody{Where: "replace", Text: "New", Seen: "Old"}},
		{"replaced", &EditBody{Where: "replace", Text: "Old"}, saying("Old\r\n"), nil},
		{"cleared", &EditBody{Where: "replace"}, saying("Old"), &EditBody{Where: "replace", Seen: "Old"}},
		{"block", block, saying("Old"), block},
		{"block that is there", block, saying("Old\r\n\r\n" + strings.ReplaceAll(previewBlock, "\n", "\r\n") + "\r\n"), nil},
		{"no block where there is none", &EditBody{Where: "block", Key: "preview"}, saying("Old"), nil},
	})
}

func TestWithBlock(t *testing.T) {
	old := strings.ReplaceAll(previewBlock, "Here", "There")
	for _, row := range []struct{ body, text, want string }{
		{"", "Here", previewBlock},
		{"Old", "Here", "Old\n\n" + previewBlock},
		{"Old\n\n" + old + "\n\nMore", "Here", "Old\n\n" + previewBlock + "\n\nMore"},
		{"Old\n\n" + old + "\n\nMore", "", "Old\n\nMore"},
		{old, "", ""},
		// Somebody deleted the end, and then the beginning.
		{"<!-- bellhop block preview -->\nOld", "Here", "<!-- bellhop block preview -->\nOld\n\n" + previewBlock},
		{"<!-- bellhop block preview -->\nOld\n\n" + old, "Here", "<!-- bellhop block preview -->\nOld\n\n" + previewBlock},
		{"Old\n<!-- /bellhop block preview -->", "Here", "Old\n<!-- /bellhop block preview -->\n\n" + previewBlock},
	} {
		if got := withBlock(row.body, "preview", row.text); got != row.want {
			t.Errorf("%q with block %q:\n got %q\nwant %q", row.body, row.text, got, row.want)
		}
	}
}

func TestEditBodyDo(t *testing.T) {
	mine := marker(target("issue", 1))
	for where, want := range map[string]string{
		"append":  "Old\n\n" + mine + "\n\nHere",
		"prepend": mine + "\n\nHere\n\nOld",
		"replace": "Here",
		"block":   "Old\n\n" + previewBlock,
	} {
		t.Run(where, func(t *testing.T) {
			trial{
				setUp: func(w *world) (rules.Action, rules.Target) {
					number, err := w.as("carol").OpenIssue("It breaks", "Old\r\n")
					w.can(err)
					step := &EditBody{Where: where, Text: "Here", Seen: "Old"}
					if where == "block" {
						step.Key = "preview"
					}
					return step, target("issue", number)
				},
				write: "PATCH /repos/acme/app/issues/*",
				effect: func(w *world) any {
					seen, _ := w.Issue("acme/app", 1)
					return seen.Body
				},
				want: want, again: "the description says so already", url: "/acme/app/issues/1",
			}.run(t)
		})
	}
}

func TestEditBodyPassesOver(t *testing.T) {
	w := newWorld(t)
	number, err := w.as("carol").OpenIssue("It breaks", strings.Repeat("x", maxBody-10))
	w.can(err)
	to := target("issue", number)
	w.skips(&EditBody{Where: "replace", Text: "Here", Seen: "Old"}, to, "the description was changed after the rule was decided")
	w.skips(&EditBody{Where: "append", Text: "Here"}, to, "the description would be longer than GitHub takes")
}
