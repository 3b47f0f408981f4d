package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
)

// memories tells the databases of one process apart.
var memories atomic.Int64

// openMemory makes an engine over an SQLite database in memory.
//
// The database lives as long as a connection to it does. River's own connection does not suffice: its driver drops it when a
// context ends at the wrong moment (riversqlite, Executor.Begin). So a second one is held and never used.
func openMemory(ctx context.Context, q *Queue) (engine, error) {
	name := fmt.Sprintf("file:/bellhop-jobs-%d?vfs=memdb&_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)&_pragma=temp_store(MEMORY)&_txlock=immediate", memories.Add(1))
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db, keeper := sql.OpenDB(thrifty{connector}), sql.OpenDB(connector)
	closeAll := func() error { return errors.Join(db.Close(), keeper.Close()) }
	// River's parts work at the same time, SQLite does not: with more connections they fail with "database is locked".
	db.SetMaxOpenConns(1)
	keeper.SetMaxOpenConns(1)
	if err := createTables(ctx, keeper); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	e := &riverEngine[quiet, *sql.Tx]{
		queue: q,
		begin: func(ctx context.Context) (*sql.Tx, error) { return db.BeginTx(ctx, nil) },
		finish: func(_ context.Context, tx *sql.Tx, commit bool) error {
			if commit {
				return tx.Commit()
			}
			return tx.Rollback()
		},
		close: closeAll,
	}
	if err := e.newClient(quiet{riversqlite.New(db)}); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return e, nil
}

func createTables(ctx context.Context, db *sql.DB) error {
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("create River's tables: %w", err)
	}
	return nil
}

// quiet is River's driver without its listener. That polls a table every 50 ms for news from other processes; here all
// inserts come from this one, and without a listener River's client tells its workers of them at once.
type quiet struct{ *riversqlite.Driver }

func (quiet) SupportsListener() bool     { return false }
func (quiet) SupportsListenNotify() bool { return false }
