package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// Options bound what a store takes on. The zero value is good.
type Options struct {
	Waiting      int   // writes that may wait for their commit; 4096 when 0
	WaitingBytes int64 // bytes of compressed bodies that may wait; 64 MiB when 0
	Readers      int   // reads at once; 4 when 0
}

// OpenSQLite opens the store in the file at path, and makes it when it is not there, readable by its owner only. The file
// must be on a local disk; beside it are path-wal and path-shm, which belong to it, and path.lock, which keeps a second
// process (or a second OpenSQLite) out as long as the store is open. Errors name the file and say what to do.
func OpenSQLite(path string, o Options) (Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := onLocalDisk(path); err != nil {
		return nil, err
	}
	lock, err := take(path)
	if err != nil {
		return nil, err
	}
	s := &sqliteStore{lock: lock, changed: make(chan struct{})}
	if err := s.open(path, o); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

// sqliteStore is the Store on one SQLite file. Deliveries, visits, plans, memory and configs have their methods in files of
// these names.
type sqliteStore struct {
	lock   *flock.Flock
	press  *press
	reader *sql.DB // many connections, read only
	reads  map[string]*sql.Stmt
	db     *sql.DB // the writer's one connection
	writer *writer

	deliveries atomic.Int64 // how many are stored

	mu      sync.Mutex
	changed chan struct{}
	closing sync.Once
}

// take locks path for this process and sees to it that the file exists with the right mode.
func take(path string) (*flock.Flock, error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	if !ok {
		return nil, fmt.Errorf("%s is in use: another process holds %s; stop it, or name another file", path, lock.Path())
	}
	// SQLite gives its other files the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// syncFolder makes the names of new files in a folder durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there, and need not be
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s *sqliteStore) open(path string, o Options) (err error) {
	// Where it exists (not on macOS and Windows) fdatasync is as durable here and cheaper than fsync.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return err
	}
	if s.press, err = newPress(); err != nil {
		return err
	}
	ctx := context.Background()
	if s.db, err = sql.Open("sqlite", dsn(path, "rw", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(10000)",
		"temp_store(MEMORY)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-65536)")); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return unreadable(path, err)
	}
	if err := migrate(ctx, conn, path); err != nil {
		return errors.Join(err, conn.Close())
	}
	var stored int64
	if err := conn.QueryRowContext(ctx, countAll).Scan(&stored); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), conn.Close())
	}
	s.deliveries.Store(stored)
	if err := s.openReader(ctx, path, limit(o.Readers, 4)); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), conn.Close())
	}
	bytes := o.WaitingBytes
	if bytes <= 0 {
		bytes = 64 << 20
	}
	s.writer = newWriter(conn, limit(o.Waiting, 4096), bytes, s.announce)
	return nil
}

// openReader makes the pool for reads and prepares all of them, so that a mistake in one shows at once.
func (s *sqliteStore) openReader(ctx context.Context, path string, readers int) (err error) {
	if s.reader, err = sql.Open("sqlite", dsn(path, "ro", "busy_timeout(10000)", "cache_size(-8192)")); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	s.reads = map[string]*sql.Stmt{}
	for _, q := range []string{selectDelivery, selectByGUID, countVisits, selectDue, selectNextDue, selectWaiting, selectVisits,
		selectSteps, selectDid, selectDecisions, selectMemory, selectConfigs, selectDueTimers, selectTimersOn, selectNextTimer, selectTimes, selectRepositories} {
		if s.reads[q], err = s.reader.PrepareContext(ctx, q); err != nil {
			return fmt.Errorf("prepare %q: %w", q, err)
		}
	}
	return nil
}

// dsn names an SQLite file. mode is rw or ro.
func dsn(path, mode string, pragmas ...string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}
	u.RawQuery = url.Values{"mode": {mode}, "_pragma": pragmas}.Encode()
	return u.String()
}

// announce tells those who wait for a change.
func (s *sqliteStore) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *sqliteStore) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Close commits what was handed over, then closes the files. Reads that run are waited for.
func (s *sqliteStore) Close() (err error) {
	s.closing.Do(func() { err = s.release() })
	return err
}

// release frees what open got, also when it got half way only.
func (s *sqliteStore) release() error {
	var errs []error
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	// The last connection empties the log into the database and deletes it.
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.press != nil {
		s.press.close()
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// query runs a prepared read and hands each row to scan.
func (s *sqliteStore) query(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := s.reads[query].QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// toMicro is how a time is stored: microseconds since 1970, 0 for the zero time.
func toMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
