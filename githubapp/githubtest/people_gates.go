package githubtest

// What people do that gates have to bear: settings of a branch, reviews that are taken back, Re-run.

// Protect sets what a branch demands of pull requests into it; a zero Protection lifts it.
func (v Visit) Protect(branch string, p Protection) error {
	return v.do(roleMaintain, func(r *repo, who *user) error {
		if r.branch(branch) == "" {
			return notFound()
		}
		if r.protections == nil {
			r.protections = map[string]Protection{}
		}
		if r.protections[branch] = p; p.Approvals == 0 && len(p.Checks) == 0 && !p.Strict {
			delete(r.protections, branch)
		}
		return nil
	})
}

// UseMergeQueue has pull requests merged through a queue from now on, or not.
func (v Visit) UseMergeQueue(on bool) error {
	return v.do(roleMaintain, func(r *repo, who *user) error {
		r.spec.MergeQueue = on
		return nil
	})
}

// DismissReviewOf takes the verdict of a person's newest review away.
func (v Visit) DismissReviewOf(number int, login string) error {
	return v.onPull(number, roleWrite, func(i *issue, who *user) error {
		for n := len(i.pull.reviews) - 1; n >= 0; n-- {
			if r := i.pull.reviews[n]; r.author.login == login {
				return v.s.dismiss(r, who)
			}
		}
		return notFound()
	})
}

// RerunCheck presses Re-run on the newest check run of that name on a commit, whichever App made it.
func (v Visit) RerunCheck(ref, name string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		at, err := v.at(r, ref)
		if err != nil {
			return err
		}
		for _, k := range r.checksOf(at.sha) {
			if k.name == name {
				v.s.rerequest(k, who)
				return nil
			}
		}
		return notFound()
	})
}

// RerunChecks presses Re-run all checks on an App's check suite of a commit.
func (v Visit) RerunChecks(app, ref string) error {
	return v.do(roleWrite, func(r *repo, who *user) error {
		at, err := v.at(r, ref)
		if err != nil {
			return err
		}
		for _, u := range r.suites {
			if i := v.s.installationOf(u.app, r); u.sha == at.sha && u.app.slug == app && i != nil {
				u.done = ""
				v.s.emitTo(i, r, "check_suite", "rerequested", who, object{"check_suite": v.s.suiteJSON(u)})
				return nil
			}
		}
		return notFound()
	})
}
