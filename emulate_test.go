package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

// TestEmulator plays one story against a GitHub that this project did not write, npm's emulate@0.12.2, with the bot as a
// process of its own: a person opens an issue and a pull request there, the emulator's own webhooks reach the bot, and what
// the bot did is read back from the emulator.
//
// The emulator has no GraphQL, so these rules can be decided by payload and REST alone. Its delivery GUIDs are times in
// milliseconds, which repeat; on the way to the bot each webhook gets one of its own.
func TestEmulator(t *testing.T) {
	node := contract.Need(t, "node")
	entry := filepath.Join(contract.Module(t, "emulate"), "dist", "api.js")
	const secret = "a secret of the test"
	key := githubtest.Key()
	api := freeAddress(t)
	dir := t.TempDir()
	bot := serve(t, hostFile(t, dir, 7, key, secret, "http://"+api+"/", ""))

	all := map[string]string{"issues": "write", "pull_requests": "write", "checks": "write", "contents": "write", "metadata": "read"}
	startEmulator(t, node, entry, api, map[string]any{
		"tokens": map[string]any{"alice-token": map[string]any{"login": "alice", "scopes": []string{"repo"}}, "bob-token": map[string]any{"login": "bob", "scopes": []string{"repo"}}},
		"github": map[string]any{
			"users": []any{map[string]any{"login": "alice"}, map[string]any{"login": "bob"}},
			"repos": []any{map[string]any{"owner": "alice", "name": "app", "auto_init": true, "default_branch": "main"}},
			"apps": []any{map[string]any{
				"app_id": 7, "slug": "bellhop", "name": "Bellhop", "private_key": string(key), "permissions": all, "events": []string{"*"},
				"webhook_url": uniqueGUIDs(t, bot.URL), "webhook_secret": secret,
				"installations": []any{map[string]any{"installation_id": 11, "account": "alice", "repository_selection": "all", "permissions": all, "events": []string{"*"}}},
			}},
		},
	})
	alice := person{t, "http://" + api, "alice-token"}
	bob := person{t, "http://" + api, "bob-token"}

	alice.put("/repos/alice/app/contents/.github/bot.toml", "main", emulatorRules)
	bob.do("POST", "/repos/alice/app/issues", map[string]any{"title": "It is broken", "body": "Every day."})
	var main struct{ Object struct{ SHA string } }
	alice.get("/repos/alice/app/git/ref/heads/main", &main)
	alice.do("POST", "/repos/alice/app/git/refs", map[string]any{"ref": "refs/heads/feature", "sha": main.Object.SHA})
	alice.put("/repos/alice/app/contents/feature.txt", "feature", "new\n")
	bob.do("POST", "/repos/alice/app/pulls", map[string]any{"title": "feat: a feature", "head": "feature", "base": "main", "body": "Please."})

	var labels []struct{ Name string }
	until(t, "the label", func() bool {
		alice.get("/repos/alice/app/issues/1/labels", &labels)
		return len(labels) == 1 && labels[0].Name == "needs-triage"
	})
	var comments []struct {
		Body string
		User struct{ Login string }
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("comments %+v\n%s", comments, bot.out)
		}
	})
	until(t, "the comment", func() bool {
		alice.get("/repos/alice/app/issues/1/comments", &comments)
		return len(comments) == 1 && strings.HasSuffix(comments[0].Body, "Thank you, bob.") && comments[0].User.Login == "bellhop[bot]"
	})
	var pull struct {
		Merged bool
		Head   struct{ SHA string }
	}
	until(t, "the merge", func() bool {
		alice.get("/repos/alice/app/pulls/2", &pull)
		return pull.Merged
	})
	var reviews []struct {
		State string
		User  struct{ Login string }
	}
	alice.get("/repos/alice/app/pulls/2/reviews", &reviews)
	if len(reviews) != 1 || reviews[0].State != "APPROVED" || reviews[0].User.Login != "bellhop[bot]" {
		t.Errorf("reviews %+v, want one approval by bellhop[bot]", reviews)
	}
	var runs struct {
		CheckRuns []struct{ Name, Status, Conclusion string } `json:"check_runs"`
	}
	alice.get("/repos/alice/app/commits/"+pull.Head.SHA+"/check-runs", &runs)
	if i := slices.IndexFunc(runs.CheckRuns, func(r struct{ Name, Status, Conclusion string }) bool {
		return r.Name == "title" && r.Status == "completed" && r.Conclusion == "success"
	}); i < 0 {
		t.Errorf("check runs %+v, want title with success", runs.CheckRuns)
	}
	bot.stop()
}

const emulatorRules = `
[[rule]]
name = "Triage"
on   = "issues.opened"
then.label   = "needs-triage"
then.comment = "Thank you, {{ issue.author }}."

[[rule]]
name = "Features of this repository"
on   = "pull_request.opened"
when.title_begins = "feat: "
when.from_fork    = false
then.check   = { name = "title", conclusion = "success", title = "A good title" }
then.approve = "Looks good."
then.merge   = "merge"
`

func startEmulator(t *testing.T, node, entry, address string, seed any) {
	t.Helper()
	_, port, _ := strings.Cut(address, ":")
	order, err := json.Marshal(map[string]any{"port": json.Number(port), "entry": entry, "seed": seed})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, filepath.Join("testdata", "emulate", "start.mjs"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Logf("emulate: %v\n%s", err, &problems)
		}
	})
	if _, err := in.Write(append(order, '\n')); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ready" {
			go io.Copy(io.Discard, out)
			return
		}
	}
	t.Fatalf("emulate does not start:\n%s", &problems)
}

// person acts at the emulator with a token of their own.
type person struct {
	t           *testing.T
	base, token string
}

func (p person) send(method, path string, body any) (int, []byte) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest(method, p.base+path, bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+p.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func (p person) do(method, path string, body any) {
	p.t.Helper()
	if status, answer := p.send(method, path, body); status/100 != 2 {
		p.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

func (p person) put(path, branch, content string) {
	p.t.Helper()
	p.do("PUT", path, map[string]any{"message": "change", "branch": branch, "content": base64.StdEncoding.EncodeToString([]byte(content))})
}

func (p person) get(path string, out any) {
	p.t.Helper()
	req, err := http.NewRequest("GET", p.base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p.t.Fatalf("GET %s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		p.t.Fatal(fmt.Errorf("GET %s: %w", path, err))
	}
}
