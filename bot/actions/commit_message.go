package actions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bellhop/rules"
)

// ownMessage is the message of a commit that merges f's pull request, made of what its author wrote: the title with its number,
// and the description as cleanText leaves it.
func ownMessage(f *rules.Facts, cut string) (title, body string) {
	return fmt.Sprintf("%s (#%d)", f.Subject.Title, f.Subject.Number), cleanText(f.Subject.Body, cut)
}

// cleanText takes HTML comments out of a description, which templates of pull requests are full of, and what comes from the
// first line on that begins with cut, unless that is empty. A comment that does not end goes to the end, as GitHub shows it.
func cleanText(text, cut string) string {
	text = normal(text)
	for {
		before, rest, found := strings.Cut(text, "<!--")
		if !found {
			break
		}
		_, after, _ := strings.Cut(rest, "-->")
		text = before + after
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " \t")
		if cut != "" && strings.HasPrefix(strings.TrimSpace(line), cut) {
			break
		}
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// trailer is a line at the end of a commit message: https://git-scm.com/docs/git-interpret-trailers
var trailer = regexp.MustCompile(`^[A-Za-z0-9-]+: *\S`)

// withTrailers puts trailers at the end of a message, into the paragraph of trailers that it ends with, if there is one. Those
// that are there already, and those without a value, are left out.
func withTrailers(body string, trailers []string) string {
	last := body[strings.LastIndex(body, "\n\n")+1:]
	lines := strings.Split(strings.TrimSpace(last), "\n")
	has := body != "" && !slices.ContainsFunc(lines, func(l string) bool { return !trailer.MatchString(l) })
	for _, t := range trailers {
		t = strings.TrimSpace(t)
		switch {
		case !trailer.MatchString(t), has && slices.Contains(lines, t):
			continue
		case has:
			body += "\n" + t
		case body != "":
			body += "\n\n" + t
		default:
			body = t
		}
		if !has {
			lines, has = nil, true
		}
		lines = append(lines, t)
	}
	return body
}

// checkTrailers reports what git would not take for a trailer.
func checkTrailers(r *rules.Report, trailers []string) {
	for _, t := range trailers {
		if !isTemplate(t) && !trailer.MatchString(strings.TrimSpace(t)) {
			r.Problem("trailers", fmt.Sprintf("%q is no trailer", t), `Write "Name: value".`)
		}
	}
}
