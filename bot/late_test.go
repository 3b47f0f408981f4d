package bot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bellhop/bot/store"
)

func TestInOrder(t *testing.T) {
	at := func(id int64, minute int, source string) store.Visit {
		return store.Visit{ID: id, Received: time.Date(2026, 1, 5, 9, minute, 0, 0, time.UTC), Source: source}
	}
	planned := func(v store.Visit) store.Visit { v.Planned = true; return v }
	const hook, late = "webhook", store.Recovered
	for _, test := range []struct {
		name string
		in   []store.Visit
		want []int64
	}{
		{"nothing", nil, nil},
		{"as received, whatever the clock said", []store.Visit{at(1, 9, hook), at(2, 5, hook), at(3, 7, hook)}, []int64{1, 2, 3}},
		{"recovered between", []store.Visit{at(1, 5, hook), at(2, 9, hook), at(3, 4, late), at(4, 7, late), at(5, 10, late)}, []int64{3, 1, 4, 2, 5}},
		{"what has a plan goes on first", []store.Visit{planned(at(1, 9, hook)), at(2, 9, hook), at(3, 4, late)}, []int64{1, 3, 2}},
		{"recovered, with a plan", []store.Visit{at(1, 5, hook), planned(at(2, 4, late)), at(3, 3, late)}, []int64{3, 1, 2}},
		{"recovered in the order of the pass", []store.Visit{at(1, 4, late), at(2, 4, late), at(3, 5, late)}, []int64{1, 2, 3}},
	} {
		var got []int64
		for _, v := range inOrder(test.in) {
			got = append(got, v.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
}

func TestWithoutState(t *testing.T) {
	for in, want := range map[string]string{
		`{"action":"edited","changes":{"title":{"from":"a"}},"issue":{"number":7,"node_id":"I_7","title":"b","labels":[]}}`: `{"action":"edited","changes":{"title":{"from":"a"}},"issue":{"node_id":"I_7","number":7}}`,
		`{"issue":{"number":7,"node_id":"I_7","pull_request":{"url":"u"}},"comment":{"body":"c"}}`:                          `{"comment":{"body":"c"},"issue":{"node_id":"I_7","number":7,"pull_request":{}}}`,
		`{"pull_request":{"number":8,"node_id":"PR_8","head":{"sha":"x"}},"before":"y"}`:                                    `{"before":"y","pull_request":{"node_id":"PR_8","number":8}}`,
		`{"pull_request":null,"ref":"r"}`: `{"pull_request":null,"ref":"r"}`,
	} {
		got, err := withoutState([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s\ngot  %s, %v\nwant %s", in, got, err, want)
		}
	}
	if _, err := withoutState([]byte("no")); err == nil {
		t.Error("no JSON")
	}
}
