package bot

import (
	"bytes"
	"regexp"

	"bellhop/rules/syntax"
)

var (
	// secretKey is the beginning of a line that may hold a secret, misspelt keys and those without = included.
	secretKey = regexp.MustCompile(`(?i)(secret|private_?key|token|password|passwd)s?["']?\s*(=|$)|^[\s\w."'-]*(secret|private_?key|password|passwd|webhook)|-----BEGIN`)
	// nextKey is the beginning of a line that surely does not go on with the value of another key.
	nextKey = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z0-9_.-]*\s*=\s*[^=\s]|\[{1,2}\s*[A-Za-z][A-Za-z0-9_. -]*\]{1,2}\s*(#.*)?$)`)
)

// redact takes out of a diagnostic what it may show of a secret: the line itself, a message that quotes from a line that is
// not TOML, an advice that repeats the value. It judges by lines, so that it works on a file that is broken, which TOML refuses.
func redact(d *syntax.Diagnostic, src []byte, broken bool) {
	if !secretLine(src, d.Line) {
		return
	}
	if broken {
		d.Message = "the line is not TOML"
	}
	d.Source, d.Mend = "", "The line is not shown, because it may hold a secret."
}

// secretLine tells whether line n (from 1) may hold a secret.
func secretLine(src []byte, n int) bool {
	secret := false
	for i, line := range bytes.SplitAfter(src, []byte("\n")) {
		if nextKey.Match(line) {
			secret = false
		}
		secret = secret || secretKey.Match(line)
		if i+1 == n {
			return secret
		}
	}
	return secret
}
