package store

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bellhop/rules"
)

var update = flag.Bool("update", false, "write the databases of schema versions that testdata lacks")

// TestVersions opens a database of each version that the schema had before, as it is stored in testdata, and works on with it.
// Those files are made once, by the migrations of their time, and never change. A new migration calls for one more:
//
//	go test ./bot/store -run TestVersions -update
func TestVersions(t *testing.T) {
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	f, err := OpenSQLite(fresh, Options{})
	must(t, err)
	must(t, f.Close())
	want := schemaOf(t, fresh)
	for version := 1; version < len(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bellhop.db")
			raw(t, path, oldDatabase(t, version))
			s, err := OpenSQLite(path, Options{})
			must(t, err)
			worksOn(t, s)
			must(t, s.Close())
			equal(t, "schema", schemaOf(t, path), want)
			if _, err = os.Stat(fmt.Sprintf("%s.schema-%d", path, version)); err != nil {
				t.Errorf("no copy was made before: %v", err)
			}
		})
	}
}

// worksOn looks at the three deliveries that each stored database has, and ends what waits.
func worksOn(t *testing.T, s Store) {
	t.Helper()
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: 3, Waiting: 1, Dead: 1})
	for guid, want := range map[string]State{"old-1": Waiting, "old-2": Done, "old-3": Dead} {
		d := one[*Delivery](t)(s.DeliveryByGUID(ctx, guid))
		equal(t, guid, []any{d.State, string(d.Body), d.Received}, []any{want, string(oldBody), noon})
	}
	due := one[[]Visit](t)(s.Due(ctx, noon, 0, 0))
	if len(due) != 1 || !due[0].Planned {
		t.Fatalf("due: %+v", due)
	}
	steps := one[[]Step](t)(s.Steps(ctx, due[0].ID))
	equal(t, "steps", []any{len(steps), steps[0].State, steps[0].Step.Kind, steps[1].State}, []any{2, Done, "label", Waiting})
	equal(t, "decisions", one[[]Decision](t)(s.Decisions(ctx, "70#1", 0))[0].Rule, "r")
	m := one[rules.Memory](t)(s.Memory(ctx, "70#1"))
	equal(t, "memory", []any{m.Held, m.Put}, []any{map[string]bool{"r": true}, []rules.Put{{Rule: "r", Kind: "label", Key: "x"}}})
	equal(t, "config", one[[]Config](t)(s.Configs(ctx, 70))[0].SHA, "abc")

	must(t, s.StepTried(ctx, steps[1].ID, noon))
	must(t, s.FinishStep(ctx, "70#1", steps[1], StepResult{State: Done, At: noon}))
	must(t, s.Finish(ctx, Done, "", due[0].ID))
	next := delivery(1)
	v := keep(t, s, next)
	must(t, s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Decisions: []rules.Decision{{Rule: "r"}}, Wakes: []Timer{timer("70#1", "r", Wake, 0)}}))
	must(t, s.SaveConfig(ctx, Config{RepositoryID: 71, Path: ".github/bot.toml"}))
	equal(t, "gone", one[Expired](t)(s.ExpireDeliveries(ctx, next.Received, next.Received, 0, 0)).Gone, 3)
}

// schemaOf lists what a database consists of. Spaces do not count.
func schemaOf(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var list []string
	rows, err := db.Query("SELECT coalesce(sql, name) FROM sqlite_schema UNION ALL SELECT 'damage: ' || \"table\" FROM pragma_foreign_key_check UNION ALL SELECT 'damage: ' || quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'")
	must(t, err)
	must(t, each(rows, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		list = append(list, strings.Join(strings.Fields(text), " "))
		return err
	}))
	slices.Sort(list)
	return list
}

var oldBody = []byte(`{"action":"opened","issue":{"number":1}}`)

// oldDatabase is the SQL that makes a database of a version. With -update one that is missing is made of the one before.
func oldDatabase(t *testing.T, version int) string {
	t.Helper()
	name := filepath.Join("testdata", fmt.Sprintf("schema-%d.sql", version))
	text, err := os.ReadFile(name)
	if err == nil {
		return string(text)
	}
	if !*update || !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v; make it with: go test ./bot/store -run TestVersions -update", err)
	}
	path := filepath.Join(t.TempDir(), "made.db")
	if version > 1 {
		raw(t, path, oldDatabase(t, version-1))
	}
	raw(t, path, migrations[version-1], fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))
	if version == 1 {
		fillFirst(t, path)
	}
	fillEmpty(t, path)
	made := dump(t, path)
	must(t, os.MkdirAll("testdata", 0o755))
	must(t, os.WriteFile(name, []byte(made), 0o644))
	return made
}

// fillFirst puts three deliveries into a database of the first version: one that waits in the middle of its plan, one that is
// done, one that is dead.
func fillFirst(t *testing.T, path string) {
	t.Helper()
	p, err := newPress()
	must(t, err)
	defer p.close()
	body := one[[]byte](t)(p.pack(oldBody))
	var q strings.Builder
	for i, state := range []State{Waiting, Done, Dead} {
		id := i + 1
		fmt.Fprintf(&q, `INSERT INTO deliveries VALUES (%d, 'old-%d', 'issues', 'opened', 7, 70, 'acme/app', '70#%d', 'octocat', 'webhook', %d);`, id, id, id, toMicro(noon))
		fmt.Fprintf(&q, `INSERT INTO bodies VALUES (%d, x'%x');`, id, body)
		fmt.Fprintf(&q, `INSERT INTO visits VALUES (%d, %d, '70#%d', 7, 70, '%s', 1, 0, 'a reason', 1);`, id, id, id, state)
		fmt.Fprintf(&q, `INSERT INTO decisions VALUES (%d, %d, '70#%d', '{"Rule":"r"}', 2, 'abc', %d);`, id, id, id, toMicro(noon))
		fmt.Fprintf(&q, `INSERT INTO steps VALUES (%d, %d, 0, '{"Rule":"r","Kind":"label","Args":{}}', 'done', 1, 'https://github.com/acme/app/issues/1', '', %d);`, 2*id-1, id, toMicro(noon))
		fmt.Fprintf(&q, `INSERT INTO steps VALUES (%d, %d, 1, '{"Rule":"r","Kind":"label","Args":{}}', '%s', 0, '', '', %d);`, 2*id, id, state, toMicro(noon))
	}
	q.WriteString(`INSERT INTO held VALUES ('70#1', 'r', 1); INSERT INTO puts VALUES ('70#1', 'r', 'label', 'x');`)
	q.WriteString(`INSERT INTO configs VALUES (70, 'acme/app', 'abc', 'abc', x'23', '', 0);`)
	raw(t, path, q.String())
}

// fillEmpty puts one row into each table that has none.
func fillEmpty(t *testing.T, path string) {
	t.Helper()
	for _, table := range column(t, path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid") {
		values := column(t, path, fmt.Sprintf("SELECT CASE type WHEN 'INTEGER' THEN '1' WHEN 'BLOB' THEN 'x''7b7d''' ELSE '''x''' END FROM pragma_table_info('%s') ORDER BY cid", table))
		raw(t, path, fmt.Sprintf("INSERT INTO %s SELECT %s WHERE NOT EXISTS (SELECT 1 FROM %s)", table, strings.Join(values, ", "), table))
	}
}

// dump is a database as SQL.
func dump(t *testing.T, path string) string {
	t.Helper()
	lines := []string{
		fmt.Sprintf("PRAGMA application_id = %d;", applicationID),
		"PRAGMA user_version = " + column(t, path, "SELECT user_version FROM pragma_user_version")[0] + ";",
	}
	for _, text := range column(t, path, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid") {
		lines = append(lines, text+";")
	}
	for _, table := range column(t, path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence') ORDER BY name = 'sqlite_sequence', rowid") {
		if table == "sqlite_sequence" {
			lines = append(lines, "DELETE FROM sqlite_sequence;")
		}
		quoted := column(t, path, fmt.Sprintf("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('%s') ORDER BY cid", table))
		for _, row := range column(t, path, fmt.Sprintf("SELECT %s FROM %s ORDER BY 1", strings.Join(quoted, " || ', ' || "), table)) {
			lines = append(lines, fmt.Sprintf("INSERT INTO %s VALUES (%s);", table, row))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// column runs a query of one column.
func column(t *testing.T, path, query string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	rows, err := db.Query(query)
	must(t, err)
	var list []string
	must(t, each(rows, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		list = append(list, text)
		return err
	}))
	return list
}
