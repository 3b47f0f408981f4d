package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"bellhop/bot/store"
	"bellhop/githubapp"
)

// MaxBody is the largest webhook body that GitHub sends, in bytes.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
const MaxBody = 25 << 20

// GitHub hangs up after 10 seconds and counts the delivery as failed, so an answer later than that helps nobody.
// https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
const keepTimeout = 8 * time.Second

// retryAfter is what a 503 asks for. GitHub itself never tries again on its own; proxies and other senders do.
const retryAfter = 10 * time.Second

// keeper is the part of store.Store that the receiver needs.
type keeper interface {
	Keep(ctx context.Context, d *store.Delivery) (known store.State, err error)
}

// ReceiverOptions says what a Receiver needs. Verifier and Store must be set.
type ReceiverOptions struct {
	Verifier *githubapp.Verifier
	Store    keeper
	MaxBody  int64                                                   // bytes; MaxBody when 0
	Revive   func(ctx context.Context, delivery int64) (bool, error) // tries a dead delivery again that is sent once more; nil for never
	Proxies  Proxies                                                 // whose X-Forwarded-For is believed
	Allowed  *AllowList                                              // which addresses are heard; nil for all
	Now      func() time.Time                                        // time.Now when nil
	Log      *slog.Logger                                            // slog.Default when nil
}

// Receiver answers POST /webhook. It looks at a request in this order, and the first thing wrong ends it:
//
//	405  the method is not POST
//	429  the address has sent too much that no secret has signed; Retry-After says when it is heard again
//	401  the address is not in AllowList
//	413  the body is larger than MaxBody (a declared length is refused unread)
//	401  X-Hub-Signature-256 is not exactly one "sha256=" and 64 hexadecimal digits, or not made with one of the secrets
//	400  X-GitHub-Delivery or X-GitHub-Event is missing or malformed
//	415  the content type is neither application/json nor application/x-www-form-urlencoded
//	400  the body is visibly no JSON object
//	503  the store cannot take it now; Retry-After says when to try again
//	200  a delivery with this GUID is known, and done, or dead with nothing that could be tried again
//	202  the delivery is on disk, synced; or it is known and waits, or was dead and is tried again
//
// The first three are decided before any of the body is read. Who is in AllowList, or a proxy that does not say for whom it
// asks, is never answered 429; nor is an address that a good signature came from in the last day.
//
// Until the signature holds nothing is parsed. Between the signature and the 202 no rule runs and no request goes out. A body
// that turns out later to be no delivery that can be read is kept all the same and ends as dead, with its reason.
//
// Answers carry nothing but the text of their status, so that all answers of one status are alike; what was wrong is in the
// log. A connection is closed after a request that no secret has signed: a stranger is to hold none of them.
type Receiver struct {
	o         ReceiverOptions
	bodies    *bodies
	strangers *strangers
	secrets   *secretUse
}

// NewReceiver returns a receiver. It may serve any number of requests at once.
func NewReceiver(o ReceiverOptions) *Receiver {
	if o.MaxBody <= 0 {
		o.MaxBody = MaxBody
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Receiver{o: o, bodies: newBodies(o.MaxBody), strangers: newStrangers(), secrets: newSecretUse(o.Verifier.Len())}
}

// ServeHTTP implements http.Handler.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d, known, err := rc.receive(w, r)
	var no *refusal
	switch {
	case errors.As(err, &no):
		rc.refuse(w, r, no)
	case known == store.Done || known == store.Dead:
		rc.accept(w, r, d, known, http.StatusOK)
	default:
		rc.accept(w, r, d, known, http.StatusAccepted)
	}
}

// receive takes one request as far as the disk. The error is a *refusal.
func (rc *Receiver) receive(w http.ResponseWriter, r *http.Request) (d *store.Delivery, known store.State, err error) {
	if r.Method != http.MethodPost {
		return nil, "", refused(http.StatusMethodNotAllowed, "method %.20q", r.Method)
	}
	from, err := rc.admit(r)
	if err != nil {
		return nil, "", err
	}
	body, err := rc.bodies.read(w, r)
	if err != nil {
		return nil, "", rc.suspect(from, unreadable(err))
	}
	// Only what Keep has confirmed is no longer looked at by the store: a caller that gave up may leave its body behind there.
	safe := true
	defer func() { rc.bodies.release(body, safe) }()

	secret := rc.o.Verifier.Match(only(r.Header, "X-Hub-Signature-256"), body.Bytes())
	if secret == 0 {
		return nil, "", rc.suspect(from, refused(http.StatusUnauthorized, "%s", unsigned(r.Header)))
	}
	rc.proved(r.Context(), from, secret)
	guid, event := only(r.Header, "X-Github-Delivery"), only(r.Header, "X-Github-Event")
	if !isGUID(guid) {
		return nil, "", refused(http.StatusBadRequest, "X-GitHub-Delivery %.80q", guid)
	}
	if !isEvent(event) {
		return nil, "", refused(http.StatusBadRequest, "X-GitHub-Event %.80q", event)
	}
	object, err := payload(only(r.Header, "Content-Type"), body.Bytes())
	if err != nil {
		return nil, "", named(err, guid, event)
	}
	d = newDelivery(guid, event, object, rc.o.Now())
	d.Source = "webhook"

	// Whether the client is still there does not matter any more: a delivery that is kept need not be sent again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), keepTimeout)
	defer cancel()
	known, err = rc.o.Store.Keep(ctx, d)
	if err == nil && known == store.Dead && rc.o.Revive != nil {
		var again bool
		if again, err = rc.o.Revive(ctx, d.ID); again {
			known = store.Waiting
		}
	}
	if err != nil {
		safe = false
		return nil, "", named(&refusal{status: http.StatusServiceUnavailable, err: err}, guid, event)
	}
	return d, known, nil
}

// refusal is an answer other than 200 and 202. err is for the operator only.
type refusal struct {
	status      int
	guid, event string // once the signature held
	err         error
	wait        time.Duration // for Retry-After of a 429
	last        bool          // the address has met its limit with it
}

func (no *refusal) Error() string { return no.err.Error() }
func (no *refusal) Unwrap() error { return no.err }

func refused(status int, format string, args ...any) *refusal {
	return &refusal{status: status, err: fmt.Errorf(format, args...)}
}

// named adds to a refusal what the delivery calls itself.
func named(err error, guid, event string) error {
	var no *refusal
	if errors.As(err, &no) {
		no.guid, no.event = guid, event
	}
	return err
}

// unreadable turns an error of reading a body into an answer.
func unreadable(err error) *refusal {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return refused(http.StatusRequestEntityTooLarge, "body larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, errBodiesFull):
		return &refusal{status: http.StatusServiceUnavailable, err: err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refused(http.StatusRequestTimeout, "read body: %w", err)
	}
	return refused(http.StatusBadRequest, "read body: %w", err)
}

// unsigned tells the operator how a signature failed. Nothing of it reaches the sender.
func unsigned(h http.Header) string {
	switch sums := h.Values("X-Hub-Signature-256"); {
	case len(sums) == 0 && h.Get("X-Hub-Signature") != "":
		return "only X-Hub-Signature (SHA-1), which is not accepted"
	case len(sums) == 0:
		return "no X-Hub-Signature-256: is a webhook secret set at the GitHub App?"
	case len(sums) > 1:
		return "several X-Hub-Signature-256"
	}
	return "X-Hub-Signature-256 does not match: is the webhook secret the one of the GitHub App?"
}

// refuse answers and logs a refusal.
func (rc *Receiver) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	switch no.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(no.wait/time.Second)+1))
	}
	if no.guid == "" {
		w.Header().Set("Connection", "close")
	}
	http.Error(w, http.StatusText(no.status), no.status)

	level := slog.LevelWarn
	switch no.status {
	case http.StatusServiceUnavailable:
		level = slog.LevelError
	case http.StatusTooManyRequests:
		level = slog.LevelDebug // said once, with the request that met the limit
	}
	attrs := []slog.Attr{slog.Int("status", no.status), slog.String("remote", rc.o.Proxies.remote(r))}
	if no.guid != "" {
		attrs = append(attrs, slog.String("delivery", no.guid), slog.String("event", no.event))
	}
	if no.last {
		attrs = append(attrs, slog.String("limit", fmt.Sprintf("%d of these from this address: more of them are refused unread for a minute, and not told here", maxBad)))
	}
	attrs = append(attrs, slog.Any("err", no.err))
	rc.o.Log.LogAttrs(r.Context(), level, "webhook refused", attrs...)
}

// accept answers and logs a delivery that is on disk.
func (rc *Receiver) accept(w http.ResponseWriter, r *http.Request, d *store.Delivery, known store.State, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, http.StatusText(status)+"\n")

	if !rc.o.Log.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	rc.o.Log.LogAttrs(r.Context(), slog.LevelDebug, "webhook kept",
		slog.String("delivery", d.GUID), slog.String("event", d.Event), slog.String("activity", d.Activity),
		slog.Int64("installation", d.Installation), slog.String("repo", d.Repository),
		slog.String("known", string(known)), slog.Int("status", status), slog.String("remote", rc.o.Proxies.remote(r)))
}

// payload returns the JSON object inside a body of the given content type. It may share memory with body. The error is a
// *refusal.
func payload(contentType string, body []byte) ([]byte, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return nil, refused(http.StatusUnsupportedMediaType, "content type %.80q", contentType)
	}
	switch media {
	case "application/json":
	case "application/x-www-form-urlencoded":
		if body, err = formPayload(body); err != nil {
			return nil, refused(http.StatusBadRequest, "%w", err)
		}
	default:
		return nil, refused(http.StatusUnsupportedMediaType, "content type %.80q", contentType)
	}
	if !looksLikeObject(body) {
		return nil, refused(http.StatusBadRequest, "body is no JSON object: starts with %.40q", body)
	}
	return body, nil
}

// formPayload returns the one form field called payload, which is how GitHub sends JSON as a form.
func formPayload(body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	values := form["payload"]
	if len(values) != 1 {
		return nil, fmt.Errorf("form has %d fields called payload", len(values))
	}
	return []byte(values[0]), nil
}

// looksLikeObject sees at both ends of body, without parsing it, whether it can be a JSON object.
func looksLikeObject(body []byte) bool {
	body = bytes.Trim(body, " \t\r\n")
	return len(body) >= 2 && body[0] == '{' && body[len(body)-1] == '}'
}

// only returns the value of a header that is there once, else "".
func only(h http.Header, key string) string {
	if v := h[key]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// isGUID accepts GitHub's GUIDs and what other senders use in their place, such as a number.
func isGUID(s string) bool {
	return isName(s, func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-'
	})
}

// isEvent accepts names of events, those that do not exist yet included.
func isEvent(s string) bool {
	return isName(s, func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' })
}

func isName(s string, allowed func(byte) bool) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}
