package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The machine dies while GitHub works on a request. After the restart the bot waits as long as GitHub may take, and looks
// before it writes again.
func TestCutOff(t *testing.T) {
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, w.log)
		}
	}
	must(os.WriteFile(filepath.Join(w.dir, "bot.toml"), []byte(`
[[rule]]
name = "Welcome"
on   = "issues.opened"
then.comment = "Thank you."
`), 0o600))
	must(w.start(nil, nil))
	done, answer := make(chan struct{}), make(chan struct{})
	w.github.Answer("POST", "/repos/acme/app/issues/1/comments", 1, func(rw http.ResponseWriter, r *http.Request, carryOut http.Handler) {
		carryOut.ServeHTTP(rw, r)
		close(done)
		<-answer
	})
	_, err = w.github.As("bob").On("acme/app").OpenIssue("It is broken", "")
	must(err)
	<-done
	next, err := w.copyDisk()
	must(err)
	close(answer) // the process that is dropped may end
	must(w.stop(nil, nil))
	w.disk = next
	w.forget()

	must(w.advance(nil, []string{"2s"}))
	must(w.start(nil, nil))
	must(w.idle(nil, nil))
	if w.waiting(nil, []string{"0"}) == nil {
		t.Error("nothing waits")
	}
	for _, r := range w.github.Requests() {
		if strings.HasSuffix(r.Path, "/comments") { // to look, or to write once more
			t.Errorf("it did not wait: %s %s", r.Method, r.Path)
		}
	}
	must(w.advance(nil, []string{"7s"}))
	must(w.idle(nil, nil))
	if w.waiting(nil, []string{"0"}) == nil {
		t.Error("nothing waits")
	}
	must(w.advance(nil, []string{"1s"}))
	must(w.idle(nil, nil))
	must(w.waiting(nil, []string{"0"}))
	if n := len(w.github.Writes()); n > 0 {
		t.Errorf("%d writes: it did not look", n)
	}
	if i, _ := w.github.Issue("acme/app", 1); len(i.Comments) != 1 {
		t.Errorf("%d comments", len(i.Comments))
	}
}
