package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Bodies up to smallBody are read at once; nearly all of GitHub's are below 30 KB. Anybody can send larger ones, and nothing
// is known of the sender before the whole body is here, so that all of them together get no more memory than largeMemory. With
// maxConnections small ones the bodies that are being read take 256 MB at the worst.
const (
	smallBody   = 128 << 10
	largeMemory = 128 << 20
	largeWait   = 3 * time.Second // how long the next large body waits for its memory
)

var errBodiesFull = errors.New("too many large bodies at once")

// bodies reads request bodies into buffers that it uses again.
type bodies struct {
	max   int64
	pool  sync.Pool // of *body
	large *semaphore.Weighted
}

// body is a request body in memory.
type body struct {
	bytes.Buffer
	taken int64 // of largeMemory
}

func newBodies(max int64) *bodies {
	return &bodies{
		max:   max,
		pool:  sync.Pool{New: func() any { return new(body) }},
		large: semaphore.NewWeighted(largeMemory),
	}
}

// read reads the body of r, which must be given to release afterwards unless there is an error. The error is a
// *http.MaxBytesError when the body is too large, errBodiesFull, or one of the connection.
func (b *bodies) read(w http.ResponseWriter, r *http.Request) (*body, error) {
	if r.ContentLength > b.max {
		return nil, &http.MaxBytesError{Limit: b.max}
	}
	limited := http.MaxBytesReader(w, r.Body, b.max)
	buf := b.pool.Get().(*body)
	buf.Reset()
	// A declared length is no more than a claim: it makes room for a small body, a large one has to begin to arrive first.
	buf.Grow(int(min(max(r.ContentLength, 0), smallBody)) + bytes.MinRead)
	_, err := buf.ReadFrom(io.LimitReader(limited, smallBody+1))
	if err != nil || buf.Len() <= smallBody {
		if err != nil {
			b.pool.Put(buf)
			return nil, err
		}
		return buf, nil
	}
	buf.taken = b.max
	if r.ContentLength > 0 {
		buf.taken = r.ContentLength
	}
	if err := b.enter(r.Context(), buf.taken); err != nil {
		return nil, err
	}
	// All of it at once: a buffer that grows has two copies of what it holds, each larger than that.
	buf.Grow(int(buf.taken) - buf.Len() + bytes.MinRead)
	if _, err := buf.ReadFrom(limited); err != nil {
		b.large.Release(buf.taken)
		return nil, err
	}
	return buf, nil
}

// enter waits for the memory of a large body.
func (b *bodies) enter(ctx context.Context, size int64) error {
	ctx, cancel := context.WithTimeout(ctx, largeWait)
	defer cancel()
	if b.large.Acquire(ctx, size) != nil {
		return errBodiesFull
	}
	return nil
}

// release gives a buffer back. Its memory is used again only if reusable says that nobody else looks at it.
func (b *bodies) release(buf *body, reusable bool) {
	if buf.taken > 0 {
		b.large.Release(buf.taken)
		return // too large to be kept for small ones
	}
	if reusable {
		b.pool.Put(buf)
	}
}
