package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
)

// ReadDelivery reads one delivery, by its GUID, from the database in the file at path. A store that is open on it, in this process or
// another, works on meanwhile. The error of one that is not there is ErrNotFound. Its body is nil where that has left.
func ReadDelivery(ctx context.Context, path, guid string) (*Delivery, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	// Not mode ro: where no store is open, the first to come makes the files beside the database.
	db, err := sql.Open("sqlite", dsn(path, "rw", "busy_timeout(10000)", "query_only(ON)"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, refused(path, err)
	}
	defer conn.Close()
	switch version, err := schemaVersion(ctx, conn, path); {
	case err != nil:
		return nil, err
	case version == 0:
		return nil, fmt.Errorf("delivery %s: %w", guid, ErrNotFound)
	}
	var d Delivery
	var packed []byte
	if err := d.scan(conn.QueryRowContext(ctx, selectByGUID, guid).Scan, &packed); err != nil {
		return nil, fmt.Errorf("delivery %s: %w", guid, fault(notFound(err)))
	}
	if packed == nil {
		return &d, nil
	}
	p, err := newPress()
	if err != nil {
		return nil, err
	}
	defer p.close()
	if d.Body, err = p.unpack(packed); err != nil {
		return nil, fmt.Errorf("delivery %s: %w", guid, err)
	}
	return &d, nil
}
