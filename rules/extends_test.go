package rules

import (
	"strings"
	"testing"

	"bellhop/rules/syntax"
)

// TestExtends reads what may be written, and forbids it where a file stands alone.
func TestExtends(t *testing.T) {
	const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
	src := []byte("extends = [\"Acme/rules@v1.2.0\", \"acme/rules:rules/triage.toml@" + sha + "\", \"o/r@rel/2026@1\"]\n")
	set, found := Compile("f", src, toyKinds, Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	var got []string
	for _, x := range set.Extends() {
		got = append(got, x.Name()+" "+x.Ref+" "+x.Written())
		if x.Place.Line != 1 || x.IsCommit() != (x.Ref == sha) {
			t.Errorf("%+v", x)
		}
	}
	want := "acme/rules:.github/bot.toml v1.2.0 Acme/rules@v1.2.0|acme/rules:rules/triage.toml " + sha + " acme/rules:rules/triage.toml@" + sha +
		"|o/r:.github/bot.toml rel/2026@1 o/r@rel/2026@1"
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
	set, found = Compile("f", src, toyKinds, Options{Alone: "not here"})
	if len(found) != 1 || found[0].Message != "not here" || len(set.Extends()) != 0 {
		t.Error(found, set.Extends())
	}
}

// FuzzExtend holds what is taken of an entry to what a request may be made of.
func FuzzExtend(f *testing.F) {
	for _, s := range []string{"acme/rules@v1", "acme/rules:a/b.toml@v1", "a/..@v1", "a/b:../c@v1", "a/b@refs/heads/x", "a/b:c@d@e", "a/b@\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, what, mend := parseExtend(text)
		if what != "" {
			if mend == "" {
				t.Errorf("%q: no mend", text)
			}
			return
		}
		if strings.ContainsAny(x.Owner+x.Repo, "/:@?#%") || x.Repo == ".." || x.Repo == "." || strings.Contains(x.Path, "..") && strings.Contains("/"+x.Path+"/", "/../") || x.Ref == "" || strings.Contains(x.Ref, "..") {
			t.Errorf("%q is taken as %+v", text, x)
		}
		if y, what, _ := parseExtend(x.Written()); what != "" || y != x || y.Place != (syntax.Diagnostic{}) {
			t.Errorf("%q is written %q: %s", text, x.Written(), what)
		}
	})
}
