package actions

import (
	"testing"

	"bellhop/rules"
)

func TestStickyPlan(t *testing.T) {
	plans(t, []plan{
		{"as it should read", &Sticky{Body: "hello", Key: "k"}, pr(), &Sticky{Body: "hello", Key: "k"}},
		{"rendered to nothing", &Sticky{Body: " ", Key: "k"}, pr(), nil},
		{"no subject", &Sticky{Body: "hello", Key: "k"}, &rules.Facts{}, nil},
	})
}

func TestStickyKeys(t *testing.T) {
	keyed := func(s *Sticky) string {
		s.Check(new(rules.Report))
		return s.Key
	}
	a, b := keyed(&Sticky{Body: "{{ pr.title }} a"}), keyed(&Sticky{Body: "{{ pr.title }} b"})
	if a == b || len(a) != 12 || a != keyed(&Sticky{Body: "{{ pr.title }} a"}) {
		t.Errorf("keys of two texts: %q and %q", a, b)
	}
	same(t, keyed(&Sticky{Body: "a", Key: "k"}), "k")
}

func TestStickyUndo(t *testing.T) {
	s := &Sticky{Body: "hello", Key: "k"}
	same(t, s.Keys(), []string{"k"})
	same(t, s.Undo(pr(), []string{"k", "l"}), &Sticky{Remove: []string{"k", "l"}})
	same(t, s.Undo(pr(), nil), nil)
}

const kMarker = "<!-- bellhop sticky k -->\n"

func TestStickyDo(t *testing.T) {
	comments := func(w *world) any { return w.comments(1) }
	t.Run("write", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				return &Sticky{Body: "Hello.", Key: "k"}, target("issue", w.openIssue())
			},
			write:  "POST /repos/acme/app/issues/*/comments",
			effect: comments,
			want:   []string{kMarker + "Hello."},
			again:  "the comment says so already",
			url:    "/acme/app/issues/1#issuecomment-",
		}.run(t)
	})
	written := func(w *world) rules.Target {
		to := target("issue", w.openIssue())
		w.comment(1, kMarker+"forged")
		w.must(&Sticky{Body: "Hello.", Key: "k"}, to)
		w.must(&Sticky{Body: "Another.", Key: "l"}, to)
		return to
	}
	another := "<!-- bellhop sticky l -->\nAnother."
	t.Run("edit", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				to := written(w)
				to.Delivery, to.Rule, to.Step = "another", "Another", 7
				return &Sticky{Body: "Goodbye.", Key: "k"}, to
			},
			write:  "PATCH /repos/acme/app/issues/comments/*",
			effect: comments,
			want:   []string{kMarker + "forged", kMarker + "Goodbye.", another},
			again:  "the comment says so already",
			url:    "/acme/app/issues/1#issuecomment-",
		}.run(t)
	})
	t.Run("delete", func(t *testing.T) {
		trial{
			setUp: func(w *world) (rules.Action, rules.Target) {
				to := written(w)
				return (&Sticky{Body: "Hello.", Key: "k"}).Undo(nil, []string{"gone", "k"}), to
			},
			write:  "DELETE /repos/acme/app/issues/comments/*",
			effect: comments,
			want:   []string{kMarker + "forged", another},
			again:  "the comment is gone already",
			url:    "/acme/app/issues/1",
		}.run(t)
	})
}
