package githubtest

import (
	"slices"
	"strings"
)

func accountTypes(t map[string]fields) {
	account := fields{
		"id":         is(func(v *user) any { return v.node }),
		"databaseId": is(func(v *user) any { return v.id }),
		// GraphQL names a bot without the "[bot]" of REST. https://github.com/orgs/community/discussions/24673
		"login":        is(func(v *user) any { return strings.TrimSuffix(v.login, "[bot]") }),
		"url":          on("", "", func(x *execution, v *user, _ args) any { return x.s.userJSON(v).(object)["html_url"] }),
		"resourcePath": is(func(v *user) any { return "/" + v.login }),
		"avatarUrl":    on("", "size", func(x *execution, v *user, _ args) any { return x.s.userJSON(v).(object)["avatar_url"] }),
		"createdAt":    is(func(v *user) any { return when(v.created) }),
	}
	t["User"] = with(fields{"name": is(func(v *user) any { return v.login }), "email": is(func(*user) any { return "" }),
		"isViewer": on("", "", func(x *execution, v *user, _ args) any { return v == x.who })}, account)
	t["Bot"] = with(fields{}, account)
	t["Mannequin"] = with(fields{}, account)
	t["Organization"] = with(fields{
		"name": is(func(v *user) any { return v.login }),
		"team": on("Team", "slug", func(x *execution, v *user, a args) any {
			if err := x.needs("members:read"); err != nil {
				return err
			}
			return v.team(a.text("slug"))
		}),
		"teams": on("Team*", "query role orderBy userLogins privacy"+paging, func(x *execution, v *user, a args) any {
			if err := x.needs("members:read"); err != nil {
				return err
			}
			return connect(a, slices.DeleteFunc(slices.Clone(v.teams), func(t *team) bool {
				logins := a.list("userLogins")
				return len(logins) > 0 && !slices.ContainsFunc(t.members, func(m member) bool {
					return slices.Contains(logins,
						m.user.login)
				})
			}))
		}),
		"membersWithRole": on("User*", paging, func(_ *execution, v *user, a args) any {
			return connect(a, each(v.members, func(m member) *user { return m.user }))
		}),
	}, account)
	t["Team"] = fields{
		"id": is(func(v *team) any { return v.node }), "databaseId": is(func(v *team) any { return v.id }),
		"slug": is(func(v *team) any { return v.slug }), "name": is(func(v *team) any { return v.name }),
		"combinedSlug": is(func(v *team) any { return v.org.login + "/" + v.slug }),
		"organization": on("Organization", "", func(_ *execution, v *team, _ args) any { return v.org }),
		"members": on("User*", "query membership role orderBy"+paging, func(_ *execution, v *team, a args) any {
			return connect(a, each(v.members, func(m member) *user { return m.user }))
		}),
		"url": on("", "", func(x *execution, v *team, _ args) any { return x.s.teamJSON(v)["html_url"] }),
	}
	t["App"] = fields{
		"id": is(func(v *app) any { return v.node }), "databaseId": is(func(v *app) any { return v.id }),
		"slug": is(func(v *app) any { return v.slug }), "name": is(func(v *app) any { return v.spec.Name }),
	}
}
