package queue

import (
	"database/sql"
	"fmt"
	"testing"

	"modernc.org/sqlite"
)

func TestStatementsAreKept(t *testing.T) {
	connector, err := sqlite.NewConnector("file:/thrifty?vfs=memdb")
	must(t, err)
	db := sql.OpenDB(thrifty{connector})
	defer db.Close()
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	must(t, err)
	defer conn.Close()
	kept := func() (n int) {
		must(t, conn.Raw(func(c any) error { n = len(c.(*thriftyConn).kept); return nil }))
		return n
	}
	exec := func(query string, args ...any) {
		t.Helper()
		_, err := conn.ExecContext(ctx, query, args...)
		must(t, err)
	}
	exec("CREATE TABLE t (n INTEGER)")
	for i := range 10 {
		exec("INSERT INTO t VALUES (?)", i)
	}
	if n := kept(); n != 2 {
		t.Errorf("%d statements are kept, want 2", n)
	}

	// The same statement inside itself: neither disturbs the other.
	const query = "SELECT n FROM t WHERE n >= ? ORDER BY n"
	outer, err := conn.QueryContext(ctx, query, 5)
	must(t, err)
	var got []int
	for outer.Next() {
		var n, m int
		must(t, outer.Scan(&n))
		must(t, conn.QueryRowContext(ctx, query, n-5).Scan(&m))
		got = append(got, n, m)
	}
	must(t, outer.Err())
	must(t, outer.Close())
	if fmt.Sprint(got) != "[5 0 6 1 7 2 8 3 9 4]" {
		t.Errorf("got %v", got)
	}

	// A kept statement follows a change of its table, and fails as one that is not kept.
	exec("ALTER TABLE t ADD COLUMN m INTEGER DEFAULT 7")
	var n, m int
	must(t, conn.QueryRowContext(ctx, "SELECT * FROM t").Scan(&n, &m))
	exec("CREATE UNIQUE INDEX u ON t (n)")
	for range 2 {
		if _, err := conn.ExecContext(ctx, "INSERT INTO t VALUES (?)", 1); err == nil {
			t.Error("inserted twice")
		}
	}
	if _, err := conn.ExecContext(ctx, "NONSENSE"); err == nil {
		t.Error("nonsense is prepared")
	}
	for i := range maxStatements + 50 {
		must(t, conn.QueryRowContext(ctx, fmt.Sprintf("SELECT %d", i)).Scan(&n))
		if n != i {
			t.Fatalf("got %d, want %d", n, i)
		}
	}
	if n := kept(); n != maxStatements {
		t.Errorf("%d statements are kept, want %d", n, maxStatements)
	}
}
