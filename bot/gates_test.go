package bot

import (
	"testing"

	"bellhop/rules"
)

func TestQueuedPullRequest(t *testing.T) {
	for ref, want := range map[string]int64{
		"refs/heads/gh-readonly-queue/main/pr-7-6dcb09b5b57875f334f61aebed695e2e4193db5e":          7,
		"refs/heads/gh-readonly-queue/release/1.0/pr-104-2b6be0b5b57875f334f61aebed695e2e4193db5e": 104,
		"refs/heads/gh-readonly-queue/pr-9-x/pr-12-2b6be0b5b57875f334f61aebed695e2e4193db5e":       12,
		"refs/heads/gh-readonly-queue/main/group-7":                                                0,
		"refs/heads/gh-readonly-queue/main/pr-":                                                    0,
		"refs/heads/gh-readonly-queue/main/pr--1":                                                  0,
		"refs/heads/gh-readonly-queue/main/7-6dcb":                                                 0,
		"refs/heads/gh-readonly-queue/main/pr-99999999999999999999999-6dcb":                        0,
		"refs/heads/main": 0,
		"":                0,
	} {
		if got := queuedPullRequest(ref); got != want {
			t.Errorf("%s: %d, want %d", ref, got, want)
		}
	}
}

func TestReadChecks(t *testing.T) {
	f := &rules.Facts{Bot: "bellhop", Subject: &rules.Subject{Kind: "pull_request"}}
	run := func(name, app, conclusion string) object {
		return object{"__typename": "CheckRun", "name": name, "conclusion": conclusion, "checkSuite": map[string]any{"app": map[string]any{"slug": app}}}
	}
	readChecks(f, nil, []object{run("build", "ci", "SUCCESS"), run("gate", "bellhop", "")})
	if why := f.Waits("subject.checks_state"); why != "check gate is not completed" {
		t.Errorf("all checks: %q", why)
	}
}
