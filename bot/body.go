package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Bodies up to smallBody are read at once; nearly all of GitHub's are below 30 KB. Anybody can send larger ones, and nothing
// is known of the sender before the whole body is here, so that only largeBodies of them are in memory at a time.
const (
	smallBody   = 128 << 10
	largeBodies = 16
	largeWait   = 3 * time.Second // how long the next large body waits for its turn
)

var errBodiesFull = errors.New("too many large bodies at once")

// bodies reads request bodies into buffers that it uses again.
type bodies struct {
	max   int64
	pool  sync.Pool     // of *bytes.Buffer
	large chan struct{} // holds one token for each large body in memory
}

func newBodies(max int64) *bodies {
	return &bodies{
		max:   max,
		pool:  sync.Pool{New: func() any { return new(bytes.Buffer) }},
		large: make(chan struct{}, largeBodies),
	}
}

// read reads the body of r, which must be given to release afterwards unless there is an error. The error is a
// *http.MaxBytesError when the body is too large, errBodiesFull, or one of the connection.
func (b *bodies) read(w http.ResponseWriter, r *http.Request) (*bytes.Buffer, error) {
	if r.ContentLength > b.max {
		return nil, &http.MaxBytesError{Limit: b.max}
	}
	limited := http.MaxBytesReader(w, r.Body, b.max)
	buf := b.pool.Get().(*bytes.Buffer)
	buf.Reset()
	// A declared length is no more than a claim: it makes room for a small body, a large one has to arrive first.
	buf.Grow(int(min(max(r.ContentLength, 0), smallBody)) + bytes.MinRead)
	_, err := buf.ReadFrom(io.LimitReader(limited, smallBody+1))
	if err != nil || buf.Len() <= smallBody {
		if err != nil {
			b.pool.Put(buf)
			return nil, err
		}
		return buf, nil
	}
	if err := b.enter(r.Context()); err != nil {
		return nil, err
	}
	if _, err := buf.ReadFrom(limited); err != nil {
		<-b.large
		return nil, err
	}
	return buf, nil
}

// enter waits for the turn of a large body.
func (b *bodies) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, largeWait)
	defer cancel()
	select {
	case b.large <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errBodiesFull
	}
}

// release gives a buffer back. Its memory is used again only if reusable says that nobody else looks at it.
func (b *bodies) release(buf *bytes.Buffer, reusable bool) {
	if buf.Len() > smallBody {
		<-b.large
		return // too large to be kept for small ones
	}
	if reusable {
		b.pool.Put(buf)
	}
}
