package githubapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// HookAttempt is one attempt of GitHub to deliver a webhook of the app, as its list tells of it: without the payload.
type HookAttempt struct {
	ID           int64  // of the attempt
	GUID         string // of the delivery: all attempts of one have the same
	Event        string
	Activity     string
	Installation int64     // 0 for none, as is Repository
	Repository   int64     // its number
	Delivered    time.Time // by GitHub's clock, to the second
	Redelivery   bool      // somebody asked for it; GitHub itself never tries again
	OK           bool      // the receiver answered with 2xx
}

// MaxHookAttempts is how many attempts GitHub lists at once.
const MaxHookAttempts = 100

// ErrNoHook tells that there are no deliveries to list: the app has no webhook, or this GitHub does not list any.
var ErrNoHook = errors.New("GitHub lists no webhook deliveries of the app: it has no webhook, or this GitHub does not have that list")

// ErrStaleCursor tells that GitHub does not know a cursor any more.
var ErrStaleCursor = errors.New("GitHub does not know the cursor any more")

// ErrHookGone tells that GitHub does not have an attempt any more, or not its payload.
var ErrHookGone = errors.New("GitHub does not have the delivery any more")

// HookAttempts lists attempts, the newest first: MaxHookAttempts from cursor on, which is "" for the newest. next is the cursor
// of those that are older, "" when there are none. GitHub keeps them for 3 days, an Enterprise Server for 7.
// https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
// https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
func (a *App) HookAttempts(ctx context.Context, cursor string) (list []HookAttempt, next string, err error) {
	path := "app/hook/deliveries?per_page=" + strconv.Itoa(MaxHookAttempts)
	if cursor != "" {
		path += "&cursor=" + url.QueryEscape(cursor)
	}
	req, err := a.self.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, "", err
	}
	// go-github's own type lacks what GitHub added, and refuses the page when one header of one answer has another form.
	var found []struct {
		ID          int64     `json:"id"`
		GUID        string    `json:"guid"`
		DeliveredAt time.Time `json:"delivered_at"`
		Redelivery  bool      `json:"redelivery"`
		StatusCode  int       `json:"status_code"`
		Event       string    `json:"event"`
		Action      string    `json:"action"`
		Install     int64     `json:"installation_id"`
		Repository  int64     `json:"repository_id"`
	}
	resp, err := a.self.Do(ctx, req, &found)
	switch {
	case Answered(err, http.StatusNotFound):
		return nil, "", ErrNoHook
	case cursor != "" && (Answered(err, http.StatusUnprocessableEntity) || Answered(err, http.StatusBadRequest)):
		return nil, "", ErrStaleCursor
	case err != nil:
		return nil, "", fmt.Errorf("list webhook deliveries: %w", err)
	}
	for _, d := range found {
		list = append(list, HookAttempt{
			ID: d.ID, GUID: d.GUID, Event: d.Event, Activity: d.Action, Installation: d.Install, Repository: d.Repository,
			Delivered: d.DeliveredAt, Redelivery: d.Redelivery, OK: d.StatusCode >= 200 && d.StatusCode < 300,
		})
	}
	if resp.Cursor == cursor { // a page that leads to itself has no next one
		return list, "", nil
	}
	return list, resp.Cursor, nil
}

// HookPayload returns the payload of an attempt, the JSON object that GitHub sent. It needs no signature: it comes from GitHub's
// API, asked for with the app's own token. The error is ErrHookGone where GitHub does not have it any more.
// https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook
func (a *App) HookPayload(ctx context.Context, attempt int64) ([]byte, error) {
	req, err := a.self.NewRequest(http.MethodGet, "app/hook/deliveries/"+strconv.FormatInt(attempt, 10), nil)
	if err != nil {
		return nil, err
	}
	var found struct {
		Request struct {
			Payload json.RawMessage `json:"payload"`
		} `json:"request"`
	}
	_, err = a.self.Do(ctx, req, &found)
	switch {
	case Answered(err, http.StatusNotFound):
		return nil, ErrHookGone
	case err != nil:
		return nil, fmt.Errorf("get webhook delivery %d: %w", attempt, err)
	case !bytes.HasPrefix(found.Request.Payload, []byte("{")):
		return nil, ErrHookGone
	}
	return found.Request.Payload, nil
}

// Redeliver asks GitHub to send a delivery again, with the GUID that it had. It comes as all webhooks do, some time later.
// https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
func (a *App) Redeliver(ctx context.Context, attempt int64) error {
	req, err := a.self.NewRequest(http.MethodPost, "app/hook/deliveries/"+strconv.FormatInt(attempt, 10)+"/attempts", nil)
	if err != nil {
		return err
	}
	_, err = a.self.Do(ctx, req, nil)
	switch {
	case Answered(err, http.StatusNotFound):
		return ErrHookGone
	case err != nil:
		return fmt.Errorf("ask for webhook delivery %d again: %w", attempt, err)
	}
	return nil
}

// Time is what time it is on GitHub, as far as its answers have told.
func (a *App) Time() time.Time { return a.clock.github() }

// Local turns a time that GitHub told into one of this machine's clock.
func (a *App) Local(t time.Time) time.Time { return a.clock.local(t) }
