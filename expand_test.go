package main

import (
	"strings"
	"testing"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules"
)

// The example of each preset compiles, and so does what it expands to.
func TestPresetExamples(t *testing.T) {
	for _, p := range rules.Presets() {
		out, found := bot.ExpandFile(p.Table, []byte(p.Example), actions.All)
		found = append(found, bot.CheckFile(p.Table+" expanded", out, false, actions.All)...)
		for _, d := range found {
			t.Errorf("%s\n%s", d, out)
		}
		if !strings.Contains(string(out), "[[rule]]") {
			t.Errorf("%s has no rule: %s", p.Table, out)
		}
	}
}

// The settings of an operator's file, secrets among them, are not printed.
func TestExpandOperator(t *testing.T) {
	operator := tempFile(t, "bot.toml", "[github]\napp_id = 7\nwebhook_secrets = ['hush, hush']\n\n[labels]\ndocs = 'docs/**'\n")
	code, out, errs := bellhop("expand", operator)
	if code != 0 || errs != "" || out != "# [labels], line 6\n[[rule]]\nname = \"labels/docs\"\nwhen.files = \"docs/**\"\nthen.label = \"docs\"\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := bellhop("expand", "nowhere.toml"); code != 2 || !strings.Contains(errs, "nowhere.toml") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
