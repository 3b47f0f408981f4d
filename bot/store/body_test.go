package store

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestLongestBody(t *testing.T) {
	p, err := newPress()
	must(t, err)
	defer p.close()
	body := make([]byte, MaxBody)
	body[0], body[MaxBody-1] = 1, 2
	packed := one[[]byte](t)(p.pack(body))
	if !bytes.Equal(one[[]byte](t)(p.unpack(packed)), body) {
		t.Error("the longest body does not come back")
	}
}

// TestBomb: what is on disk is not trusted either; few bytes must not become gigabytes.
func TestBomb(t *testing.T) {
	p, err := newPress()
	must(t, err)
	defer p.close()
	enc, err := zstd.NewWriter(nil)
	must(t, err)
	defer enc.Close()
	bomb := enc.EncodeAll(make([]byte, MaxBody+1), nil)
	if body, err := p.unpack(bomb); err == nil {
		t.Errorf("%d bytes became %d", len(bomb), len(body))
	}
	if _, err := p.unpack([]byte("not zstd")); err == nil {
		t.Error("nonsense is unpacked")
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte(`{"action":"opened"}`))
	f.Add(payload(1))
	p, err := newPress()
	must(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := one[[]byte](t)(p.unpack(one[[]byte](t)(p.pack(body)))); !bytes.Equal(got, body) {
			t.Errorf("%d bytes became %d", len(body), len(got))
		}
		p.unpack(body) // does not panic, nor take memory without end
	})
}
