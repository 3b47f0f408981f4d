package bot

import (
	"fmt"
	"strings"
	"testing"
)

func TestUpdates(t *testing.T) {
	const npm = "dependabot/npm_and_yarn/lodash-4.17.21"
	for _, tt := range []struct{ name, author, title, body, head, want string }{
		{"one", "dependabot[bot]", "Bump lodash from 4.17.20 to 4.17.21", "Bumps [lodash](https://github.com/lodash/lodash) from 4.17.20 to 4.17.21.\n<details>\n<summary>Notes</summary>\nBumps x from 1.0 to 2.0\n</details>", npm, "patch npm lodash 4.17.20 4.17.21 patch"},
		{"with a prefix", "dependabot[bot]", "build(deps): bump golang.org/x/net from 0.1.0 to 0.2.0", "", "dependabot/go_modules/golang.org/x/net-0.2.0", "minor gomod golang.org/x/net 0.1.0 0.2.0 minor"},
		{"a group", "dependabot[bot]", "Bump the prod group with 2 updates", "Bumps the prod group with 2 updates: [a](x) and [b](y).\n\nUpdates `a` from 1.2.3 to 1.2.4\n<details>\n</details>\n\nUpdates `@s/b` from 1.2.3 to 2.0.0\n", "dependabot/pip/prod-1", "major pip a 1.2.3 1.2.4 patch, @s/b 1.2.3 2.0.0 major"},
		{"an action", "dependabot[bot]", "Bump actions/checkout from 3 to 4", "", "dependabot/github_actions/actions/checkout-4", "major github-actions actions/checkout 3 4 major"},
		{"a requirement", "dependabot[bot]", "Update rails requirement from ~> 7.0 to ~> 7.1", "", "dependabot/bundler/rails", "unknown bundler "},
		{"no version", "dependabot[bot]", "Bump sub from `abc123f` to `def4567`", "", "dependabot/submodules/sub", "unknown gitsubmodule sub abc123f def4567 unknown"},
		{"no update", "dependabot[bot]", "Configure Dependabot", "", "dependabot/x", "unknown  "},
		{"Renovate", "renovate[bot]", "Update dependency lodash to v4.17.21", "This PR contains:\n\n| Package | Type | Update | Change |\n|---|---|---|---|\n| [lodash](https://lodash.com/) ([source](https://github.com/lodash/lodash)) | dependencies | patch | [`4.17.20` -> `4.17.21`](https://renovatebot.com/diffs/npm/lodash) |\n| [@types/node](https://x) | devDependencies | major | `^18.0.0` → `^20.0.0` |\n\n---\n\n### Release Notes\n\n| x | y | `1` -> `2` |\n", "renovate/lodash", "major  lodash 4.17.20 4.17.21 patch, @types/node ^18.0.0 ^20.0.0 major"},
		{"a person", "mallory", "Bump lodash from 4.17.20 to 4.17.21", "", npm, "  "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			typ, ecosystem, list := updatesOf(tt.author, strings.HasSuffix(tt.author, "[bot]"), tt.title, tt.body, tt.head)
			var parts []string
			for _, u := range list {
				parts = append(parts, fmt.Sprint(u.Name, " ", u.From, " ", u.To, " ", u.Type))
			}
			if got := typ + " " + ecosystem + " " + strings.Join(parts, ", "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func FuzzUpdates(f *testing.F) {
	f.Add("Bump a from 1 to 2", "Bumps [a](x) from 1 to 2.\n| [a](b) | c | `1` -> `2` |")
	f.Fuzz(func(t *testing.T, title, body string) {
		for _, author := range []string{"dependabot[bot]", "renovate[bot]"} {
			if typ, _, list := updatesOf(author, true, title, body, ""); typ == "" || len(list) > maxUpdates {
				t.Errorf("%q, %d updates", typ, len(list))
			}
		}
	})
}
