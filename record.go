package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"bellhop/bot"
	"bellhop/bot/actions"
	"bellhop/bot/store"
)

// record prints a test that is made of a delivery.
func (c *testCommand) record(to *console) error {
	files, err := readFiles(bot.FilesBeside(c.Files[0]))
	if err != nil {
		fmt.Fprintf(to.err, "bellhop: %v\n", err)
		return exitCode(exitMisuse)
	}
	suite, mistakes := bot.NewSuite(files, actions.All)
	if len(mistakes) > 0 {
		for _, d := range mistakes {
			fmt.Fprintf(to.err, "%s\n\n", d.String())
		}
		return exitCode(exitFindings)
	}
	d, err := c.delivery()
	if err != nil {
		fmt.Fprintf(to.err, "bellhop: %v\n", err)
		return exitCode(exitMisuse)
	}
	text, err := bot.RecordTest(d, suite)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(to.out, text)
	return err
}

// delivery is what is recorded: a payload in a file, or else a delivery of the store.
func (c *testCommand) delivery() (*store.Delivery, error) {
	body, err := os.ReadFile(c.Record)
	if err == nil {
		if c.Event == "" {
			return nil, errors.New("say with --event which event the payload is of: GitHub names it in the header X-GitHub-Event")
		}
		return bot.NewRecording(c.Event, body, time.Now()), nil
	}
	path, err := bot.DatabasePath(sources{Config: c.Config}.bot(map[string]string{"storage-url": c.StorageURL}))
	if err != nil {
		return nil, err
	}
	ctx, restore := signals()
	defer restore()
	return store.ReadDelivery(ctx, path, c.Record)
}
