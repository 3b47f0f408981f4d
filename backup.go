package main

import (
	"fmt"
	"os"
	"time"

	"bellhop/bot"
	"bellhop/bot/store"
)

type backupCommand struct {
	File       string `arg:"" help:"The file to write. One that is there is not touched."`
	Config     string `help:"The operator's file. Default: bot.toml, which need not be there." placeholder:"FILE" env:"BELLHOP_CONFIG"`
	StorageURL string `name:"storage-url" help:"Where deliveries are kept. [BELLHOP_STORAGE_URL]" placeholder:"URL"`
}

// Run copies the database of the bot that has the same settings.
func (b *backupCommand) Run(c *console) error {
	path, err := bot.DatabasePath(sources{Config: b.Config}.bot(map[string]string{"storage-url": b.StorageURL}))
	if err != nil {
		return err
	}
	ctx, restore := signals()
	defer restore()
	began := time.Now()
	if err := store.BackupSQLite(ctx, path, b.File); err != nil {
		return err
	}
	info, err := os.Stat(b.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %d bytes, copied from %s in %s\n", b.File, info.Size(), path, time.Since(began).Round(time.Millisecond))
	return nil
}
