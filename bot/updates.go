package bot

import (
	"regexp"
	"strconv"
	"strings"

	"bellhop/rules"
)

// maxUpdates is how many dependencies of one pull request are read, maxUpdateText how much of its description.
const (
	maxUpdates    = 200
	maxUpdateText = 256 << 10
)

var (
	// "Bump lodash from 4.17.20 to 4.17.21", "Updates `a` from 1 to 2", "Update dependency x from v1 to v2".
	// https://github.com/dependabot/fetch-metadata/blob/main/src/dependabot/update_metadata.ts
	bumped = regexp.MustCompile("(?i)\\b(?:bumps?|updates?)\\s+(?:the\\s+)?(?:dependency\\s+|requirements?\\s+for\\s+)?[`\\[]*([^\\s`\\]()]+)[`\\]]*(?:\\([^)\\s]*\\))?(?:\\s+requirement)?\\s+from\\s+`?([^\\s`,]+)`?\\s+to\\s+`?([^\\s`,]+)`?")
	// A row of Renovate's table: | [name](link) ([source](link)) | dependencies | patch | `1.0.0` -> `1.0.1` |, its change column
	// a link where there is a merge-confidence page. https://docs.renovatebot.com/configuration-options/#prbodycolumns
	renovated = regexp.MustCompile("^\\|\\s*\\[?([^\\s\\]|(]+)\\]?[^|]*\\|.*?`([^`\\s|]+)`\\s*(?:->|→)\\s*`([^`\\s|]+)`")
	version   = regexp.MustCompile(`^[v=~^><\s]*(\d+(?:\.\d+)*)`)
)

// ecosystems are what people call the package managers that Dependabot names in its branches, where that differs.
// https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference#package-ecosystem-
var ecosystems = map[string]string{"npm_and_yarn": "npm", "go_modules": "gomod", "github_actions": "github-actions", "hex": "mix", "submodules": "gitsubmodule", "docker_compose": "docker-compose"}

// updatesOf reads from a pull request of Dependabot or Renovate which dependencies it updates, without any request: from its title,
// its description and its branch. The type is that of the largest update, unknown where one cannot be told; it and all else is
// empty for pull requests of others, whatever they say of themselves.
func updatesOf(author string, bot bool, title, body, head string) (typ, ecosystem string, list []rules.Update) {
	name := strings.ToLower(author)
	dependabot := name == "dependabot[bot]"
	if !dependabot && !(bot && strings.Contains(name, "renovate")) {
		return "", "", nil
	}
	if dependabot {
		if parts := strings.Split(head, "/"); len(parts) > 2 && parts[0] == "dependabot" {
			if ecosystem = parts[1]; ecosystems[ecosystem] != "" {
				ecosystem = ecosystems[ecosystem]
			}
		}
	}
	seen := map[string]bool{}
	add := func(m []string) {
		u := rules.Update{Name: m[1], From: strings.TrimRight(m[2], ".,;:"), To: strings.TrimRight(m[3], ".,;:")}
		if u.Type = updateType(u.From, u.To); len(list) < maxUpdates && !seen[u.Name+" "+u.From] {
			seen[u.Name+" "+u.From] = true
			list = append(list, u)
		}
	}
	quoted := false
	body = body[:min(len(body), maxUpdateText)]
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "<details>"), strings.HasPrefix(line, "### Release Notes"):
			quoted = true
		case strings.HasPrefix(line, "</details>"):
			quoted = !dependabot
		case quoted: // release notes: the words of others
		case strings.HasPrefix(line, "|") && !dependabot:
			if m := renovated.FindStringSubmatch(line); m != nil {
				add(m)
			}
		case dependabot && (strings.HasPrefix(line, "Bumps ") || strings.HasPrefix(line, "Updates ")):
			if m := bumped.FindStringSubmatch(line); m != nil {
				add(m)
			}
		}
	}
	if m := bumped.FindStringSubmatch(title); m != nil && len(list) == 0 {
		add(m)
	}
	return largest(list), ecosystem, list
}

// sizes of updates, the largest last.
var updateSizes = []string{"patch", "minor", "major", "unknown"}

// largest is the type of a group: that of its largest member.
func largest(list []rules.Update) string {
	size := -1
	for _, u := range list {
		for i, t := range updateSizes {
			if t == u.Type {
				size = max(size, i)
			}
		}
	}
	if size < 0 {
		return "unknown"
	}
	return updateSizes[size]
}

// updateType tells how far two versions are apart: by the first of their three numbers that differs, as fetch-metadata does.
func updateType(from, to string) string {
	a, b := version.FindStringSubmatch(from), version.FindStringSubmatch(to)
	if a == nil || b == nil {
		return "unknown"
	}
	old, now := strings.Split(a[1], "."), strings.Split(b[1], ".")
	for i, name := range []string{"major", "minor"} {
		if part(old, i) != part(now, i) {
			return name
		}
	}
	return "patch"
}

// part is the number at a place of a version; 0 where it has none.
func part(numbers []string, i int) uint64 {
	if i >= len(numbers) {
		return 0
	}
	n, _ := strconv.ParseUint(numbers[i], 10, 64)
	return n
}

// readUpdates fills in what a pull request updates, from its author, title and description.
func readUpdates(s *rules.Subject, head string) {
	s.Update, s.Ecosystem, s.Updates = updatesOf(s.Author, s.AuthorBot, s.Title, s.Body, head)
	s.Dependencies = make([]string, len(s.Updates))
	for i, u := range s.Updates {
		s.Dependencies[i] = u.Name
	}
}
