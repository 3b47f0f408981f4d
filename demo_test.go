package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bellhop/bot/store"
	"bellhop/githubapp/githubtest"
	"bellhop/githubapp/githubtest/contract"
)

// play tells scenes on a stage of their own and returns it, ended, with what it printed.
func play(t *testing.T, scenes []scene, prepare func(*githubtest.Server)) (*stage, string) {
	t.Helper()
	var out bytes.Buffer
	s, err := openStage(t.Context(), &out, prepare)
	if err != nil {
		t.Fatal(err)
	}
	s.tell(t.Context(), scenes)
	s.sum()
	if err := s.close(); err != nil {
		t.Error(err)
	}
	return s, out.String()
}

func TestDemo(t *testing.T) {
	code, out, errs := bellhop("demo", "--exit")
	if code != 0 || errs != "" {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	last := regexp.MustCompile(`^demo: (\d+) deliveries, (\d+) actions, 0 problems$`)
	if m := last.FindStringSubmatch(lines[len(lines)-1]); m == nil || m[1] == "0" || m[2] == "0" {
		t.Errorf("the last line is %q", lines[len(lines)-1])
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours where no terminal is")
	}
}

// Every request of the story is one that GitHub describes, and every action of its rules is done.
func TestDemoStory(t *testing.T) {
	s, out := play(t, story, func(g *githubtest.Server) { g.Check = contract.Check })
	if s.problems > 0 {
		t.Errorf("%d problems:\n%s", s.problems, out)
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:then|else)\.(\w+)`).FindAllStringSubmatch(demoRules, -1) {
		if !strings.Contains(out, "→ "+m[1]) {
			t.Errorf("%s is never done", m[1])
		}
	}
	if _, err := os.Stat(s.folder); !os.IsNotExist(err) {
		t.Errorf("%s is left behind", s.folder)
	}
}

// What does not reach GitHub is a problem, whether GitHub refuses it or takes it and does nothing.
func TestDemoSeesProblems(t *testing.T) {
	for name, behaviour := range map[string]githubtest.Behaviour{
		"refused": githubtest.Reply(403, nil, `{"message":"Resource not accessible by integration"}`),
		"lost":    githubtest.Reply(200, nil, `[]`),
	} {
		s, out := play(t, story[:2], func(g *githubtest.Server) {
			g.Answer("POST", "/repos/acme/app/issues/1/labels", -1, behaviour)
		})
		if s.problems == 0 {
			t.Errorf("%s: no problem:\n%s", name, out)
		}
		if !strings.Contains(out, "✗ on GitHub it is not true that #1 has the label needs-triage") {
			t.Errorf("%s: nothing says what is wrong:\n%s", name, out)
		}
	}
}

func TestDemoStays(t *testing.T) {
	var out safeBuffer
	s, err := openStage(t.Context(), &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.tell(t.Context(), story[:3])
	in, typing := io.Pipe()
	left := make(chan struct{})
	go func() { defer close(left); s.stay(context.Background(), in) }()
	for _, line := range []string{"issue It is slow", "comment 2 /take", "bogus", "label 2 bug", "quit"} {
		io.WriteString(typing, line+"\n")
	}
	<-left
	if i, ok := s.github.Issue(demoRepository, 2); !ok || strings.Join(i.Labels, " ") != "needs-triage bug" || strings.Join(i.Assignees, " ") != "alice" {
		t.Errorf("issue #2 is %+v\n%s", i, out.String())
	}
	if !strings.Contains(out.String(), "say: issue TITLE") {
		t.Error("nothing says what may be typed")
	}
	if s.problems > 0 {
		t.Errorf("%d problems:\n%s", s.problems, out.String())
	}
}

// The command that the demo prints sends a delivery that the bot takes.
func TestDemoRecipe(t *testing.T) {
	for _, program := range []string{"curl", "openssl", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("BELLHOP_TEST_ALL") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	var out safeBuffer
	s, err := openStage(t.Context(), &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.tell(t.Context(), story[:3])
	s.invite()
	_, recipe, ok := strings.Cut(out.String(), "  body=")
	if !ok {
		t.Fatalf("there is no recipe:\n%s", out.String())
	}
	before, err := s.server.store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := exec.Command("sh", "-c", "body="+recipe).CombinedOutput()
	if err != nil || !strings.Contains(string(answer), "202 Accepted") {
		t.Errorf("%v\n%s", err, answer)
	}
	s.watch(t.Context())
	after, err := s.server.store.Counts(t.Context())
	if err != nil || after.Deliveries <= before.Deliveries {
		t.Errorf("%d deliveries, then %d, %v", before.Deliveries, after.Deliveries, err)
	}
	if s.problems > 0 {
		t.Errorf("%d problems:\n%s", s.problems, out.String())
	}
}

// The demo's files are gone when it has ended, and its database was a real one.
func TestDemoKeepsOnDisk(t *testing.T) {
	s, err := openStage(t.Context(), io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.tell(t.Context(), story[:1])
	if _, err := store.OpenSQLite(filepath.Join(s.folder, "bellhop.db"), store.Options{}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opening it a second time: %v", err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

func TestOneLine(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"},
		{"first\nsecond", 10, "first…"},
		{"too long for it", 8, "too lon…"},
		{"üüüüü", 5, "üüüüü"},
		{"\x1b[2Jclear", 20, " [2Jclear"},
		{"", 5, ""},
	} {
		if got := oneLine(tt.in, tt.n); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}
