package actions

import "bellhop/rules"

// headSHA is the commit that a delivery is about: the head of its pull request, or the commit of a push, a check, a workflow
// run, a merge group or a deployment. It is empty when there is none, as on an issue or a deleted branch.
func headSHA(f *rules.Facts) string {
	switch {
	case f.Subject != nil && f.Subject.Kind == "pull_request":
		return f.Subject.HeadSHA
	case f.Subject != nil:
		return ""
	case f.Push != nil && !f.Push.Deleted:
		return f.Push.HeadSHA
	case f.MergeGroup != nil:
		return f.MergeGroup.SHA
	case f.Check != nil:
		return f.Check.SHA
	case f.Run != nil:
		return f.Run.SHA
	case f.Deployment != nil:
		return f.Deployment.SHA
	}
	return ""
}
