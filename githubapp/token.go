package githubapp

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"
	"golang.org/x/sync/singleflight"
)

// signer signs app tokens. It replaces the times that ghinstallation chooses, which suit only a machine whose clock is right:
// GitHub refuses a token from the future and one that lives longer than 10 minutes
// (https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app).
// The window here is open nearly 5 minutes to both sides of what is known of GitHub's time.
type signer struct {
	key   *rsa.PrivateKey
	clock *clock
}

func (s *signer) Sign(claims jwt.Claims) (string, error) {
	given, ok := claims.(*jwt.RegisteredClaims)
	if !ok {
		return "", fmt.Errorf("sign app token: unknown claims %T", claims)
	}
	c := *given
	now := s.clock.github().Truncate(time.Second)
	c.IssuedAt = jwt.NewNumericDate(now.Add(-5 * time.Minute))
	c.ExpiresAt = jwt.NewNumericDate(now.Add(4*time.Minute + 30*time.Second))
	return jwt.NewWithClaims(jwt.SigningMethodRS256, &c).SignedString(s.key)
}

// appTokens is the credential of the app itself.
type appTokens struct {
	appID  int64
	signer *signer
}

func (t *appTokens) header(context.Context) (string, error) {
	token, err := t.signer.Sign(&jwt.RegisteredClaims{Issuer: strconv.FormatInt(t.appID, 10)})
	return "Bearer " + token, err
}

// refused has nothing to drop: each token is new, and made with what the refusal told of GitHub's time.
func (t *appTokens) refused(string) {}

// tokens is the credential of one installation: it keeps a token until shortly before it ends.
//
// ghinstallation mints the token, and no more than that, one Transport for one token: kept longer, its Transport lets callers
// wait without regard for their contexts, fails them all when the first of them gives up, races when two installations share
// an AppsTransport, cannot be told to forget, and trusts this machine's clock.
type tokens struct {
	app          *App
	installation int64
	throttle     *throttle

	mu      sync.Mutex
	value   string
	until   time.Time // by this machine's clock
	age     int       // how many tokens were dropped: a token asked for before that is not kept
	minting singleflight.Group
}

var (
	errNoInstallation = errors.New("the delivery names no installation of the app")
	errNoToken        = errors.New("GitHub's answer holds no token")
)

func (t *tokens) header(ctx context.Context) (string, error) {
	t.mu.Lock()
	value, age := t.value, t.age
	fresh := value != "" && t.app.o.Now().Before(t.until)
	t.mu.Unlock()
	if fresh {
		return "token " + value, nil
	}
	value, err := share(ctx, &t.minting, strconv.Itoa(age), func(ctx context.Context) (string, error) {
		value, lifetime, err := t.mint(ctx)
		if err != nil {
			return "", err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.age == age {
			t.value, t.until = value, t.app.o.Now().Add(lifetime)
		}
		return value, nil
	})
	if err != nil {
		return "", &TokenError{Installation: t.installation, Err: err}
	}
	return "token " + value, nil
}

func (t *tokens) refused(header string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if header == "token "+t.value { // else somebody has dropped it already
		t.value = ""
		t.age++
	}
}

func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value = ""
	t.age++
}

// mint asks GitHub for a token, and once more when the first refusal told that this machine's clock is wrong.
func (t *tokens) mint(ctx context.Context) (value string, lifetime time.Duration, err error) {
	if t.installation <= 0 {
		return "", 0, errNoInstallation
	}
	before := t.app.clock.offset.Load()
	value, lifetime, err = t.mintOnce(ctx)
	if Answered(err, http.StatusUnauthorized) && t.app.clock.offset.Load() != before {
		value, lifetime, err = t.mintOnce(ctx)
	}
	return value, lifetime, err
}

func (t *tokens) mintOnce(ctx context.Context) (value string, lifetime time.Duration, err error) {
	m := &mint{wire: t.app.wire, throttle: t.throttle}
	apps, err := ghinstallation.NewAppsTransportWithOptions(m, t.app.o.AppID, ghinstallation.WithSigner(t.app.signer))
	if err != nil {
		return "", 0, err
	}
	apps.BaseURL = strings.TrimSuffix(t.app.endpoints.api.String(), "/")
	tr := ghinstallation.NewFromAppsTransport(apps, t.installation)
	tr.InstallationTokenOptions = &github.InstallationTokenOptions{} // else the body is null, which is not what GitHub describes
	value, err = tr.Token(ctx)
	if err != nil {
		return "", 0, mintError(err)
	}
	expires, _, err := tr.Expiry()
	if err != nil || value == "" {
		return "", 0, errNoToken
	}
	return value, usable(expires, m.date, t.app.o.Now()), nil
}

// mintError turns ghinstallation's error into what the rest of the package knows.
func mintError(err error) error {
	var e *ghinstallation.HTTPError
	if errors.As(err, &e) && e.RootCause == nil && e.Response != nil {
		return github.CheckResponse(e.Response)
	}
	if errors.As(err, &e) && e.RootCause != nil {
		return e.RootCause
	}
	return err
}

// usable is how long a token that ends at expires may be used: by GitHub's own clock where its answer told it, for this
// machine's may be wrong. Tokens live an hour; an end that cannot be is not believed, and a token that ends before is refused
// by GitHub and replaced.
func usable(expires, date, now time.Time) time.Duration {
	const hour = time.Hour + 5*time.Minute
	for _, from := range []time.Time{date, now} {
		if left := expires.Sub(from); !from.IsZero() && left > 0 && left <= hour {
			return left - min(time.Minute, left/10)
		}
	}
	return 50 * time.Minute
}

// mint carries a token request, and tells apart the rate limit of the app from that of the installation: the first matters
// only when it is exceeded.
type mint struct {
	wire     *wire
	throttle *throttle
	date     time.Time
}

func (m *mint) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.wire.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		m.date = date
	}
	if err := m.throttle.refusal(everything, resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// TokenError tells that an installation has no token: nothing was asked of GitHub in its name.
type TokenError struct {
	Installation int64
	Err          error
}

func (e *TokenError) Error() string {
	return fmt.Sprintf("token for installation %d: %v", e.Installation, e.Err)
}

func (e *TokenError) Unwrap() error { return e.Err }
