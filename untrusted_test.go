package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
	"bellhop/rules"
)

// hostile is what a stranger writes wherever GitHub lets them: it tries to end a query, a mention, a line of the log, HTML.
const hostile = "zqx`\"}) { viewer { login } } @octocat fixes #1 </details><!-- /merge --> ${zqx} {{ delivery.id }} \x1b[2Jzqx"

// TestHostileTextsAreInert puts hostile text into titles, bodies, labels, branches, files and comments, has rules read and repeat
// all of it, and holds that no text of a query is made from data, that what the bot writes mentions nobody, and that each line of
// the log is one that the bot wrote.
func TestHostileTextsAreInert(t *testing.T) {
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	var mu sync.Mutex
	queries := map[string]bool{}
	w.github.Check = func(r *http.Request, body []byte) error {
		if strings.HasSuffix(r.URL.Path, "/graphql") {
			var sent struct{ Query string }
			if err := json.Unmarshal(body, &sent); err != nil {
				return err
			}
			mu.Lock()
			queries[sent.Query] = true
			mu.Unlock()
		}
		return contract.Check(r, body)
	}
	if err := w.start(nil, nil); err != nil {
		t.Fatal(err)
	}
	const file = `
[[rule]]
name = "Repeat"
on = ["pull_request.opened", "issues.opened"]
when.approvals = "<9"
then.comment = "{{ subject.title }} {{ subject.body }} {{ subject.labels.join(' ') }}"

[[rule]]
name = "Files"
on = "pull_request.opened"
when.files = "**"
then.comment = "{{ files.1 }} {{ pr.head }}"

[[rule]]
name = "Gate"
require.title_matches = "^good"
require.label = "zq*"
require.files = "nothing/**"

[[rule]]
name = "Say"
on = "issue_comment.created"
then.comment = "{{ comment.body }}"
`
	if found := bot.CheckFile("f", []byte(file), false, actions.All); len(found) > 0 {
		t.Fatal(found)
	}
	alice, bob := w.github.As("alice").On(w.seeded.Repository), w.github.As("bob").On(w.seeded.Repository)
	if _, err := alice.Push("main", githubtest.Commit{Message: "rules", Files: map[string]string{bot.ConfigPath: file}}); err != nil {
		t.Fatal(err)
	}
	if err := w.idle(nil, nil); err != nil {
		t.Fatal(err)
	}
	w.github.ResetLog()
	if _, err := alice.Push(`zqx"}){x}@octocat`, githubtest.Commit{Message: hostile, Files: map[string]string{`zqx"}){x}@octocat<b>.md`: "x"}}); err != nil {
		t.Fatal(err)
	}
	n, err := bob.OpenIssue(hostile, hostile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Comment(n, hostile); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.OpenPullRequest(githubtest.PullRequest{Title: hostile, Body: hostile, Head: `zqx"}){x}@octocat`, Base: "main"}); err != nil {
		t.Fatal(err)
	}
	if err := w.idle(nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(queries) == 0 {
		t.Error("no query was made")
	}
	for query := range queries {
		if strings.Contains(query, "zqx") || strings.Contains(query, w.seeded.Repository) {
			t.Errorf("a query is made from data:\n%s", query)
		}
	}
	comments := 0
	for _, r := range w.github.Writes() {
		if !strings.Contains(string(r.Body), "zqx") {
			continue
		}
		comments++
		var sent any
		if err := json.Unmarshal(r.Body, &sent); err != nil {
			t.Fatal(err)
		}
		text := withoutCode(fmt.Sprint(sent))
		for _, bad := range []string{"@octocat", "#1 ", "</details>", "<!-- /merge", "\x1b", "<b>"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s %s acts on %q:\n%s", r.Method, r.Path, bad, text)
			}
		}
	}
	if comments < 4 {
		t.Errorf("%d texts were repeated:\n%s", comments, githubtest.Text(w.github.Writes()))
	}
	for line := range strings.Lines(w.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) {
			t.Errorf("a line of the log: %q", line)
		}
	}
}

// withoutCode takes the code spans out of Markdown, in which nothing acts: from a run of backquotes to the next that is as long.
// https://spec.commonmark.org/0.31.2/#code-spans
func withoutCode(text string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(text, -1)
	var out strings.Builder
	at := 0
	for i := 0; i < len(runs); i++ {
		for j := i + 1; j < len(runs); j++ {
			if runs[i][1]-runs[i][0] == runs[j][1]-runs[j][0] {
				out.WriteString(text[at:runs[i][0]])
				at, i = runs[j][1], j
				break
			}
		}
	}
	return out.String() + text[at:]
}

// TestHugeRuleFiles holds that a rule file of any size is compiled or refused within bounds.
func TestHugeRuleFiles(t *testing.T) {
	var many, terms, deep, labels, long bytes.Buffer
	for i := range 500 {
		fmt.Fprintf(&many, "[[rule]]\nname = \"r%d\"\nwhen.title_matches = '^(feat|fix)'\nif = 'pr.additions > %d'\nthen.label = \"l%d\"\n", i, i, i)
	}
	fmt.Fprint(&terms, "[[rule]]\nname = \"terms\"\nthen.label = \"x\"\n")
	for i := range 3000 {
		fmt.Fprintf(&terms, "[[rule.when]]\ntitle_matches = '(a?){50}%d'\n", i)
	}
	fmt.Fprintf(&deep, "[[rule]]\nname = \"deep\"\nthen.comment = %s\n", strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))
	fmt.Fprint(&labels, "[[rule]]\nname = \"labels\"\nthen.label = [")
	for i := range 10_000 {
		fmt.Fprintf(&labels, "\"label-%d\", ", i)
	}
	fmt.Fprint(&labels, "]\n")
	fmt.Fprintf(&long, "[[rule]]\nname = \"long\"\nthen.label = %q\n", strings.Repeat("l", 1<<20))
	for name, src := range map[string][]byte{"many rules": many.Bytes(), "many terms": terms.Bytes(), "deep": deep.Bytes(), "many labels": labels.Bytes(), "a long label": long.Bytes(),
		"templates": []byte("[[rule]]\nname = \"t\"\nthen.comment = \"" + strings.Repeat("{{ pr.title }}", 10_000) + "\"\n")} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		set, found := rules.Compile("f", src, actions.All, rules.Options{})
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		taken := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%-14s %4d KB: %v, %d MB allocated, %d rules, %d mistakes", name, len(src)>>10, took.Round(time.Millisecond), taken, set.Len(), len(found))
		if set.Len() == 0 && len(found) == 0 {
			t.Errorf("%s: neither rules nor a reason", name)
		}
		if taken > 1<<10 {
			t.Errorf("%s allocates %d MB", name, taken)
		}
	}
}
