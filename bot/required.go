package bot

import (
	"fmt"
	"slices"
	"strings"

	"bellhop/rules"
)

// requiredSelection asks which checks the base demands and how they stand. A check that has reported says itself whether it is
// required. One that has not is found in the branch protection, of which refUpdateRule is the part that who is no admin may read,
// and in the rulesets. https://docs.github.com/en/graphql/reference/objects#ref
const requiredSelection = "requiredBase: baseRef { refUpdateRule { requiredStatusCheckContexts } rules(first: 100) { nodes { parameters { ... on RequiredStatusChecksParameters { requiredStatusChecks { context } } } } } } " +
	"requiredCommit: commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: 100%s) { nodes { __typename ... on CheckRun { name conclusion isRequired(pullRequestNumber: $number) } ... on StatusContext { context state isRequired(pullRequestNumber: $number) } } pageInfo { hasNextPage endCursor } } } } } }"

// rollupContexts is the list of checks of the one commit in a connection.
func rollupContexts(commits object) object {
	for _, node := range commits.objects("nodes") {
		return node.obj("commit", "statusCheckRollup", "contexts")
	}
	return nil
}

func readRequired(f *rules.Facts, n object, nodes []object) {
	var required []string
	add := func(name string) {
		if name != "" && !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	base := n.obj("requiredBase")
	for _, name := range base.obj("refUpdateRule").strs("requiredStatusCheckContexts") {
		add(name)
	}
	for _, rule := range base.obj("rules").objects("nodes") {
		for _, check := range rule.obj("parameters").objects("requiredStatusChecks") {
			add(check.str("context"))
		}
	}
	var all []rules.Check
	for _, node := range nodes {
		c := checkOf(node)
		all = append(all, c)
		if node.flag("isRequired") {
			add(c.Name)
		}
	}
	slices.Sort(required)
	f.Subject.RequiredChecks = required
	state, waits := requiredState(required, all)
	if f.Subject.RequiredState = state; state == "" {
		f.Wait("subject.required_state", waits)
	}
}

// requiredState sums the required ones of checks up, as checksState does, or says what is waited for. Of those that have not
// reported it says whether there is still hope: GitHub waits for ever for a check whose workflow was renamed or left out by its
// paths. https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
func requiredState(required []string, all []rules.Check) (state, waits string) {
	if len(required) == 0 {
		return "none", ""
	}
	var there []rules.Check
	reported := map[string]bool{}
	running := len(all) == 0
	for _, c := range all {
		running = running || c.Conclusion == ""
		if slices.Contains(required, c.Name) {
			there = append(there, c)
			reported[c.Name] = true
		}
	}
	if state, waits = checksState(there); state == "red" {
		return state, ""
	}
	var lacking []string
	for _, name := range required {
		if !reported[name] {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return state, waits
	}
	what := "required check " + lacking[0]
	if len(lacking) > 1 {
		what = "required checks " + strings.Join(lacking, ", ")
	}
	if running {
		return "", what + " not reported yet"
	}
	return "", fmt.Sprintf("%s not reported, though all that runs on the newest commit has ended: nothing may ever report under this name", what)
}
