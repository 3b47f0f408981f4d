package main

import (
	"fmt"
	"os"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/rules/imports"
	"bellhop/rules/syntax"
)

type importCommand struct {
	What []string `arg:"" name:"kind|file" help:"What the files are (labeler, stale, mergify, kodiak, policy-bot, bulldozer, mergeable, auto-assign, autolabeler), and the files. Without a kind it is seen from the name of each file, or from what stands in it."`
}

// Run prints the rules that the configurations of other bots stand for, and in the end what could not be carried over, which
// it says on standard error, too. It exits with 0, with 1 when a file is none of its kind, and with 2 when it cannot be read.
func (c *importCommand) Run(to *console) error {
	given := imports.Named(c.What[0])
	names := c.What
	if given != nil {
		names = names[1:]
	}
	if len(names) == 0 {
		fmt.Fprintf(to.err, "bellhop: import lacks a file\nWrite: bellhop import %s %s\n", given.Name, given.File)
		return exitCode(exitMisuse)
	}
	var files []imports.File
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintf(to.err, "bellhop: %v\n", err)
			return exitCode(exitMisuse)
		}
		kind := given
		if kind == nil {
			if kind, err = imports.Guess(name, src); err != nil {
				return err
			}
		}
		files = append(files, imports.File{Kind: kind, Name: name, Src: src})
	}
	result, err := imports.Import(files, func(src []byte) []syntax.Diagnostic {
		return bot.CheckFile("imported", src, false, actions.All)
	})
	if err != nil {
		return err
	}
	lost := 0
	for _, n := range result.Notes {
		if n.Lost {
			fmt.Fprintf(to.err, "%s\n", n)
			lost++
		}
	}
	left := "nothing was left out"
	if lost > 0 {
		left = count(lost, "thing") + " not carried over"
	}
	fmt.Fprintf(to.err, "%d of %s carried over, %d in part; %s\n", result.Carried, count(result.Source, "rule"), result.Partly, left)
	_, err = to.out.Write(result.Rules)
	return err
}
