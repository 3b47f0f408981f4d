package main

import (
	"encoding/json"
	"fmt"
	"os"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules/syntax"
)

type checkCommand struct {
	Files []string `arg:"" name:"file" help:"A repository's .github/bot.toml, or the operator's bot.toml (one with a table server, github or storage)."`
	Host  bool     `help:"Take every file for the operator's."`
	JSON  bool     `name:"json" help:"Print the findings as JSON: a list of objects with file, line, col, end_col, rule, message and mend."`
}

// Run prints what is wrong with the files. It exits with 0 when nothing is, with 1 when something is, and with 2 when a file
// cannot be read.
func (c *checkCommand) Run(to *console) error {
	found := []syntax.Diagnostic{}
	for _, name := range c.Files {
		src, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintf(to.err, "bellhop: %v\n", err)
			return exitCode(exitMisuse)
		}
		found = append(found, bot.CheckFile(name, src, c.Host, actions.All)...)
	}
	if err := c.print(to, found); err != nil {
		return err
	}
	if len(found) > 0 {
		return exitCode(exitFindings)
	}
	return nil
}

func (c *checkCommand) print(to *console, found []syntax.Diagnostic) error {
	if c.JSON {
		e := json.NewEncoder(to.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	for _, d := range found {
		fmt.Fprintf(to.out, "%s\n\n", d.String())
	}
	fmt.Fprintln(to.out, count(len(found), "mistake")+" in "+count(len(c.Files), "file"))
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
