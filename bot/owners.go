package bot

import (
	"bufio"
	"strings"

	"github.com/hmarr/codeowners"

	"bellhop/rules"
)

// ownersSelection reads CODEOWNERS at the tip of the base. GitHub takes the first of these places.
// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-file-location
const ownersSelection = `ownersBase: baseRef { target { ... on Commit { ` +
	`github: file(path: ".github/CODEOWNERS") { object { ... on Blob { text isTruncated } } } root: file(path: "CODEOWNERS") { object { ... on Blob { text isTruncated } } } docs: file(path: "docs/CODEOWNERS") { object { ... on Blob { text isTruncated } } } } } }`

// Bounds on what a repository can make of its CODEOWNERS.
const (
	maxOwnerRules = 2000
	maxOwnerSteps = 2_000_000 // rules times files
)

func readOwners(f *rules.Facts, n object, _ []object) {
	f.Subject.Owners = nil
	if why := f.Waits("subject.files"); why != "" {
		f.Wait("subject.owners", why)
		return
	}
	commit := n.obj("ownersBase", "target")
	if commit == nil {
		f.Wait("subject.owners", "its base branch is gone, and CODEOWNERS with it")
		return
	}
	var blob object
	for _, place := range []string{"github", "root", "docs"} {
		if blob = commit.obj(place, "object"); blob != nil {
			break
		}
	}
	if blob.flag("isTruncated") {
		f.Wait("subject.owners", "CODEOWNERS is too large to be read")
		return
	}
	ruleset := parseOwners(blob.str("text"))
	if len(ruleset) > maxOwnerRules || len(ruleset)*len(f.Subject.Files) > maxOwnerSteps {
		f.Wait("subject.owners", "CODEOWNERS has too many lines for the number of changed files")
		return
	}
	for _, file := range f.Subject.Files {
		if owners := ownersOf(ruleset, file.Path); len(owners) > 0 {
			f.Subject.Owners = append(f.Subject.Owners, rules.Owned{Path: file.Path, Owners: owners})
		}
	}
}

// parseOwners reads the file line by line: GitHub skips a line that it cannot read, where the library gives the whole file up.
func parseOwners(text string) codeowners.Ruleset {
	var out codeowners.Ruleset
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() && len(out) <= maxOwnerRules {
		one, err := codeowners.ParseFile(strings.NewReader(lines.Text()))
		if err != nil || len(one) > 0 && one[0].RawPattern() == "/" {
			continue // a lone / matches nothing, and brings the library down (codeowners v1.2.1)
		}
		out = append(out, one...)
	}
	return out
}

// ownersOf lists the owners that the last matching line names: none where that line names none.
func ownersOf(ruleset codeowners.Ruleset, path string) []string {
	rule, err := ruleset.Match(path)
	if err != nil || rule == nil {
		return nil
	}
	var out []string
	for _, o := range rule.Owners {
		name := o.Value
		if o.Type == codeowners.TeamOwner {
			name = "@" + name
		}
		out = append(out, name)
	}
	return out
}
