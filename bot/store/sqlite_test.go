package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bellhop/rules"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		keepUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

func openSQLite(t testing.TB, path string) *sqliteStore {
	t.Helper()
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*sqliteStore)
}

// raw runs SQL on a file as another program would.
func raw(t testing.TB, path string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	d := delivery(1)
	v := keep(t, s, d)
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Steps: []rules.Step{step("r", "label", `{}`, false)}, Memory: rules.Memory{Held: map[string]bool{"r": true}}}))
	must(t, s.Close())
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left behind after Close: %v", err)
	}

	s = openSQLite(t, path)
	equal(t, "body", string(one[*Delivery](t)(s.Delivery(ctx, d.ID)).Body), string(d.Body))
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 1, Waiting: 1})
	equal(t, "steps", len(one[[]Step](t)(s.Steps(ctx, v.ID))), 1)
	equal(t, "known", one[State](t)(s.Keep(ctx, delivery(1))), Waiting)
	next := delivery(2)
	keep(t, s, next)
	if next.ID <= d.ID {
		t.Errorf("ID %d after %d", next.ID, d.ID)
	}
}

// TestAbruptEnd copies the files while the store is open and writes go on, as a crash leaves them: what was answered is in the
// copy.
func TestAbruptEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	for i := range 300 {
		keep(t, s, delivery(i))
	}
	stop, writing := make(chan struct{}), sync.WaitGroup{}
	writing.Go(func() {
		for i := 1000; ; i++ {
			select {
			case <-stop:
				return
			default:
				if _, err := s.Keep(ctx, delivery(i)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	// The log last: the database file is rewritten from it, never ahead of it.
	crashed := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, path+suffix, crashed+suffix)
	}
	close(stop)
	writing.Wait()

	c := openSQLite(t, crashed)
	for i := range 300 {
		d := one[*Delivery](t)(c.DeliveryByGUID(ctx, fmt.Sprintf("guid-%d", i)))
		equal(t, "body", string(d.Body), string(delivery(i).Body))
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	r, err := os.Open(from)
	must(t, err)
	defer r.Close()
	w, err := os.Create(to)
	must(t, err)
	_, err = io.Copy(w, r)
	must(t, errors.Join(err, w.Close()))
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	_, err = OpenSQLite(path, Options{})
	if want := fmt.Sprintf("%s is in use: process %d holds %s.lock", path, os.Getpid(), path); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second open: %v", err)
	}
	keep(t, s, delivery(1)) // the first is not disturbed
	must(t, s.Close())
	openSQLite(t, path) // and the lock goes with it
}

func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	keep(t, s, delivery(1))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + suffix)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, others could read it", path+suffix, info.Mode().Perm())
		}
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "ü?x=1&y#z%20.db", "semi;colon'quote.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := openSQLite(t, path)
		keep(t, s, delivery(1))
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name, want string
		make       func(t *testing.T, path string)
	}{
		{"no database", "is not a Bellhop database, nor any SQLite database", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(strings.Repeat("my thesis ", 1000)), 0o600))
		}},
		{"short file", "is not a Bellhop database, nor any SQLite database", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte("hello"), 0o600))
		}},
		{"other program", "is an SQLite database of another program", func(t *testing.T, path string) {
			raw(t, path, "CREATE TABLE songs (title TEXT)")
		}},
		{"other program with an application ID", "is an SQLite database of another program", func(t *testing.T, path string) {
			raw(t, path, "PRAGMA application_id = 7", "CREATE TABLE songs (title TEXT)")
		}},
		{"newer schema", fmt.Sprintf("was written by a newer Bellhop (schema 1000, this one knows %d)", len(migrations)), func(t *testing.T, path string) {
			s, err := OpenSQLite(path, Options{})
			must(t, err)
			must(t, s.Close())
			raw(t, path, "PRAGMA user_version = 1000")
		}},
		{"folder", "is a directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			test.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := OpenSQLite(path, Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want %q and the path", err, test.want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the refused file was changed")
			}
			// The lock is free again.
			must(t, os.RemoveAll(path))
			openSQLite(t, path)
		})
	}
	if _, err := OpenSQLite(filepath.Join(t.TempDir(), "no", "such", "folder.db"), Options{}); err == nil || !strings.Contains(err.Error(), "folder.db") {
		t.Errorf("missing folder: %v", err)
	}
}

// TestMigration has a migration fail, with a good one before it, and then go well.
func TestMigration(t *testing.T) {
	all := migrations
	defer func() { migrations = all }()
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	keep(t, s, delivery(1))
	must(t, s.Close())

	migrations = append(all[:len(all):len(all)], "CREATE TABLE extra (id INTEGER PRIMARY KEY)", "INSERT INTO extra VALUES (1); THIS FAILS")
	if _, err := OpenSQLite(path, Options{}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("migrate to schema %d", len(all)+2)) {
		t.Fatalf("broken migration: %v", err)
	}
	// Nothing is left of them: the Bellhop before starts on the file.
	migrations = all
	s, err = OpenSQLite(path, Options{})
	must(t, err)
	must(t, s.Close())
	migrations = append(all[:len(all):len(all)], "CREATE TABLE extra (id INTEGER PRIMARY KEY)", "INSERT INTO extra VALUES (1)")
	s2 := openSQLite(t, path)
	equal(t, "delivery", one[*Delivery](t)(s2.DeliveryByGUID(ctx, "guid-1")).State, Waiting)
	var version, rows int
	must(t, s2.reader.QueryRow("SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM extra)").Scan(&version, &rows))
	equal(t, "version and rows", []int{version, rows}, []int{len(all) + 2, 1})

	// The copy from before is a database for the Bellhop before.
	migrations = all
	info, err := os.Stat(fmt.Sprintf("%s.schema-%d", path, len(all)))
	must(t, err)
	equal(t, "mode of the copy", info.Mode().Perm(), os.FileMode(0o600))
	copied := openSQLite(t, fmt.Sprintf("%s.schema-%d", path, len(all)))
	equal(t, "delivery", one[*Delivery](t)(copied.DeliveryByGUID(ctx, "guid-1")).State, Waiting)
	left, err := filepath.Glob(path + "*.part")
	must(t, err)
	equal(t, "left behind", left, []string(nil))
}

// TestDurability holds the settings that durability rests on.
func TestDurability(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "application_id": fmt.Sprint(applicationID), "page_size": fmt.Sprint(pageSize)} {
		var got string
		must(t, s.writer.conn.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got))
		equal(t, pragma, got, want)
	}
	if _, err := s.reader.Exec("DELETE FROM deliveries"); err == nil {
		t.Error("a reader can write")
	}
}

// TestPlans asks SQLite how it answers: nothing that is read often may scan a table.
func TestPlans(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	list := func(f Filter) string { q, _ := selectDeliveries(f); return q }
	for _, test := range []struct {
		name, query string
		scans       string // the one scan that is meant
	}{
		{"delivery", selectDelivery, ""},
		{"by GUID", selectByGUID, ""},
		{"known", knownDelivery, ""},
		{"due", selectDue, ""},
		{"next due", selectNextDue, ""},
		{"waiting on", selectWaiting, ""},
		{"visits", selectVisits, ""},
		{"steps", selectSteps, ""},
		{"done since", selectDoneSince, ""},
		{"decisions", selectDecisions, ""},
		{"memory", selectMemory, ""},
		{"configs", selectConfigs, ""},
		{"known GUID", selectKnown, ""},
		{"newest on a subject", selectNewestOn, ""},
		{"decisions of a visit", selectDecisionsOf, ""},
		{"counts", countVisits, "SCAN visits USING COVERING INDEX visits_"},
		{"deliveries that wait", list(Filter{State: Waiting}), "SCAN visits USING"},
		{"dead deliveries", list(Filter{State: Dead}), "SCAN visits USING"},
		{"deliveries on a subject", list(Filter{Subject: "x"}), ""},
		{"recall", recallVisits, ""},
		{"take a delivery away", expireDelivery, ""},
		{"take a body away", expireBody, ""},
		{"old deliveries", selectOld, ""},
		{"old bodies", selectOldBodies, ""},
		{"ended subjects", selectEnded, ""},
		{"take an end away", takeEnded, ""},
		{"newest deliveries", list(Filter{}), "SCAN d"}, // from the end, until there are enough
	} {
		rows, err := s.reader.Query("EXPLAIN QUERY PLAN "+test.query, make([]any, strings.Count(test.query, "?"))...)
		if err != nil {
			rows, err = s.reader.Query("EXPLAIN QUERY PLAN "+test.query, nil)
		}
		must(t, err)
		must(t, each(rows, func(r *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			if strings.Contains(detail, "SCAN") && (test.scans == "" || !strings.Contains(detail, test.scans)) && !strings.Contains(detail, "SCAN CONSTANT ROW") {
				t.Errorf("%s: %s", test.name, detail)
			}
			if strings.Contains(detail, "B-TREE FOR ORDER BY") && strings.Contains(test.name, "due") {
				t.Errorf("%s sorts: %s", test.name, detail)
			}
			return err
		}))
	}
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	d := delivery(1)
	keep(t, s, d)
	inside, let := make(chan struct{}), make(chan struct{})
	written := make(chan error)
	go func() {
		written <- s.writer.do(context.Background(), func(b *batch) error {
			if err := b.run(saveConfig, 1, "", "", "", "", nil, "", 0); err != nil {
				return err
			}
			close(inside)
			<-let
			return nil
		})
	}()
	<-inside
	if _, err := s.Delivery(ctx, d.ID); err != nil {
		t.Error(err)
	}
	if list, err := s.Configs(ctx, 1); err != nil || len(list) > 0 {
		t.Errorf("a write is seen before its commit: %v, %v", list, err)
	}
	close(let)
	must(t, <-written)
}

// TestFileStopsGrowing keeps and lets go as much again and again: the space that leaves is used again.
func TestFileStopsGrowing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	size := func() int64 {
		t.Helper()
		var pages int64
		must(t, s.reader.QueryRow("SELECT page_count FROM pragma_page_count").Scan(&pages))
		return pages
	}
	var first int64
	for round := range 6 {
		for i := range 100 {
			d := delivery(round*1000 + i)
			d.Received, d.Body = noon.AddDate(0, 0, round), payload(i)
			must(t, s.Finish(ctx, Done, "", keep(t, s, d).ID))
		}
		equal(t, "gone", one[Expired](t)(s.ExpireDeliveries(ctx, noon.AddDate(0, 0, round), time.Time{}, 0, 1000)).Gone, min(round, 1)*100)
		if round == 1 {
			first = size()
		}
	}
	if last := size(); last > first+first/10 {
		t.Errorf("%d pages after two rounds, %d after six", first, last)
	}
}
