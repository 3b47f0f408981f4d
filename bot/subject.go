package bot

import (
	"fmt"
	"strconv"
	"strings"
)

// subject is what a delivery is about: the unit that is worked on one at a time. Its key is made of GitHub's numbers, which
// a rename or a transfer of the repository does not change:
//
//	12#7               issue, pull request or discussion 7 of repository 12
//	12@refs/heads/main a branch or tag
//	12!6dcb09b…        a commit
//	12                 the repository itself
//	+34                an installation
//	~octo              an account, where the payload names neither repository nor installation
type subject struct {
	repository   int64
	number       int
	ref          string
	sha          string
	installation int64
	account      string
}

// String is the key.
func (s subject) String() string {
	repo := strconv.FormatInt(s.repository, 10)
	switch {
	case s.repository == 0 && s.installation != 0:
		return "+" + strconv.FormatInt(s.installation, 10)
	case s.repository == 0:
		return "~" + s.account
	case s.number != 0:
		return repo + "#" + strconv.Itoa(s.number)
	case s.ref != "":
		return repo + "@" + s.ref
	case s.sha != "":
		return repo + "!" + s.sha
	}
	return repo
}

// parseSubject is the reverse of String.
func parseSubject(key string) (subject, error) {
	bad := fmt.Errorf("no subject: %q", key)
	if key == "" {
		return subject{}, bad
	}
	switch key[0] {
	case '+':
		n, err := strconv.ParseInt(key[1:], 10, 64)
		if err != nil || n == 0 {
			return subject{}, bad
		}
		return subject{installation: n}, nil
	case '~':
		return subject{account: key[1:]}, nil
	}
	id, rest := key, ""
	if i := strings.IndexAny(key, "#@!"); i >= 0 {
		id, rest = key[:i], key[i:]
	}
	repo, err := strconv.ParseInt(id, 10, 64)
	if err != nil || repo == 0 {
		return subject{}, bad
	}
	s := subject{repository: repo}
	if rest != "" {
		switch what := rest[1:]; rest[0] {
		case '#':
			if s.number, err = strconv.Atoi(what); err != nil || s.number == 0 {
				return subject{}, bad
			}
		case '@':
			s.ref = what
		case '!':
			s.sha = what
		}
	}
	if s.String() != key {
		return subject{}, bad
	}
	return s, nil
}
