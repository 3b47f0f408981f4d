package bot

import (
	"slices"

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
	f.LearnRequired(required, all)
}
