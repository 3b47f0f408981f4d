package bot

import (
	"strings"
	"testing"

	"bellhop/rules"
)

func TestSignedOff(t *testing.T) {
	for message, want := range map[string]bool{
		"x\n\nSigned-off-by: Ann Bee <ann@example.com>":                                     true,
		"x\n\nsigned-off-by: ann bee <ANN@example.com>\nOther: y":                           true,
		"x\n\nSigned-off-by: Bob <bob@example.com>":                                         false,
		"x\n\nSigned-off-by: Ann Bee":                                                       false,
		"x\n\nSigned-off-by: Bob <b@example.com>\nSigned-off-by: Ann Bee <ann@example.com>": true,
		"Signed-off-by": false,
		"":              false,
	} {
		if got := signedOff(message, "Ann Bee", "ann@example.com"); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

func TestOwnersOfAPath(t *testing.T) {
	ruleset := parseOwners(`# comment
* @global
[section]
*.go @acme/go bad!owner
*.js  @acme/js @ann   # both
/docs/ docs@example.com
apps/ @octocat
apps/free
`)
	for path, want := range map[string]string{
		"README":            "global",
		"x.go":              "global", // GitHub passes over a line with an owner that cannot be one
		"a/b.js":            "@acme/js ann",
		"docs/x/y":          "docs@example.com",
		"lib/docs/x":        "global",
		"lib/apps/x":        "octocat",
		"apps/free/x.js":    "",
		"apps/not-free.txt": "octocat",
	} {
		if got := strings.Join(ownersOf(ruleset, path), " "); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestGenerated(t *testing.T) {
	a := parseAttributes(`# *.md linguist-generated
*.gen.ts linguist-generated
/api/** text linguist-generated=true
api/hand.txt -linguist-generated
docs/*.html linguist-generated
**/snap/*.txt linguist-generated=true
yarn.lock linguist-generated=false
odd[0-9]?.c linguist-generated
not/ linguist-generated
*.c eol=lf
`)
	for path, want := range map[string]bool{
		"a.md": false, "x/y.gen.ts": true, "api/a/b.go": true, "lib/api/a.go": false, "api/hand.txt": false, "docs/a.html": true,
		"docs/sub/a.html": false, "snap/a.txt": true, "x/snap/a.txt": true, "yarn.lock": false, "sub/package-lock.json": true, "go.sum": true,
		"odd1x.c": true, "odd1.c": false, "not/a": false, "x.c": false, "web/node_modules/x/index.js": true, "x.pb.go": true,
		"vendor/github.com/x/y.go": true, "vendor/own.go": false, "app.min.js": true, "main.go": false,
	} {
		if got := a.generated(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// FuzzAttributes: no file of a repository, and no name in it, brings the bot down.
func FuzzAttributes(f *testing.F) {
	f.Add("*.a linguist-generated\n[!a-z]** linguist-generated\n\\* linguist-generated", "a/b.a")
	f.Fuzz(func(t *testing.T, text, path string) {
		a := parseAttributes(text)
		if len(a) > maxAttributes {
			t.Errorf("%d lines", len(a))
		}
		a.generated(path)
		ownersOf(parseOwners(text), path)
	})
}

// TestWhatIsCutIsNotTold: a list that GitHub does not give whole makes its facts wait.
func TestWhatIsCutIsNotTold(t *testing.T) {
	f := &rules.Facts{Subject: &rules.Subject{Kind: "pull_request"}}
	want, err := lookupsFor([]string{"commits"})
	if err != nil {
		t.Fatal(err)
	}
	f.Learn("subject.commits", "subject.not_signed_off")
	want[0].cut(f, 400, 250)
	for fact, why := range map[string]string{
		"subject.commits":        "commits cannot be told: the list is too long: 250 of 400 were read",
		"subject.not_signed_off": "not_signed_off cannot be told: the list is too long: 250 of 400 were read",
	} {
		if f.Known(fact) || f.Waits(fact) != why {
			t.Errorf("%s waits for %q", fact, f.Waits(fact))
		}
	}
}
