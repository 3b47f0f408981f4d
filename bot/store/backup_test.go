package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestBackup makes a copy while deliveries come in. A store on the copy has what was there when it began, and goes on from it.
func TestBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	for i := range 100 {
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
	to := filepath.Join(t.TempDir(), "backup.db")
	must(t, BackupSQLite(ctx, path, to))
	close(stop)
	writing.Wait()
	info, err := os.Stat(to)
	must(t, err)
	equal(t, "mode", info.Mode().Perm(), os.FileMode(0o600))
	if err := BackupSQLite(ctx, path, to); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "name a new file") {
		t.Errorf("over a backup: %v", err)
	}

	b := openSQLite(t, to)
	counts := one[Counts](t)(b.Counts(ctx))
	if counts.Waiting < 100 || counts.Waiting != counts.Deliveries {
		t.Errorf("%+v", counts)
	}
	for i := range 100 {
		equal(t, "body", string(one[*Delivery](t)(b.DeliveryByGUID(ctx, fmt.Sprintf("guid-%d", i))).Body), string(delivery(i).Body))
	}
	last := one[[]Delivery](t)(b.Deliveries(ctx, Filter{Limit: 1}))[0]
	next := delivery(1_000_000)
	keep(t, b, next)
	if next.ID <= last.ID {
		t.Errorf("ID %d after %d", next.ID, last.ID)
	}
}

func TestBackupOfAStoreThatIsClosed(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "bellhop.db"), filepath.Join(dir, "backup.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	keep(t, s, delivery(1))
	must(t, s.Close())
	must(t, BackupSQLite(ctx, path, to))
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	equal(t, "files", left, []string{to, path, path + ".lock"})
	one[*Delivery](t)(openSQLite(t, to).DeliveryByGUID(ctx, "guid-1"))
}

func TestBackupOfNothing(t *testing.T) {
	dir := t.TempDir()
	if err := BackupSQLite(ctx, filepath.Join(dir, "none.db"), filepath.Join(dir, "to.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	empty := filepath.Join(dir, "empty.db")
	must(t, os.WriteFile(empty, nil, 0o600))
	if err := BackupSQLite(ctx, empty, filepath.Join(dir, "to.db")); err == nil || !strings.Contains(err.Error(), "nothing to back up") {
		t.Errorf("an empty file: %v", err)
	}
	text := filepath.Join(dir, "text.db")
	must(t, os.WriteFile(text, []byte(strings.Repeat("my thesis ", 1000)), 0o600))
	if err := BackupSQLite(ctx, text, filepath.Join(dir, "to.db")); err == nil || !strings.Contains(err.Error(), "nor any SQLite database") {
		t.Errorf("a text: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "to.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}
