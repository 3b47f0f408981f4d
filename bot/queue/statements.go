package queue

import (
	"context"
	"database/sql/driver"
)

// maxStatements bounds what a connection keeps prepared. River has about fifty statements.
const maxStatements = 200

// thrifty makes connections that prepare a statement once and keep it. River's SQLite driver hands over the text of its long
// statements each time, and parsing them took two thirds of the time of a job.
type thrifty struct{ driver.Connector }

func (t thrifty) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := t.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &thriftyConn{fullConn: c.(fullConn), kept: map[string]*statement{}}, nil
}

// fullConn is all that modernc.org/sqlite's connections can do for database/sql.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// thriftyConn is used by one goroutine at a time, as database/sql promises.
type thriftyConn struct {
	fullConn
	kept map[string]*statement
}

// statement is a prepared statement. It is busy while rows of it are read, and must not be begun again then.
type statement struct {
	driver.Stmt
	busy bool
}

// statement returns a prepared statement that may be begun, or nil when the connection has to do without.
func (c *thriftyConn) statement(ctx context.Context, query string) (*statement, error) {
	s := c.kept[query]
	if s == nil && len(c.kept) < maxStatements {
		prepared, err := c.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		s = &statement{Stmt: prepared}
		c.kept[query] = s
	}
	if s == nil || s.busy {
		return nil, nil
	}
	return s, nil
}

func (c *thriftyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (c *thriftyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &statementRows{Rows: rows, s: s}, nil
}

func (c *thriftyConn) Close() error {
	for _, s := range c.kept {
		s.Close() // the connection's error tells
	}
	return c.fullConn.Close()
}

// statementRows gives its statement back when it is closed.
type statementRows struct {
	driver.Rows
	s *statement
}

func (r *statementRows) Close() error {
	r.s.busy = false
	return r.Rows.Close()
}
