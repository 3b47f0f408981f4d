package rules

import (
	"errors"
	"fmt"
	"slices"
)

// Action is one thing that a rule makes the bot do. The struct behind it is its TOML schema: fields with the tag `toml` are
// what a rule may write, `doc` their text in the reference, `short:"true"` the field that a plain value (`then.label = "x"`)
// sets, `enum:"a b c"` the values allowed, `required:"true"` must be written. Field types: string, []string (a plain string
// is taken for a list of one), bool, int, map[string]string. Strings may hold {{ templates }}: the engine renders them before
// Plan, so that an action never sees one; `text:"markdown"` makes inserted text inert (no mentions, no break-out), without
// the tag it is inserted as it is, in one line. Fields without the tag `toml` are filled by Plan and stored with the plan.
type Action interface {
	// Check reports mistakes that show without any delivery.
	Check(r *Report)
	// Plan returns what f's subject still lacks, or nil when there is nothing to do. It leaves the receiver as it was.
	// It reads only what Kind.Reads names and what is known with each delivery.
	Plan(f *Facts) Action
}

// Kept is an action that is taken back when its rule stops holding. Others are done once, when the rule begins to hold.
type Kept interface {
	Action
	// Keys names what the action keeps on a subject: label names, the key of a comment, the name of a check.
	Keys() []string
	// Undo returns what takes back keys that the bot itself put there, or nil. It may be an action of another kind.
	Undo(f *Facts, keys []string) Action
}

// Kind describes one action to the compiler, the reference and the operator.
type Kind struct {
	Name    string            // as in `then.NAME`
	Summary string            // one sentence
	Needs   map[string]string // permissions of the GitHub App: "issues": "write"
	On      []string          // subjects that have it: "issue", "pull_request", "discussion", or "repository" for deliveries about none
	Reads   []string          // facts that Plan reads, as "subject.labels"
	Merges  bool              // it brings changes into a branch, now or later: a freeze holds it back
	New     func() Action     // a pointer to the zero struct
	Example string            // a rule file that a test compiles and the reference prints
}

// Validate tells what is wrong with a kind itself: a fact that it reads and there is not, a subject or a level of a permission
// that GitHub does not know, a missing text. A test of whoever makes kinds calls it.
func (k Kind) Validate() error {
	var errs []error
	if k.Name == "" || k.Summary == "" || k.New == nil {
		errs = append(errs, errors.New("a kind needs a name, a summary and New"))
	}
	for _, path := range k.Reads {
		if f := schema().fact(path); f == nil || f.path() != path {
			errs = append(errs, fmt.Errorf("reads %s, which is no fact", path))
		}
	}
	for _, on := range k.On {
		if !slices.Contains([]string{"issue", "pull_request", "discussion", "repository"}, on) {
			errs = append(errs, fmt.Errorf("is on %s, which is no kind of subject", on))
		}
	}
	for permission, level := range k.Needs {
		if ranks[level] == 0 {
			errs = append(errs, fmt.Errorf("needs %s: %s, which is no level", permission, level))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("action %s: %w", k.Name, err)
	}
	return nil
}

// Report collects the mistakes of one action. A problem stands at the value of the field named (by its TOML key), or at the
// action when the name is empty.
type Report struct {
	problems []problem
}

type problem struct{ field, message, mend string }

// Problem notes a mistake: what is wrong, and how to mend it ("" when the message says it).
func (r *Report) Problem(field, message, mend string) {
	r.problems = append(r.problems, problem{field, message, mend})
}
