package actions

import (
	"errors"
	"strings"

	"github.com/google/go-github/v60/github"
)

// answered tells whether err is GitHub's answer with this status and a message that holds one of the words; without words any
// message will do. GitHub documents few of its messages: where one is compared, a change of its wording makes the action fail
// aloud instead of being passed over.
func answered(err error, status int, words ...string) bool {
	var e *github.ErrorResponse
	if !errors.As(err, &e) || e.Response == nil || e.Response.StatusCode != status {
		return false
	}
	if len(words) == 0 {
		return true
	}
	said := strings.ToLower(saying(err))
	for _, w := range words {
		if strings.Contains(said, w) {
			return true
		}
	}
	return false
}

// saying is what GitHub said in an error, for people.
func saying(err error) string {
	var e *github.ErrorResponse
	if !errors.As(err, &e) {
		return err.Error()
	}
	words := []string{e.Message}
	for _, one := range e.Errors {
		switch {
		case one.Message != "":
			words = append(words, one.Message)
		case one.Field != "":
			words = append(words, one.Field+" "+one.Code)
		}
	}
	return strings.Join(words, ": ")
}

// accepted turns GitHub's 202, which go-github reports as an error, into success.
func accepted(err error) error {
	var later *github.AcceptedError
	if errors.As(err, &later) {
		return nil
	}
	return err
}
