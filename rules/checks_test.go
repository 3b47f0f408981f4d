package rules

import (
	"strings"
	"testing"
)

func TestChecksState(t *testing.T) {
	check := func(conclusion string) Check { return Check{Name: "ci", Conclusion: conclusion} }
	for _, test := range []struct {
		conclusions string
		state       string
		waits       string
	}{
		{"", "none", ""},
		{"success neutral skipped", "green", ""},
		{"success failure", "red", ""},
		{"pending failure", "red", ""},
		{"cancelled failure", "red", ""},
		{"timed_out", "red", ""},
		{"action_required", "red", ""},
		{"success pending", "", "check ci is not completed"},
		{"cancelled success", "", "check ci was cancelled; run it again"},
		{"stale", "", "check ci was stale; run it again"},
	} {
		var checks []Check
		for _, c := range strings.Fields(test.conclusions) {
			if c == "pending" {
				c = ""
			}
			checks = append(checks, check(c))
		}
		state, waits := ChecksState(checks)
		if state != test.state || waits != test.waits {
			t.Errorf("%s: %q %q, want %q %q", test.conclusions, state, waits, test.state, test.waits)
		}
	}
}

func TestRequiredState(t *testing.T) {
	for _, test := range []struct {
		required, checks string // checks as name=conclusion
		state, waits     string
	}{
		{"", "a=failure", "none", ""},
		{"a", "a=success b=failure", "green", ""},
		{"a b", "a=success b=failure", "red", ""},
		{"a b", "a=failure", "red", ""},
		{"a", "a=", "", "check a is not completed"},
		{"a b", "a=success c=", "", "required check b not reported yet"},
		{"a b c", "a=success", "", "required checks b, c not reported, though all that runs on the newest commit has ended: nothing may ever report under this name"},
		{"a", "", "", "required check a not reported yet"},
		{"a", "a=skipped", "green", ""},
	} {
		var all []Check
		for _, c := range strings.Fields(test.checks) {
			name, conclusion, _ := strings.Cut(c, "=")
			all = append(all, Check{Name: name, Conclusion: conclusion})
		}
		state, waits := RequiredState(strings.Fields(test.required), all)
		if state != test.state || waits != test.waits {
			t.Errorf("%s of %s: %q %q, want %q %q", test.required, test.checks, state, waits, test.state, test.waits)
		}
	}
}
