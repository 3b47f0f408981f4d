package actions

import (
	"errors"
	"strings"

	"github.com/google/go-github/v60/github"
)

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
