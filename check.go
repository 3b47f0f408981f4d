package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules/syntax"
)

type checkCommand struct {
	Files  []string `arg:"" name:"file" help:"A repository's .github/bot.toml, or the operator's bot.toml (one with a table server, github or storage)."`
	Host   bool     `help:"Take every file for the operator's."`
	Strict bool     `help:"Take warnings for mistakes."`
	JSON   bool     `name:"json" help:"Print the findings as JSON: a list of objects with file, line, col, end_col, rule, message, mend and, of what is no mistake, warning."`
}

// Run prints what is wrong with the files, and what in them is hardly meant. It exits with 0 when nothing is wrong, with 1 when
// something is, and with 2 when a file cannot be read.
func (c *checkCommand) Run(to *console) error {
	found := []syntax.Diagnostic{}
	mistakes, extended := 0, 0
	for _, name := range c.Files {
		src, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintf(to.err, "bellhop: %v\n", err)
			return exitCode(exitMisuse)
		}
		wrong := bot.CheckFile(name, src, c.Host, actions.All)
		mistakes += len(wrong)
		extended += bot.CountExtends(name, src)
		found = append(found, syntax.Sort(append(wrong, bot.LintFile(name, src, c.Host, actions.All, time.Now())...))...)
	}
	if err := c.print(to, found, mistakes, extended); err != nil {
		return err
	}
	if mistakes > 0 || c.Strict && len(found) > 0 {
		return exitCode(exitFindings)
	}
	return nil
}

func (c *checkCommand) print(to *console, found []syntax.Diagnostic, mistakes, extended int) error {
	if c.JSON {
		e := json.NewEncoder(to.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	for _, d := range found {
		fmt.Fprintf(to.out, "%s\n\n", d.String())
	}
	warnings := ""
	if n := len(found) - mistakes; n > 0 {
		warnings = " and " + count(n, "warning")
	}
	fmt.Fprintln(to.out, count(mistakes, "mistake")+warnings+" in "+count(len(c.Files), "file"))
	if extended > 0 {
		fmt.Fprintln(to.out, count(extended, "extended file")+" not looked at: GitHub has them")
	}
	return nil
}

// count is a number with its noun: "no mistakes", "1 file", "3 files".
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
