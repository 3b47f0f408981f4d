package githubapp

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
)

// hidden stands where a credential stood.
const hidden = "[secret]"

// credentialForm is what GitHub's tokens, app tokens (JWT) and private keys look like, cut off ones included.
// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
var credentialForm = regexp.MustCompile(`gh[a-z]_[A-Za-z0-9_.-]{10,}|github_pat_\w{10,}|eyJ[\w-]{10,}(\.[\w-]*){0,2}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?`)

// Scrub takes out of a text what looks like a credential: GitHub, or a proxy before it, may repeat in an error what it was sent.
func Scrub(text string) string {
	if !strings.Contains(text, "gh") && !strings.Contains(text, "github_pat_") && !strings.Contains(text, "eyJ") && !strings.Contains(text, "-----BEGIN") {
		return text // nearly always, and ten times as fast
	}
	return credentialForm.ReplaceAllLiteralString(text, hidden)
}

// scrubAnswer takes out of a refusal the very credential that its request carried, of whatever form, and all that looks like one.
func scrubAnswer(sent *http.Request, data []byte) []byte {
	if _, credential, _ := strings.Cut(sent.Header.Get("Authorization"), " "); credential != "" {
		data = bytes.ReplaceAll(data, []byte(credential), []byte(hidden))
	}
	return credentialForm.ReplaceAllLiteral(data, []byte(hidden))
}
