package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bellhop/rules"
)

// TestFullDisk lets the database grow no further: what does not fit is refused whole, what is there is read, and once there
// is room all goes on.
func TestFullDisk(t *testing.T) {
	s := openSQLite(t, filepath.Join(t.TempDir(), "bellhop.db"))
	v := keep(t, s, delivery(0))
	pages := func(limit int) {
		t.Helper()
		// The limit cannot be below what is used.
		if _, err := s.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", limit)); err != nil {
			t.Fatal(err)
		}
	}
	pages(1)
	kept := fillDisk(t, s)
	if err := s.WritePlan(ctx, Plan{Visit: v.ID, Subject: v.Subject, Steps: []rules.Step{step("r", "comment", fmt.Sprintf("%q", payload(1)), false)}}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("plan: %v", err)
	}
	equal(t, "no half plan", one[[]Step](t)(s.Steps(ctx, v.ID)), []Step(nil))
	pages(1 << 30)
	roomAgain(t, s, kept)
}

// fillDisk keeps deliveries until they do not fit, and returns how many did.
func fillDisk(t *testing.T, s Store) int {
	t.Helper()
	for n := 1; ; n++ {
		d := delivery(n)
		d.Body = noise(n)
		_, err := s.Keep(ctx, d)
		switch {
		case err == nil && n < 1000:
			continue
		case !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "the disk is full: make room"):
			t.Fatalf("delivery %d: %v", n, err)
		}
		if _, err := s.DeliveryByGUID(ctx, d.GUID); !errors.Is(err, ErrNotFound) {
			t.Errorf("half of a delivery is there: %v", err)
		}
		return n - 1
	}
}

// noise is 50 KB that cannot be made smaller.
func noise(n int) []byte {
	body := make([]byte, 50<<10)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(body)
	return body
}

// roomAgain expects that n deliveries and the one before them are there, and that more can be kept.
func roomAgain(t *testing.T, s Store, n int) {
	t.Helper()
	must(t, s.Writable(ctx))
	equal(t, "counts", one[Counts](t)(s.Counts(ctx)), Counts{Deliveries: int64(n + 1), Waiting: int64(n + 1)})
	keep(t, s, delivery(n+1))
	for i := range n + 2 {
		one[*Delivery](t)(s.DeliveryByGUID(ctx, fmt.Sprintf("guid-%d", i)))
	}
}

// TestFullTmpfs is TestFullDisk on a disk that is really full.
func TestFullTmpfs(t *testing.T) {
	dir := mount(t, "size=2m")
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 512<<10), 0o600))
	s := openSQLite(t, filepath.Join(dir, "bellhop.db"))
	keep(t, s, delivery(0))
	n := fillDisk(t, s)
	if n == 0 {
		t.Error("nothing fitted")
	}
	must(t, os.Remove(ballast))
	roomAgain(t, s, n)
}

// mount mounts a small file system of its own, which only root can.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("needs root on Linux")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "none", dir).CombinedOutput(); err != nil {
		t.Skipf("mount: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	return dir
}

func TestReadOnlyDisk(t *testing.T) {
	dir := mount(t, "size=2m")
	path := filepath.Join(dir, "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	must(t, s.Close())
	if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Skipf("remount: %s", out)
	}
	if _, err := OpenSQLite(path, Options{}); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "how the disk is mounted") {
		t.Errorf("got %v", err)
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s := openSQLite(t, path)
	keep(t, s, delivery(1))
	if _, err := s.writer.conn.ExecContext(ctx, "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	other, err := db.Conn(context.Background())
	must(t, err)
	defer other.Close()
	if _, err := other.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keep(ctx, delivery(2)); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "another program has locked the database") {
		t.Errorf("got %v", err)
	}
	one[*Delivery](t)(s.DeliveryByGUID(ctx, "guid-1"))
	if _, err := other.ExecContext(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	keep(t, s, delivery(2))
}

// TestDamage writes over the middle of a database. It is found when the file is opened, and when it is backed up.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	s, err := OpenSQLite(path, Options{})
	must(t, err)
	for i := range 200 {
		keep(t, s, delivery(i))
	}
	must(t, s.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	info, err := f.Stat()
	must(t, err)
	for at := int64(2 * pageSize); at < info.Size(); at += pageSize {
		_, err = f.WriteAt([]byte(strings.Repeat("\xff", 200)), at)
		must(t, err)
	}
	must(t, f.Close())
	for what, try := range map[string]func() error{
		"open":   func() error { _, err := OpenSQLite(path, Options{}); return err },
		"backup": func() error { return BackupSQLite(ctx, path, path+".backup") },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "put back the last backup") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(path + ".backup"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a backup of it is left: %v", err)
	}
}
