package bot

import (
	"path"
	"regexp"
	"strings"
)

// attributes tells which files nobody wrote: by names that are generated everywhere, and by linguist-generated in the
// .gitattributes at the root of a repository. https://github.com/github-linguist/linguist/blob/main/docs/overrides.md
type attributes []attributeLine

// attributeLine says of the files of a pattern whether they are generated. The last line that matches decides.
type attributeLine struct {
	pattern   *regexp.Regexp
	base      bool // the pattern is held against the last part of a path
	generated bool
}

// maxAttributes bounds the lines of .gitattributes that count: each is held against each changed file.
const maxAttributes = 200

// parseAttributes reads the lines that set linguist-generated. https://git-scm.com/docs/gitattributes
func parseAttributes(text string) attributes {
	var out attributes
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(words[0], "#") || strings.HasPrefix(words[0], "!") || len(out) == maxAttributes {
			continue
		}
		for _, word := range words[1:] {
			generated, known := map[string]bool{
				"linguist-generated": true, "linguist-generated=true": true,
				"-linguist-generated": false, "linguist-generated=false": false, "!linguist-generated": false,
			}[word]
			if pattern := attributePattern(words[0]); known && pattern != nil {
				out = append(out, attributeLine{pattern, !strings.Contains(words[0], "/"), generated})
			}
		}
	}
	return out
}

// attributePattern is nil for a pattern that matches no file.
func attributePattern(glob string) *regexp.Regexp {
	if strings.HasSuffix(glob, "/") || len(glob) > 500 {
		return nil // git gives attributes to files alone
	}
	glob = strings.TrimPrefix(glob, "/")
	var b strings.Builder
	b.WriteString("^")
	for glob != "" {
		rest, n := "", 1
		switch {
		case strings.HasPrefix(glob, "**/"):
			rest, n = "(?:.*/)?", 3
		case glob == "**":
			rest, n = ".*", 2
		case glob[0] == '*':
			rest = "[^/]*"
		case glob[0] == '?':
			rest = "[^/]"
		case glob[0] == '[' && strings.Contains(glob[1:], "]"):
			n = strings.Index(glob[1:], "]") + 2
			rest = strings.Replace(glob[:n], "[!", "[^", 1)
		case glob[0] == '\\' && len(glob) > 1:
			rest, n = regexp.QuoteMeta(glob[1:2]), 2
		default:
			rest = regexp.QuoteMeta(glob[:1])
		}
		b.WriteString(rest)
		glob = glob[n:]
	}
	re, err := regexp.Compile("(?s)" + b.String() + "$")
	if err != nil {
		return nil
	}
	return re
}

// generated tells whether nobody wrote a file.
func (a attributes) generated(file string) bool {
	base := path.Base(file)
	for i := len(a) - 1; i >= 0; i-- {
		subject := file
		if a[i].base {
			subject = base
		}
		if a[i].pattern.MatchString(subject) {
			return a[i].generated
		}
	}
	return lockFiles[base] || generatedPath.MatchString(file)
}

// lockFiles are what package managers write.
var lockFiles = map[string]bool{
	"package-lock.json": true, "npm-shrinkwrap.json": true, "yarn.lock": true, "pnpm-lock.yaml": true, "bun.lock": true, "bun.lockb": true,
	"deno.lock": true, "Cargo.lock": true, "go.sum": true, "Gopkg.lock": true, "glide.lock": true, "poetry.lock": true, "uv.lock": true,
	"pdm.lock": true, "Pipfile.lock": true, "pixi.lock": true, "Gemfile.lock": true, "composer.lock": true, "mix.lock": true,
	"pubspec.lock": true, "Podfile.lock": true, "Package.resolved": true, "packages.lock.json": true, "gradle.lockfile": true,
	"flake.lock": true, "MODULE.bazel.lock": true, ".terraform.lock.hcl": true, "Chart.lock": true,
}

// generatedPath are the names that GitHub itself takes for generated or for copies of other projects, of those that no person
// would choose. https://github.com/github-linguist/linguist/blob/main/lib/linguist/generated.rb
var generatedPath = regexp.MustCompile(`(^|/)node_modules/|(^|/)vendor/([-0-9A-Za-z]+\.)+(com|edu|gov|in|me|net|org|fm|io)/` +
	`|\.(pb|pb\.gw|twirp)\.go$|_pb2(_grpc)?\.pyi?$|\.pb\.(cc|h)$|\.min\.(js|css)$|\.(js|css)\.map$|\.designer\.cs$|\.g\.dart$|(^|/)(zz_generated\.[^/]*|[^/]*_gen)\.go$`)
