package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReadDelivery reads a delivery while a store is open on the database.
func TestReadDelivery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bellhop.db")
	if _, err := ReadDelivery(ctx, path, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no database: %v", err)
	}
	must(t, os.WriteFile(path, nil, 0o600))
	if _, err := ReadDelivery(ctx, path, "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an empty one: %v", err)
	}
	s := openSQLite(t, path)
	d := delivery(1)
	keep(t, s, d)
	got, err := ReadDelivery(ctx, path, d.GUID)
	must(t, err)
	equal(t, "body", string(got.Body), string(d.Body))
	equal(t, "event", got.Event, d.Event)
	if _, err := ReadDelivery(ctx, path, "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such delivery: %v", err)
	}
}
