package githubapp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"
)

const (
	userAgent = "bellhop"
	// apiVersion is sent as X-GitHub-Api-Version: the version that go-github v60 is written for.
	apiVersion = "2022-11-28"
	// MaxResponse is how many bytes of one response are read, whatever it is.
	MaxResponse = 64 << 20
	// requestTimeout ends one request with its body. GitHub itself gives up after 10 s.
	requestTimeout = 60 * time.Second
)

// ErrTooLarge is the error of reading a response beyond MaxResponse.
var ErrTooLarge = fmt.Errorf("response of more than %d MB", MaxResponse>>20)

func newBaseTransport() http.RoundTripper {
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
}

// wire sends single requests: it gives each its timeout and its standing headers, counts it, learns GitHub's time, and bounds
// what comes back. It adds no token, and takes away one that would go to a foreign host.
type wire struct {
	base      http.RoundTripper
	endpoints endpoints
	clock     *clock
	timeout   time.Duration
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), w.timeout)
	r := req.Clone(ctx)
	r.Header.Set("User-Agent", userAgent)
	trusted := w.endpoints.trusts(r.URL)
	if trusted {
		r.Header.Set("X-GitHub-Api-Version", apiVersion)
		count(ctx)
	} else {
		r.Header.Del("Authorization")
		r.Header.Del("X-GitHub-Api-Version")
	}
	resp, err := w.base.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &body{Reader: io.LimitReader(resp.Body, MaxResponse+1), Closer: resp.Body, cancel: cancel}
	if !trusted {
		return resp, nil
	}
	w.clock.learn(resp.Header)
	if isJSON(resp.Header) || resp.StatusCode >= 300 {
		return w.swallow(resp, r)
	}
	return resp, nil
}

// swallow reads the body at once and closes it, so that no caller can leak it (ghinstallation does, on every answer but 2xx)
// and the errors of a broken connection come where errors are expected.
func (w *wire) swallow(resp *http.Response, sent *http.Request) (*http.Response, error) {
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read response: %w", err)
	}
	if resp.StatusCode >= 300 {
		data = scrubAnswer(sent, data)
	}
	if isJSON(resp.Header) {
		data = readable(data)
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	resp.ContentLength = int64(len(data))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// body is a response body that fails when it is too large, instead of ending early.
type body struct {
	io.Reader
	io.Closer
	cancel context.CancelFunc
	read   int64
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	if b.read > MaxResponse {
		return 0, ErrTooLarge
	}
	return n, err
}

func (b *body) Close() error {
	err := b.Closer.Close()
	b.cancel()
	return err
}

// isJSON tells whether an answer is JSON of the API itself. A JSON file that is read raw has another type,
// application/vnd.github.raw+json, and is nobody's to touch.
func isJSON(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && t == "application/json"
}

// readable takes those custom properties of repositories out of an answer that go-github v60 cannot read: it knows them as
// strings, and one with several values, a list, fails the whole answer. See
// https://docs.github.com/rest/repos/custom-properties.
func readable(data []byte) []byte {
	if !bytes.Contains(data, []byte(`"custom_properties"`)) {
		return data
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || !dropLists(v) {
		return data
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return data
	}
	return out.Bytes()
}

// dropLists takes the custom properties that are not strings out of v, and tells whether there were any.
func dropLists(v any) (dropped bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			dropped = dropLists(e) || dropped
		}
	case map[string]any:
		for key, e := range v {
			properties, ok := e.(map[string]any)
			if key != "custom_properties" || !ok {
				dropped = dropLists(e) || dropped
				continue
			}
			for name, value := range properties {
				if _, ok := value.(string); !ok {
					delete(properties, name)
					dropped = true
				}
			}
		}
	}
	return dropped
}
