package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrUnavailable is wrapped by what reads and writes return when the disk or the file does not do what it should: full, read
// only, damaged, locked. Nothing is wrong with what was asked for, and it may be asked again later.
var ErrUnavailable = errors.New("store is unavailable")

// mends tells for SQLite's primary codes what is wrong, and how it is mended.
var mends = map[int]string{
	sqlite3.SQLITE_FULL:     "the disk is full: make room; nothing needs to be started again",
	sqlite3.SQLITE_IOERR:    "the disk fails, is full, or a limit on file sizes is met: see the system's log; nothing needs to be started again once it works",
	sqlite3.SQLITE_READONLY: "the file or its disk cannot be written: look at the owner and mode of the file, of its folder, and of -wal and -shm beside it, and at how the disk is mounted",
	sqlite3.SQLITE_PERM:     "the file cannot be opened: look at its owner and mode",
	sqlite3.SQLITE_CANTOPEN: "a file cannot be opened: look at the owner and mode of the file and its folder, and at the limit of open files",
	sqlite3.SQLITE_BUSY:     "another program has locked the database: end it (a shell with an open transaction, a copy that runs)",
	sqlite3.SQLITE_LOCKED:   "another program has locked the database: end it (a shell with an open transaction, a copy that runs)",
	sqlite3.SQLITE_PROTOCOL: "another program has locked the database: end it (a shell with an open transaction, a copy that runs)",
	sqlite3.SQLITE_CORRUPT:  "the file is damaged: stop the bot, move the file and -wal and -shm beside it away, and put back the last backup",
	sqlite3.SQLITE_NOTADB:   "the file is no SQLite database any more: stop the bot, move the file and -wal and -shm beside it away, and put back the last backup",
	sqlite3.SQLITE_NOMEM:    "there is no memory left",
}

// fault makes ErrUnavailable of what SQLite says about disk and file, with what to do about it. Other errors pass.
func fault(err error) error {
	var e *sqlite.Error
	if err == nil || errors.Is(err, ErrUnavailable) || !errors.As(err, &e) {
		return err
	}
	if mend := mends[e.Code()&0xff]; mend != "" {
		return fmt.Errorf("%w: %w: %s", ErrUnavailable, err, mend)
	}
	return err
}

// refused tells why a file cannot be used from the start, with its name and how to mend it.
func refused(path string, err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("open %s: %w", path, err)
	}
	switch code := e.Code() & 0xff; code {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a Bellhop database, nor any SQLite database: name another file", path)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is damaged (%w): move it and -wal and -shm beside it away, and put back the last backup", path, err)
	default:
		if mend := mends[code]; mend != "" {
			return fmt.Errorf("open %s: %w: %s", path, err, mend)
		}
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// checkedSize is up to which size a file is read through for damage when it is opened. A larger one would hold up the start by
// seconds: reads come upon damage where it is, and a backup reads it all.
const checkedSize = 16 << 20

// intact reads the whole file behind conn, when it is small.
func intact(ctx context.Context, conn *sql.Conn, path string) error {
	var size int64
	if err := conn.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size); err != nil {
		return refused(path, err)
	}
	if size > checkedSize {
		return nil
	}
	return quickCheck(ctx, conn, path)
}

// quickCheck reads a whole database for damage. https://www.sqlite.org/pragma.html#pragma_quick_check
func quickCheck(ctx context.Context, conn *sql.Conn, path string) error {
	var found string
	switch err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); {
	case err != nil:
		return refused(path, err)
	case found != "ok":
		return fmt.Errorf("%s is damaged (%s): move it and -wal and -shm beside it away, and put back the last backup", path, found)
	}
	return nil
}
