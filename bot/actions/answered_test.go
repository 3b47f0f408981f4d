package actions

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-github/v60/github"

	"bellhop/githubapp"
)

func TestAnswered(t *testing.T) {
	said := func(status int, message string, details ...github.Error) error {
		return fmt.Errorf("do: %w", &github.ErrorResponse{Response: &http.Response{StatusCode: status}, Message: message, Errors: details})
	}
	own := said(422, "Unprocessable Entity", github.Error{Message: "Can not approve your own pull request"})
	for name, row := range map[string]struct {
		err    error
		status int
		words  []string
		want   bool
	}{
		"any words":        {said(404, "Not Found"), 404, nil, true},
		"another status":   {said(404, "Not Found"), 422, nil, false},
		"in the details":   {own, 422, []string{"your own pull request"}, true},
		"one of the words": {said(403, "This workflow is already running"), 403, []string{"unable to retry", "already running"}, true},
		"none of them":     {said(403, "Resource not accessible by integration"), 403, []string{"is locked"}, false},
		"no answer":        {errors.New("404 Not Found"), 404, nil, false},
		"a rate limit":     {&github.AbuseRateLimitError{Message: "is locked"}, 403, []string{"is locked"}, false},
		"no error":         {nil, 404, nil, false},
	} {
		if got := githubapp.Answered(row.err, row.status, row.words...); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	same(t, saying(own), "Unprocessable Entity: Can not approve your own pull request")
	same(t, saying(said(422, "Validation Failed", github.Error{Field: "labels", Code: "invalid"})), "Validation Failed: labels invalid")
	same(t, saying(errors.New("broken")), "broken")
	same(t, accepted(fmt.Errorf("put: %w", &github.AcceptedError{})), nil)
}
