package main

import (
	"fmt"
	"os"

	"bellhop/bot"
	"bellhop/bot/actions"
)

type expandCommand struct {
	File string `arg:"" help:"A rule file."`
}

// Run prints a rule file with the rules that its presets stand for. It exits with 0, with 1 when the file has mistakes, which it
// tells as check does, and with 2 when it cannot be read.
func (c *expandCommand) Run(to *console) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		fmt.Fprintf(to.err, "bellhop: %v\n", err)
		return exitCode(exitMisuse)
	}
	out, found := bot.ExpandFile(c.File, src, actions.All)
	if len(found) > 0 {
		for _, d := range found {
			fmt.Fprintf(to.err, "%s\n\n", d.String())
		}
		return exitCode(exitFindings)
	}
	_, err = to.out.Write(out)
	return err
}
