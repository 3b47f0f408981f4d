package githubtest

// Seeded is what Seed made.
type Seeded struct {
	App          App
	Installation int64
	Repository   string // "acme/app"
}

// BotPermissions is all that the bot may ask for.
func BotPermissions() Permissions {
	return Permissions{
		"actions": "write", "checks": "write", "contents": "write", "deployments": "write", "discussions": "write", "issues": "write",
		"members": "read", "merge_queues": "read", "metadata": "read", "pull_requests": "write", "statuses": "write", "workflows": "write",
		"administration": "read",
	}
}

// Seed fills an empty server with a small world: the organisation acme (owner olivia) with the teams maintainers and backend, the
// repository acme/app with files, labels and a workflow, and the App bellhop installed on all of acme with every permission
// and event. The people of acme/app:
//
//   - alice maintains it (team maintainers)
//   - carol reviews with write permission (team backend)
//   - dan may triage
//   - bob is nobody there: a contributor from outside
//   - dependabot[bot] and renovate[bot] may write
//
// No webhook has been sent when it returns; the App has none yet: see SetWebhook.
func Seed(s *Server) Seeded {
	for _, login := range []string{"olivia", "alice", "bob", "carol", "dan", "erin"} {
		s.AddUser(login)
	}
	s.AddBot("dependabot[bot]")
	s.AddBot("renovate[bot]")
	s.AddOrganization("acme", "olivia")
	s.AddTeam("acme", "maintainers", "alice")
	s.AddTeam("acme", "backend", "carol", "erin")
	s.AddRepository(RepositorySpec{
		FullName: "acme/app", Description: "An app.", Language: "Go", Topics: []string{"demo"}, AutoMerge: true,
		Files: map[string]string{
			"README.md":                "# App\n\nAn app.\n",
			"main.go":                  "package main\n\nfunc main() {\n\tprintln(\"hello\")\n}\n",
			"go.mod":                   "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v1.2.3\n",
			"docs/guide.md":            "# Guide\n\nHow to use it.\n",
			"server/server.go":         "package server\n\n// Serve serves.\nfunc Serve() {}\n",
			".github/workflows/ci.yml": "on: [push, pull_request, workflow_dispatch]\n",
		},
		Labels:        []string{"dependencies", "docs", "backend", "needs-triage", "stale"},
		Collaborators: map[string]string{"dan": "triage", "dependabot[bot]": "write", "renovate[bot]": "write"},
		Workflows: []WorkflowSpec{
			{Name: "CI", Path: ".github/workflows/ci.yml", Dispatch: true, Jobs: []string{"build", "test"}},
			{Name: "Nightly", Path: ".github/workflows/nightly.yml"},
		},
	})
	s.GrantTeam("acme", "maintainers", "acme/app", "maintain")
	s.GrantTeam("acme", "backend", "acme/app", "write")
	app := s.AddApp(AppSpec{
		Slug: "bellhop", Name: "Bellhop", Owner: "acme", Secret: "a secret of the webhook", Permissions: BotPermissions(), Events: []string{"*"},
	})
	return Seeded{App: app, Installation: s.Install("bellhop", "acme", InstallSpec{}), Repository: "acme/app"}
}
