package githubapp

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/google/go-github/v60/github"
)

// Client is a go-github client that acts as one installation. It may be used concurrently.
//
// A write that GitHub takes on for later (202, as for update-branch) succeeds: go-github's AcceptedError is left to reads.
// While a rate limit holds, every request fails at once with a *Throttled and without being sent.
type Client struct {
	*github.Client
	app          *App
	installation int64
	tokens       *tokens
	throttle     *throttle
}

func (a *App) newClient(installation int64) *Client {
	throttle := newThrottle(a.clock, a.o.Log.With("installation", installation))
	t := &tokens{app: a, installation: installation, throttle: throttle}
	return &Client{
		Client:       newGitHub(a.endpoints, a.transport(t, throttle)),
		app:          a,
		installation: installation,
		tokens:       t,
		throttle:     throttle,
	}
}

// Installation is GitHub's number of the installation.
func (c *Client) Installation() int64 { return c.installation }

// Identity is App.Identity.
func (c *Client) Identity(ctx context.Context) (Identity, error) { return c.app.Identity(ctx) }

func newGitHub(e endpoints, rt *transport) *github.Client {
	c := github.NewClient(&http.Client{Transport: rt, CheckRedirect: rt.checkRedirect})
	c.BaseURL = withPath(e.api, e.api.Path)
	c.UploadURL = withPath(e.upload, e.upload.Path)
	c.UserAgent = userAgent
	return c
}

// credential proves who makes a request.
type credential interface {
	// header returns a value of the Authorization header.
	header(ctx context.Context) (string, error)
	// refused tells that GitHub did not accept a value that header returned.
	refused(value string)
}

// transport makes requests of one installation, or of the app itself: within its rate limit, with its credential, and one
// write at a time.
type transport struct {
	wire       *wire
	credential credential
	throttle   *throttle
	writing    chan struct{} // holds one value while a write is on its way
}

func (a *App) transport(c credential, t *throttle) *transport {
	return &transport{wire: a.wire, credential: c, throttle: t, writing: make(chan struct{}, 1)}
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.wire.endpoints.trusts(req.URL) {
		return t.wire.RoundTrip(req) // a download that GitHub redirected to: no token, no limit
	}
	resp, err := t.send(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	if resp.StatusCode == http.StatusAccepted && isWrite(req) {
		resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	}
	// go-github keeps an account of rate limits of its own, by the system's clock and blind to 429. This header, meant for
	// caches, keeps it from that: the throttle alone decides.
	resp.Header.Set("X-From-Cache", "1")
	return resp, nil
}

func (t *transport) send(req *http.Request) (*http.Response, error) {
	resource := t.resource(req)
	if err := t.throttle.check(resource); err != nil {
		return nil, err
	}
	if isWrite(req) {
		select {
		case t.writing <- struct{}{}:
			defer func() { <-t.writing }()
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		// The write before this one may have met the limit.
		if err := t.throttle.check(resource); err != nil {
			return nil, err
		}
	}
	resp, value, err := t.try(req, req.Body)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	// A token ends early when the installation is suspended or its permissions change. GitHub did nothing yet.
	t.credential.refused(value)
	again, err := bodyAgain(req)
	if err != nil {
		return resp, nil
	}
	resp, _, err = t.try(req, again)
	return resp, err
}

func (t *transport) try(req *http.Request, body io.ReadCloser) (resp *http.Response, value string, err error) {
	value, err = t.credential.header(req.Context())
	if err != nil {
		return nil, "", err
	}
	r := req.Clone(req.Context())
	r.Body = body
	r.Header.Set("Authorization", value)
	resp, err = t.wire.RoundTrip(r)
	if err != nil {
		return nil, value, err
	}
	if err := t.throttle.learn(t.resource(req), resp); err != nil {
		return nil, value, err // the body was read and closed by wire
	}
	return resp, value, nil
}

// checkRedirect follows GitHub to where a repository moved to, or a download lies. It does not let a write become a read, as
// net/http does on 301, 302 and 303, nor follow a write to a foreign host: the redirect itself is then the answer.
func (t *transport) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("more than 5 redirects")
	}
	before := via[len(via)-1]
	write := isWrite(before)
	if write && (req.Method != before.Method || !t.wire.endpoints.trusts(req.URL)) {
		return http.ErrUseLastResponse
	}
	if before.URL.Scheme == "https" && req.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// readOnly marks the context of a GraphQL query, which is sent by POST and yet no write.
type readOnly struct{}

func isWrite(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "":
		return false
	}
	return req.Context().Value(readOnly{}) == nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// bodyAgain returns the request's body once more, from its start.
func bodyAgain(req *http.Request) (io.ReadCloser, error) {
	switch {
	case req.Body == nil, req.Body == http.NoBody:
		return req.Body, nil
	case req.GetBody == nil:
		return nil, errors.New("request body cannot be sent twice")
	default:
		return req.GetBody()
	}
}
