package store

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks an SQLite file as ours ("Bell"), see https://www.sqlite.org/pragma.html#pragma_application_id.
const applicationID = 0x42656c6c

// pageSize suits rows of a few kilobytes: most compressed bodies fit in one page.
const pageSize = 8192

// migrations lead from one version of the schema to the next; a database at version n has had the first n. Those that were
// released never change: what is to be different is a new one at the end.
//
// Times are microseconds since 1970 in UTC, 0 is the zero time. Three tables are hot, a row of each is written for each
// delivery; every index on them has to earn its place.
var migrations = []string{`
CREATE TABLE deliveries (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	guid          TEXT    NOT NULL UNIQUE,
	event         TEXT    NOT NULL,
	activity      TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	repository    TEXT    NOT NULL,
	subject       TEXT    NOT NULL,
	sender        TEXT    NOT NULL,
	source        TEXT    NOT NULL,
	received      INTEGER NOT NULL
);

-- Bodies are apart so that lists and searches read small rows only. They are compressed with zstd.
CREATE TABLE bodies (
	delivery_id INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
	body        BLOB NOT NULL
);

CREATE TABLE visits (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	delivery_id   INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
	subject       TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	state         TEXT    NOT NULL,
	attempts      INTEGER NOT NULL,
	not_before    INTEGER NOT NULL,
	reason        TEXT    NOT NULL,
	planned       INTEGER NOT NULL,
	UNIQUE (delivery_id, subject)
);
-- What is waiting, in order; what is waiting until later; what is dead. The first holds few rows, whatever the age of the
-- database; the others none for a delivery that goes well.
CREATE INDEX visits_waiting ON visits (id, not_before) WHERE state = 'waiting';
CREATE INDEX visits_later   ON visits (not_before) WHERE state = 'waiting' AND not_before > 0;
CREATE INDEX visits_dead    ON visits (delivery_id) WHERE state = 'dead';
CREATE INDEX visits_subject ON visits (subject, state);

CREATE TABLE decisions (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	visit_id  INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
	subject   TEXT    NOT NULL,
	decision  TEXT    NOT NULL, -- JSON
	api_calls INTEGER NOT NULL,
	config    TEXT    NOT NULL,
	at        INTEGER NOT NULL
);
CREATE INDEX decisions_subject ON decisions (subject, id);
CREATE INDEX decisions_visit   ON decisions (visit_id);

CREATE TABLE steps (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	visit_id INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
	seq      INTEGER NOT NULL,
	step     TEXT    NOT NULL, -- JSON
	state    TEXT    NOT NULL,
	attempts INTEGER NOT NULL,
	url      TEXT    NOT NULL,
	reason   TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	UNIQUE (visit_id, seq)
);

CREATE TABLE held (
	subject TEXT    NOT NULL,
	rule    TEXT    NOT NULL,
	holds   INTEGER NOT NULL,
	PRIMARY KEY (subject, rule)
) WITHOUT ROWID;

CREATE TABLE puts (
	subject TEXT NOT NULL,
	rule    TEXT NOT NULL,
	kind    TEXT NOT NULL,
	key     TEXT NOT NULL,
	PRIMARY KEY (subject, rule, kind, key)
) WITHOUT ROWID;

CREATE TABLE configs (
	repository_id INTEGER PRIMARY KEY,
	repository    TEXT    NOT NULL,
	sha           TEXT    NOT NULL,
	good_sha      TEXT    NOT NULL,
	good          BLOB,
	problem       TEXT    NOT NULL,
	at            INTEGER NOT NULL
);
`, `
-- What is to be looked at later. The first index is asked for what is due; the second when a repository leaves.
CREATE TABLE timers (
	subject       TEXT    NOT NULL,
	rule          TEXT    NOT NULL,
	kind          TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	repository    TEXT    NOT NULL,
	due           INTEGER NOT NULL,
	data          BLOB,
	PRIMARY KEY (subject, rule, kind)
) WITHOUT ROWID;
CREATE INDEX timers_due        ON timers (due);
CREATE INDEX timers_repository ON timers (repository_id);

-- Since when a rule holds on a subject, when it fired there last, and on which commit.
CREATE TABLE times (
	subject TEXT    NOT NULL,
	rule    TEXT    NOT NULL,
	since   INTEGER NOT NULL,
	fired   INTEGER NOT NULL,
	head    TEXT    NOT NULL,
	PRIMARY KEY (subject, rule)
) WITHOUT ROWID;

CREATE TABLE repositories (
	id           INTEGER PRIMARY KEY,
	installation INTEGER NOT NULL,
	repository   TEXT    NOT NULL,
	data         BLOB
);
`, `
-- A repository may have several rule files.
CREATE TABLE config_files (
	repository_id INTEGER NOT NULL,
	path          TEXT    NOT NULL,
	repository    TEXT    NOT NULL,
	sha           TEXT    NOT NULL,
	good_sha      TEXT    NOT NULL,
	good          BLOB,
	problem       TEXT    NOT NULL,
	at            INTEGER NOT NULL,
	PRIMARY KEY (repository_id, path)
) WITHOUT ROWID;
INSERT INTO config_files SELECT repository_id, '.github/bot.toml', repository, sha, good_sha, good, problem, at FROM configs;
DROP TABLE configs;
`, `
-- How far something has come that goes on after a restart.
CREATE TABLE marks (
	name TEXT PRIMARY KEY,
	data BLOB NOT NULL
) WITHOUT ROWID;
`, `
-- Which rules the open subjects of a repository have been looked at by.
CREATE TABLE applied (
	repository_id INTEGER PRIMARY KEY,
	data          BLOB NOT NULL
);
`, `
-- Subjects that have come to their end: what is remembered of them leaves some time after it.
CREATE TABLE ended (
	subject TEXT    PRIMARY KEY,
	at      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ended_at ON ended (at);

-- One row, written to find out whether the disk takes a write.
CREATE TABLE pulse (
	id    INTEGER PRIMARY KEY,
	beats INTEGER NOT NULL
);
`, `
-- How often a rule did something on a subject lately, and until when it is stopped there.
CREATE TABLE acts (
	subject TEXT    NOT NULL,
	rule    TEXT    NOT NULL,
	text    TEXT    NOT NULL,
	since   INTEGER NOT NULL,
	count   INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	PRIMARY KEY (subject, rule)
) WITHOUT ROWID;

-- How many actions were done in a repository, by the minute, for the last hour in which there were any.
CREATE TABLE spent (
	repository_id INTEGER NOT NULL,
	minute        INTEGER NOT NULL,
	actions       INTEGER NOT NULL,
	PRIMARY KEY (repository_id, minute)
) WITHOUT ROWID;
`}

// migrate brings the database behind conn to the newest version, or refuses it. Before it is sure that the file is ours it
// changes nothing in it.
func migrate(ctx context.Context, conn *sql.Conn, path string) error {
	version, err := schemaVersion(ctx, conn, path)
	if err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("%s was written by a newer Bellhop (schema %d, this one knows %d): start that one, or go back to a copy of the file from before the update",
			path, version, len(migrations))
	}
	// The page size binds once the first page is written, so it comes before WAL.
	for _, p := range []string{fmt.Sprintf("PRAGMA page_size = %d", pageSize), "PRAGMA journal_mode = WAL"} {
		if _, err := conn.ExecContext(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p, refused(path, err))
		}
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		return fmt.Errorf("%s: the file system cannot share memory between connections, which SQLite's write-ahead log needs (journal mode %q): use a local disk", path, mode)
	}
	if version == len(migrations) {
		return intact(ctx, conn, path)
	}
	if version > 0 {
		if err := intact(ctx, conn, path); err != nil {
			return err
		}
		if err := copyOld(ctx, conn, path, version); err != nil {
			return err
		}
	}
	return advance(ctx, conn, path, version)
}

// copyOld keeps a copy of a database as it is before it is migrated, for the one who has to go back.
func copyOld(ctx context.Context, conn *sql.Conn, path string, version int) error {
	to := fmt.Sprintf("%s.schema-%d", path, version)
	if err := copyInto(ctx, conn, to, true); err != nil {
		return fmt.Errorf("%s: copy it to %s before it is migrated to schema %d: %w", path, to, len(migrations), err)
	}
	return nil
}

// advance does all migrations that are due, and notes them, in one transaction: when one fails the file stays as it was.
func advance(ctx context.Context, conn *sql.Conn, path string, version int) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return refused(path, err)
	}
	defer tx.Rollback() // has no effect after Commit
	for ; version < len(migrations); version++ {
		note := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version+1)
		for _, q := range []string{migrations[version], note} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("%s: migrate to schema %d: %w; the file is as it was: start the Bellhop that wrote it", path, version+1, fault(err))
			}
		}
	}
	return tx.Commit()
}

// schemaVersion returns how many migrations the database has had: 0 when it is new.
func schemaVersion(ctx context.Context, conn *sql.Conn, path string) (int, error) {
	var version, application, objects int
	err := conn.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)`).Scan(&version, &application, &objects)
	switch {
	case err != nil:
		return 0, refused(path, err)
	case application == applicationID:
		return version, nil
	case application == 0 && version == 0 && objects == 0:
		return 0, nil
	}
	return 0, fmt.Errorf("%s is an SQLite database of another program: name another file", path)
}
