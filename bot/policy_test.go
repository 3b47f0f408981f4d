package bot

import (
	"fmt"
	"strings"
	"testing"

	"bellhop/bot/actions"
)

func TestPolicy(t *testing.T) {
	s := &Settings{File: "bot.toml", Source: []byte("[policy]\ndeny = [\"approve\", \"merge\"]\n[policy.repos]\n\"Acme/Infra-*\" = \"dispatch\"\n\"*/legacy\" = [\"close\", \"lock\"]\n")}
	p, err := s.Policy(actions.All)
	if err != nil {
		t.Fatal(err)
	}
	for repo, want := range map[string]string{
		"acme/app": "[approve merge]", "acme/infra-dns": "[approve merge dispatch]", "ACME/INFRA-dns": "[approve merge dispatch]",
		"acme/legacy": "[approve merge close lock]", "acme/legacy/x": "[approve merge]", "": "[approve merge]",
	} {
		if got := fmt.Sprint(p.Denied(repo)); got != want {
			t.Errorf("%s: %s, want %s", repo, got, want)
		}
	}
	if p, err := (&Settings{}).Policy(actions.All); p.Denied("acme/app") != nil || err != nil {
		t.Error(p, err)
	}
	for src, want := range map[string]string{
		"policy = 1":                            "bot.toml:1:1: policy must be a table",
		"[policy]\ndeny = [\"approv\"]":         "bot.toml:2:9: there is no action approv",
		"[policy]\ndeny = 3":                    "bot.toml:2:8: policy.deny must be",
		"[policy]\nallow = []":                  "policy has no key allow",
		"[policy.repos]\nacme = [\"merge\"]":    "bot.toml:2:1: \"acme\" is no pattern for repositories",
		"[policy.repos]\n\"a/[\" = [\"merge\"]": "is no pattern",
		"[policy.repos]\n\"a/b\" = [\"x\"]":     "bot.toml:2:10: there is no action x",
		"[policy]\nrepos = 3":                   "policy.repos must be",
	} {
		s := &Settings{File: "bot.toml", Source: []byte(src)}
		if _, err := s.Policy(actions.All); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", src, err)
		}
		if !IsSettings([]byte(src)) {
			t.Errorf("%q is not taken for the operator's", src)
		}
	}
	// A repository's file has no policy: it cannot widen the operator's.
	if found := CheckFile("f", []byte("[[rule]]\nname = \"x\"\nthen.label = \"y\"\n"), false, actions.All); len(found) != 0 {
		t.Error(found)
	}
}
