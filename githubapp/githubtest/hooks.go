package githubtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Delivery is one webhook request, sent or not: an attempt to deliver what happened.
type Delivery struct {
	ID           int64 // of the attempt, as in the API
	GUID         string
	Event        string
	Action       string // "activity" of the payload; "" where the event has none
	App          string // slug
	Installation int64
	Repository   string // full name; "" for installation events
	Header       http.Header
	Payload      []byte
	URL          string
	Redelivery   bool
	Created      time.Time
	Sent         bool   // whether it has been tried
	Status       int    // of the answer; 0 when there was none
	Problem      string // why there was none
	Answer       []byte // body of the answer, 64 KB at most

	repositoryID int64
}

// OK tells whether the receiver took the delivery.
func (d Delivery) OK() bool { return d.Status >= 200 && d.Status < 300 }

// Request is the delivery as an HTTP request, to be sent by hand: late, twice, or changed.
func (d Delivery) Request() *http.Request {
	r, err := http.NewRequest(http.MethodPost, d.URL, bytes.NewReader(d.Payload))
	if err != nil {
		misuse("webhook URL %q: %v", d.URL, err)
	}
	r.Header = d.Header.Clone()
	return r
}

// hookTimeout is how long GitHub waits for a receiver.
// https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
const hookTimeout = 10 * time.Second

// hookQueue sends deliveries one after another in the order they were caused.
type hookQueue struct {
	server *Server
	client *http.Client
	ctx    context.Context
	stop   context.CancelFunc

	mu      sync.Mutex
	changed *sync.Cond
	waiting []*Delivery
	all     []*Delivery
	busy    bool
	held    bool
	pace    func() // called before each is sent; nil for nothing
	closed  bool
}

func newHookQueue(s *Server) *hookQueue {
	q := &hookQueue{server: s, client: &http.Client{
		Timeout:       hookTimeout,
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	q.ctx, q.stop = context.WithCancel(context.Background())
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *hookQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.waiting = true, nil
	q.stop()
	q.changed.Broadcast()
	q.client.CloseIdleConnections()
}

func (q *hookQueue) run() {
	for {
		q.mu.Lock()
		for !q.closed && (q.held || len(q.waiting) == 0) {
			q.changed.Wait()
		}
		if q.closed {
			q.mu.Unlock()
			return
		}
		d := q.waiting[0]
		q.waiting, q.busy = q.waiting[1:], true
		pace := q.pace
		q.mu.Unlock()

		if pace != nil {
			pace()
		}
		status, answer, err := q.send(d)

		q.mu.Lock()
		q.busy, d.Sent, d.Status, d.Answer = false, true, status, answer
		if err != nil {
			d.Problem = err.Error()
		}
		q.changed.Broadcast()
		q.mu.Unlock()
		q.server.o.Log.Debug("webhook", "event", d.Event, "activity", d.Action, "delivery", d.GUID, "status", status, "err", err)
	}
}

func (q *hookQueue) send(d *Delivery) (status int, answer []byte, err error) {
	r := d.Request().WithContext(q.ctx)
	resp, err := q.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, answer, err
}

// add puts a delivery into the list, and in the queue when it has somewhere to go.
func (q *hookQueue) add(d *Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.all = append(q.all, d)
	if d.URL == "" {
		d.Problem = "not sent: the App has no webhook URL"
		return
	}
	q.waiting = append(q.waiting, d)
	q.changed.Broadcast()
}

func (q *hookQueue) flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && (q.busy || len(q.waiting) > 0) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%d webhooks not delivered: %w", len(q.waiting), err)
		}
		q.changed.Wait()
	}
	return nil
}

func (q *hookQueue) settled() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.busy && len(q.waiting) == 0
}

// HoldWebhooks keeps webhooks back until ReleaseWebhooks; they are listed by Deliveries meanwhile.
func (s *Server) HoldWebhooks() { s.hooks.hold(true) }

// ReleaseWebhooks sends what was held back, in order.
func (s *Server) ReleaseWebhooks() { s.hooks.hold(false) }

// PaceWebhooks has wait called before each webhook is sent, in the order of the webhooks, so that a test can say how close
// together they come. nil has them follow each other at once, as at the start.
func (s *Server) PaceWebhooks(wait func()) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.pace = wait
}

// DropWebhooks forgets the webhooks that wait: they count as lost, as when the receiver was down. It returns how many.
func (s *Server) DropWebhooks() int {
	q := s.hooks
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.waiting)
	for _, d := range q.waiting {
		d.Sent, d.Problem = true, "lost"
	}
	q.waiting = nil
	q.changed.Broadcast()
	return n
}

func (q *hookQueue) hold(held bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = held
	q.changed.Broadcast()
}

// Deliveries lists every attempt so far, oldest first.
func (s *Server) Deliveries() []Delivery { return s.hooks.list() }

func (q *hookQueue) list() []Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]Delivery, 0, len(q.all))
	for _, d := range q.all {
		out = append(out, *d)
	}
	return out
}

// Redeliver sends a delivery again, with the same GUID and payload, as somebody does on the App's settings page.
func (s *Server) Redeliver(guid string) error {
	for _, d := range slices.Backward(s.Deliveries()) {
		if d.GUID == guid {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.again(d)
			return nil
		}
	}
	return fmt.Errorf("no delivery %q", guid)
}

// again queues another attempt of d, to where the App's webhook points now. Server.mu is held.
func (s *Server) again(d Delivery) {
	d.ID, d.Redelivery, d.Sent, d.Status, d.Problem, d.Answer, d.Created = s.id("delivery"), true, false, 0, "", nil, s.Now()
	if a := s.findApp(d.App); a != nil {
		d.URL = a.url
		d.Header = hookHeader(a, d.Event, d.GUID, d.Payload)
	}
	s.hooks.add(&d)
}

// SignedRequest makes the request that GitHub would send to the App with this payload, with a new GUID, without sending it.
func (s *Server) SignedRequest(slug, event string, payload []byte) *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.findApp(slug)
	if a == nil {
		misuse("no app %q", slug)
	}
	url := a.url
	if url == "" {
		url = "http://127.0.0.1/"
	}
	id := guid(s.id("delivery"))
	return Delivery{URL: url, Payload: payload, Header: hookHeader(a, event, id, payload)}.Request()
}

// Send delivers any payload as a webhook of the App, after those that wait, and returns its GUID.
func (s *Server) Send(slug, event string, payload []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.findApp(slug)
	if a == nil {
		misuse("no app %q", slug)
	}
	var p struct {
		Action       string
		Installation struct{ ID int64 }
		Repository   struct {
			ID       int64
			FullName string `json:"full_name"`
		}
	}
	json.Unmarshal(payload, &p) // a payload that is no JSON is sent all the same
	d := s.newDelivery(a, event, payload)
	d.Action, d.Installation, d.Repository, d.repositoryID = p.Action, p.Installation.ID, p.Repository.FullName, p.Repository.ID
	s.hooks.add(d)
	return d.GUID
}

func (s *Server) newDelivery(a *app, event string, payload []byte) *Delivery {
	n := s.id("delivery")
	id := guid(n)
	return &Delivery{
		ID: n, GUID: id, Event: event, App: a.slug, Payload: payload, URL: a.url, Created: s.Now(), Header: hookHeader(a, event,
			id, payload),
	}
}

func (s *Server) deliver(i *installation, event, action, repository string, repositoryID int64, payload object) {
	d := s.newDelivery(i.app, event, mustJSON(payload))
	d.Action, d.Installation, d.Repository, d.repositoryID = action, i.id, repository, repositoryID
	s.hooks.add(d)
}

// hookHeader is the header that GitHub sends.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
func hookHeader(a *app, event, guid string, payload []byte) http.Header {
	h := http.Header{}
	for k, v := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/4f5e6a7", "Accept": "*/*", "X-GitHub-Event": event,
		"X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": itoa(a.hookID), "X-GitHub-Hook-Installation-Target-ID": itoa(a.id),
		"X-GitHub-Hook-Installation-Target-Type": "integration",
	} {
		h.Set(k, v)
	}
	if a.secret != "" {
		h.Set("X-Hub-Signature", "sha1="+mac(sha1.New, a.secret, payload))
		h.Set("X-Hub-Signature-256", "sha256="+mac(sha256.New, a.secret, payload))
	}
	return h
}

func mac(h func() hash.Hash, secret string, payload []byte) string {
	m := hmac.New(h, []byte(secret))
	m.Write(payload)
	return hex.EncodeToString(m.Sum(nil))
}

var hookRoutes = []route{
	{"GET", "/app/hook/config", "app", (*call).hookConfig},
	{"PATCH", "/app/hook/config", "app", (*call).setHookConfig},
	{"GET", "/app/hook/deliveries", "app", (*call).listDeliveries},
	{"GET", "/app/hook/deliveries/{id}", "app", (*call).getDelivery},
	{"POST", "/app/hook/deliveries/{id}/attempts", "app", (*call).redeliver},
}

func (c *call) hookConfig() answer {
	return ok(object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": c.app.url})
}

func (c *call) setHookConfig() answer {
	in := struct{ URL, Secret string }{c.app.url, c.app.secret}
	if p := c.decode(&in); p != nil {
		return p.answer()
	}
	c.app.url, c.app.secret = in.URL, in.Secret
	return c.hookConfig()
}

func (d Delivery) brief() object {
	status, code := "OK", d.Status
	switch {
	case d.Status == 0: // GitHub tells a receiver that it did not reach as if it had answered so
		status, code = "failed to connect to host", http.StatusBadGateway
	case !d.OK():
		status = fmt.Sprintf("Invalid HTTP Response: %d", d.Status)
	}
	o := object{
		"id": d.ID, "guid": d.GUID, "delivered_at": when(d.Created), "redelivery": d.Redelivery, "duration": 0.02, "status": status,
		"status_code": code, "event": d.Event, "action": orNull(d.Action), "installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if d.Installation != 0 {
		o["installation_id"] = d.Installation
	}
	if d.repositoryID != 0 {
		o["repository_id"] = d.repositoryID
	}
	return o
}

// keepsDeliveries is for how long GitHub lists them and sends them again.
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
const keepsDeliveries = 3 * 24 * time.Hour

// deliveries lists the App's attempts that GitHub still has, newest first.
func (c *call) deliveries() []Delivery {
	var out []Delivery
	oldest := c.s.Now().Add(-keepsDeliveries)
	for _, d := range slices.Backward(c.s.hooks.list()) {
		if d.App == c.app.slug && d.Sent && !d.Created.Before(oldest) {
			out = append(out, d)
		}
	}
	return out
}

// listDeliveries pages by cursor: the id of the attempt that the page starts after.
func (c *call) listDeliveries() answer {
	list := c.deliveries()
	if cursor := c.query.Get("cursor"); cursor != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(cursor, "v1_"), 10, 64)
		if err != nil {
			return unprocessable("Invalid cursor").answer()
		}
		list = slices.DeleteFunc(list, func(d Delivery) bool { return d.ID >= n })
	}
	if c.query.Get("status") == "failure" {
		list = slices.DeleteFunc(list, Delivery.OK)
	}
	size := min(100, atLeastOne(c.query.Get("per_page"), 30))
	if len(list) > size {
		list = list[:size]
		c.link = fmt.Sprintf(`<%sapp/hook/deliveries?per_page=%d&cursor=v1_%d>; rel="next"`, c.s.URL, size, list[size-1].ID)
	}
	return ok(each(list, Delivery.brief))
}

func (c *call) delivery() *Delivery {
	for _, d := range c.deliveries() {
		if d.ID == c.number("id") {
			return &d
		}
	}
	return nil
}

func (c *call) getDelivery() answer {
	d := c.delivery()
	if d == nil {
		return notFound().answer()
	}
	o := d.brief()
	headers := object{}
	for k := range d.Header {
		headers[k] = d.Header.Get(k)
	}
	o["url"] = d.URL
	o["request"] = object{"headers": headers, "payload": json.RawMessage(d.Payload)}
	o["response"] = object{"headers": object{}, "payload": string(d.Answer)}
	return ok(o)
}

func (c *call) redeliver() answer {
	d := c.delivery()
	if d == nil {
		return notFound().answer()
	}
	c.s.again(*d)
	return accepted(object{})
}
