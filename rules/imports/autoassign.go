package imports

import "strings"

// autoAssign reads .github/auto_assign.yml: https://github.com/kentaro-m/auto-assign#usage
func autoAssign(in *source) {
	root := in.root
	reviews, assigns := root.get("addReviewers"), root.get("addAssignees")
	base := in.next(root, "Ask for reviews")
	base.once = true
	base.cond = autoAssignScope(root)
	base.comments = []string{"Once on each pull request, as soon as this holds."}
	if reviews.flag(false) {
		askForReviews(in, base, root)
	} else {
		for _, key := range []string{"reviewGroups", "useReviewGroups"} {
			if n := root.peek(key); n != nil {
				n.skip("addReviewers is off")
			}
		}
	}
	assign := base.also("Assign")
	assign.once, assign.cond = true, base.cond
	switch {
	case assigns == nil:
	case assigns.value == "author":
		assigns.read = true
		assign.name = "Assign the author"
		assign.do("assign", "{{ pr.author }}")
		in.add(assign)
	case assigns.flag(false):
		assignees(in, assign, root)
	}
	for _, key := range []string{"reviewers", "assignees", "numberOfReviewers", "numberOfAssignees", "assigneeGroups", "useAssigneeGroups"} {
		if n := root.peek(key); n != nil && !n.read {
			n.skip("nothing that is on uses it")
		}
	}
}

// autoAssignScope says on which pull requests people are asked.
func autoAssignScope(root *node) *cond {
	list := []*cond{is("state", "open", `pr.state == "open"`)}
	if !root.get("runOnDraft").flag(false) {
		list = append(list, is("draft", false, "!pr.draft"))
	}
	if words := root.get("skipKeywords").texts(); len(words) > 0 {
		list = append(list, not(matches("title_has", func(s string) string { return "pr.title.lower().contains(" + quote(strings.ToLower(s)) + ")" }, words...)))
	}
	if users := root.get("skipUsers").texts(); len(users) > 0 {
		list = append(list, not(people("author", "pr.author", users...)))
	}
	labels := root.get("filterLabels")
	if names := labels.get("include").texts(); len(names) > 0 {
		list = append(list, hasLabel(names...))
	}
	if names := labels.get("exclude").texts(); len(names) > 0 {
		list = append(list, not(hasLabel(names...)))
	}
	return all(list...)
}

// askForReviews asks for reviews, of each group apart where there are groups.
func askForReviews(in *source, r *rule, root *node) {
	count := root.get("numberOfReviewers").number(0)
	if root.get("useReviewGroups").flag(false) {
		for _, group := range root.get("reviewGroups").entries() {
			g := r.also("Ask " + group.key + " for reviews")
			g.cond, g.once = r.cond, true
			ask(g, group, count)
			in.add(g)
		}
		return
	}
	if groups := root.peek("reviewGroups"); groups != nil {
		groups.skip("useReviewGroups is off")
	}
	ask(r, root.get("reviewers"), count)
	in.add(r)
}

func ask(r *rule, list *node, count int) {
	var people, teams []string
	for _, name := range list.texts() {
		name = strings.TrimPrefix(name, "@")
		if org, team, ok := strings.Cut(name, "/"); !ok {
			people = append(people, plain(name))
		} else if org == "" {
			teams = append(teams, "@{{ repo.owner }}/"+plain(team))
		} else {
			teams = append(teams, "@"+plain(name))
		}
	}
	if len(teams) > 0 { // a number counts for people alone
		r.do("review", teams)
	}
	if len(people) > 0 && count > 0 && count < len(people) {
		r.do("review", []pair{{"from", people}, {"count", count}})
	} else if len(people) > 0 {
		r.do("review", people)
	}
}

// assignees assigns people. Bellhop picks none at random.
func assignees(in *source, r *rule, root *node) {
	list := root.get("assignees")
	count := root.get("numberOfAssignees", "numberOfReviewers")
	n := count.number(0)
	if root.get("useAssigneeGroups").flag(false) {
		root.get("assigneeGroups").lose("Bellhop picks nobody of a group to assign; then.assign assigns everybody it names")
		return
	}
	if list == nil || len(list.items) == 0 {
		list = root.get("reviewers")
	}
	var users []string
	for _, name := range list.texts() {
		if name = strings.TrimPrefix(name, "@"); strings.Contains(name, "/") {
			continue // GitHub assigns no team, nor did auto-assign
		}
		users = append(users, plain(name))
	}
	if n > 0 && n < len(users) {
		const why = "Bellhop picks nobody at random to assign; then.assign assigns everybody it names, so nobody is assigned"
		count.lose(why)
		list.lose(why)
		return
	}
	if len(users) > 10 {
		list.lose("GitHub takes ten assignees at the most")
		return
	}
	if len(users) > 0 {
		r.do("assign", users)
	}
	in.add(r)
}
