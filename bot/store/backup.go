package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// BackupSQLite copies the database in the file at path to a new file, as it is at one moment. A store that is open on it, in
// this process or another, works on meanwhile. The copy holds what is in use and no free space; a store can be opened on it.
// It is readable by its owner only, synced, and there whole or not at all. A file that is there already is not touched.
func BackupSQLite(ctx context.Context, path, to string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("back up to %s: %w; name a new file", to, fs.ErrExist)
	}
	// Not read only: where no store is open, the first to come makes the files beside the database.
	db, err := sql.Open("sqlite", dsn(path, "rw", "busy_timeout(10000)", "temp_store(MEMORY)"))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return refused(path, err)
	}
	defer conn.Close()
	switch version, err := schemaVersion(ctx, conn, path); {
	case err != nil:
		return err
	case version == 0:
		return fmt.Errorf("%s is empty: there is nothing to back up", path)
	}
	if err := copyInto(ctx, conn, to, false); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	return nil
}

// copyInto writes a copy of the database behind conn to a file: beside it first, then synced and put in its place.
func copyInto(ctx context.Context, conn *sql.Conn, to string, replace bool) (err error) {
	// SQLite takes a file that is empty, and leaves its mode as it is.
	f, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*.part")
	if err != nil {
		return err
	}
	part := f.Name()
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(part))) }()
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return fault(err)
	}
	if err := syncFile(part); err != nil {
		return err
	}
	if replace {
		err = os.Rename(part, to)
	} else {
		// A link fails where a file is, unlike a rename; some disks have none.
		if err = os.Link(part, to); err != nil && !errors.Is(err, fs.ErrExist) {
			err = os.Rename(part, to)
		}
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
