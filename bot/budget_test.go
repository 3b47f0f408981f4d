package bot

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bellhop/bot/actions"
	"bellhop/bot/store"
	"bellhop/rules"
)

// spentStore has done what it says.
type spentStore struct {
	store.Store
	list []store.Spending
}

func (s spentStore) Spent(context.Context, int64, time.Time) ([]store.Spending, error) {
	return s.list, nil
}

// TestLeft finds when enough of what was done is an hour old.
func TestLeft(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 50, 0, 0, time.UTC)
	at := func(minute, n int) store.Spending {
		return store.Spending{Minute: time.Date(2026, 1, 5, 9, minute, 0, 0, time.UTC), Actions: n}
	}
	for _, tt := range []struct {
		list  []store.Spending
		limit int
		again string // "" for now
	}{
		{nil, 1, ""},
		{[]store.Spending{at(10, 9)}, 10, ""},
		{[]store.Spending{at(10, 10)}, 10, "10:11"},
		{[]store.Spending{at(10, 3), at(20, 3), at(30, 4)}, 10, "10:11"},
		{[]store.Spending{at(10, 3), at(20, 3), at(30, 14)}, 10, "10:31"},
		{[]store.Spending{at(10, 3), at(20, 9)}, 10, "10:11"},
	} {
		b := newBudgets(spentStore{list: tt.list}, func() time.Time { return now })
		ok, again, err := b.left(context.Background(), 70, tt.limit)
		got := ""
		if !again.IsZero() {
			got = again.Format("15:04")
		}
		if err != nil || got != tt.again || ok != (tt.again == "") {
			t.Errorf("%v of %d: %s, %t, %v, want %s", tt.list, tt.limit, got, ok, err, tt.again)
		}
	}
}

// TestSlots: those that wait get their turns one after the other, and people are told once in an hour.
func TestSlots(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 50, 0, 0, time.UTC)
	b := newBudgets(nil, func() time.Time { return now })
	again := now.Add(10 * time.Minute)
	for i := range 3 {
		brake := &rules.Brake{Actions: "x", ActionsAt: b.slot(70, again)}
		if want := again.Add(time.Duration(i) * time.Minute); !brake.ActionsAt.Equal(want) {
			t.Errorf("turn %d at %s, want %s", i, brake.ActionsAt, want)
		}
		if news := b.take(70, brake, 60); news != (i == 0) {
			t.Errorf("turn %d: told %t", i, news)
		}
	}
	if at := b.slot(71, again); !at.Equal(again) {
		t.Errorf("another repository waits until %s", at)
	}
	now = now.Add(store.SpentSpan)
	if !b.take(70, &rules.Brake{Facts: "y"}, 60) {
		t.Error("not told again after an hour")
	}
}

func TestLimitOf(t *testing.T) {
	with := func(n int) *rules.Set {
		src := "[[rule]]\nname = 'r'\non = 'issues.opened'\nthen.add_label = 'x'\n"
		if n > 0 {
			src += fmt.Sprintf("[limits]\nactions = %d\n", n)
		}
		set, problems := rules.Compile("bot.toml", []byte(src), actions.All, rules.Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return set
	}
	for _, tt := range []struct {
		host, own *rules.Set
		want      int
	}{
		{nil, nil, defaultActions}, {nil, with(0), defaultActions}, {nil, with(20), 20}, {nil, with(5000), defaultActions},
		{with(1000), with(0), 1000}, {with(1000), with(500), 500}, {with(50), with(500), 50},
	} {
		if got := limitOf(tt.host, tt.own); got != tt.want {
			t.Errorf("%v, %v: %d, want %d", tt.host.Bounds(), tt.own.Bounds(), got, tt.want)
		}
	}
}
