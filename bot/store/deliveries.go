package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

func (s *sqliteStore) Keep(ctx context.Context, d *Delivery) (State, error) {
	if d.GUID == "" {
		return "", errors.New("keep delivery: it has no GUID")
	}
	body, err := s.press.pack(d.Body)
	if err != nil {
		return "", fmt.Errorf("keep delivery %s: %w", d.GUID, err)
	}
	k := &keeping{d: *d, body: body}
	k.d.Body = nil
	if err := s.writer.try(&write{ctx: ctx, size: int64(len(body)), do: k.do, after: func() { s.count(k.known) }}); err != nil {
		return "", err
	}
	d.ID = k.id
	return k.known, nil
}

// count notes one delivery more, unless it was known.
func (s *sqliteStore) count(known State) {
	if known == "" {
		s.deliveries.Add(1)
	}
}

// keeping is a Keep on its way through the writer. It shares no memory with the caller, who may be gone before it is done.
type keeping struct {
	d     Delivery
	body  []byte
	id    int64
	known State
}

func (k *keeping) do(b *batch) error {
	k.id, k.known = 0, ""
	d := &k.d
	r, err := b.exec(insertDelivery, d.GUID, d.Event, d.Activity, d.Installation, d.RepositoryID, d.Repository, d.Subject, d.Sender, d.Source, toMicro(d.Received))
	if err != nil {
		return fmt.Errorf("keep delivery %s: %w", d.GUID, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, b.row(knownDelivery, d.GUID, &k.id, &k.known))
	}
	if k.id, err = r.LastInsertId(); err != nil {
		return err
	}
	if err := b.run(insertBody, k.id, k.body); err != nil {
		return fmt.Errorf("keep body of delivery %s: %w", d.GUID, err)
	}
	if err := b.run(insertVisit, k.id, d.Subject, d.Installation, d.RepositoryID); err != nil {
		return fmt.Errorf("keep visit of delivery %s: %w", d.GUID, err)
	}
	return nil
}

func (s *sqliteStore) Delivery(ctx context.Context, id int64) (*Delivery, error) {
	return s.delivery(ctx, selectDelivery, id)
}

func (s *sqliteStore) DeliveryByGUID(ctx context.Context, guid string) (*Delivery, error) {
	return s.delivery(ctx, selectByGUID, guid)
}

func (s *sqliteStore) delivery(ctx context.Context, query string, arg any) (*Delivery, error) {
	var d Delivery
	var packed []byte
	err := d.scan(s.reads[query].QueryRowContext(ctx, arg).Scan, &packed)
	if err != nil {
		return nil, fmt.Errorf("delivery %v: %w", arg, fault(notFound(err)))
	}
	if packed == nil { // its body has left before it
		return &d, nil
	}
	if d.Body, err = s.press.unpack(packed); err != nil {
		return nil, fmt.Errorf("delivery %v: %w", arg, err)
	}
	return &d, nil
}

func (s *sqliteStore) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	query, args := selectDeliveries(f)
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", fault(err))
	}
	var list []Delivery
	err = each(rows, func(r *sql.Rows) error {
		var d Delivery
		err := d.scan(r.Scan)
		list = append(list, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", fault(err))
	}
	return list, nil
}

// scan reads deliveryColumns, and more columns that follow them.
func (d *Delivery) scan(row func(...any) error, more ...any) error {
	var received int64
	err := row(append([]any{&d.ID, &d.GUID, &d.Event, &d.Activity, &d.Installation, &d.RepositoryID, &d.Repository, &d.Subject, &d.Sender, &d.Source,
		&received, &d.State, &d.Reason}, more...)...)
	d.Received = fromMicro(received)
	if d.State != Dead { // one of its visits is dead, but another waits
		d.Reason = ""
	}
	return err
}

func (s *sqliteStore) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Deliveries: s.deliveries.Load()}
	if err := s.row(ctx, countVisits, nil, &c.Waiting, &c.Dead); err != nil {
		return Counts{}, fmt.Errorf("count: %w", err)
	}
	return c, nil
}
