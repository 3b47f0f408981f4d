package githubapp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// MaxFile is the largest file that File reads, in bytes: GitHub's contents API gives no more.
const MaxFile = 1 << 20

var (
	// ErrNoFile tells that there is no such file at that ref, or no such ref or repository: GitHub does not tell which.
	ErrNoFile = errors.New("no such file")
	// ErrNotFile tells that the path is a folder, a submodule or a symbolic link that leads nowhere.
	ErrNotFile = errors.New("not a file")
	// ErrFileTooLarge tells that the file is larger than MaxFile.
	ErrFileTooLarge = fmt.Errorf("file is larger than %d bytes", MaxFile)
)

// File reads a file of at most MaxFile bytes at a branch, tag or commit; the default branch when ref is "". sha is its blob SHA;
// content is nil when that is knownSHA, since the caller has it then, and never nil otherwise.
func (c *Client) File(ctx context.Context, owner, repo, path, ref, knownSHA string) (content []byte, sha string, err error) {
	address, err := filePath(owner, repo, path, ref)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", path, err)
	}
	req, err := c.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", path, err)
	}
	var answer json.RawMessage
	if _, err := c.Do(ctx, req, &answer); err != nil {
		if Answered(err, http.StatusNotFound) {
			err = &fileError{ErrNoFile, err}
		}
		return nil, "", fmt.Errorf("read %s: %w", path, err)
	}
	content, sha, err = decodeFile(answer)
	if err != nil {
		return nil, sha, fmt.Errorf("read %s: %w", path, err)
	}
	if sha == knownSHA {
		return nil, sha, nil
	}
	return content, sha, nil
}

// Entry is one entry of a folder.
type Entry struct {
	Name string `json:"name"`
	Path string `json:"path"` // from the root of the repository
	Type string `json:"type"` // file, dir, symlink or submodule
	SHA  string `json:"sha"`  // of the blob; of a symbolic link, not of what it leads to
	Size int64  `json:"size"` // in bytes
}

// Folder lists a folder at a branch, tag or commit; the default branch when ref is "". GitHub lists 1,000 entries at the most, by
// name. What is no folder is ErrNoFile. See https://docs.github.com/rest/repos/contents#get-repository-content.
func (c *Client) Folder(ctx context.Context, owner, repo, path, ref string) ([]Entry, error) {
	address, err := filePath(owner, repo, path, ref)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	req, err := c.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	var answer json.RawMessage
	if _, err := c.Do(ctx, req, &answer); err != nil {
		if Answered(err, http.StatusNotFound) {
			err = &fileError{ErrNoFile, err}
		}
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	if !strings.HasPrefix(strings.TrimSpace(string(answer)), "[") {
		return nil, fmt.Errorf("list %s: %w", path, ErrNoFile)
	}
	var list []Entry
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	return list, nil
}

// filePath is the address of a file in the contents API. No name in it may lead elsewhere.
func filePath(owner, repo, path, ref string) (string, error) {
	segments := append([]string{"repos", owner, repo, "contents"}, strings.Split(path, "/")...)
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", fmt.Errorf("%w: %q in %s/%s", ErrNoFile, path, owner, repo)
		}
		segments[i] = url.PathEscape(s)
	}
	address := strings.Join(segments, "/")
	if ref != "" {
		address += "?ref=" + url.QueryEscape(ref)
	}
	return address, nil
}

// decodeFile reads an answer of the contents API, which is a list for a folder.
// See https://docs.github.com/rest/repos/contents#get-repository-content.
func decodeFile(answer json.RawMessage) (content []byte, sha string, err error) {
	if strings.HasPrefix(strings.TrimSpace(string(answer)), "[") {
		return nil, "", ErrNotFile
	}
	var file struct {
		Type, Encoding, Content, SHA string
		Size                         int64
	}
	if err := json.Unmarshal(answer, &file); err != nil {
		return nil, "", err
	}
	switch {
	case file.Type != "file":
		return nil, file.SHA, ErrNotFile
	case file.Size > MaxFile, file.Encoding == "none":
		return nil, file.SHA, ErrFileTooLarge
	case file.Encoding != "base64" && file.Encoding != "":
		return nil, file.SHA, fmt.Errorf("unknown encoding %q", file.Encoding)
	}
	// GitHub breaks the text into lines; the decoder skips line ends.
	content, err = base64.StdEncoding.DecodeString(file.Content)
	if err != nil {
		return nil, file.SHA, err
	}
	if content == nil {
		content = []byte{}
	}
	return content, file.SHA, nil
}

// fileError is ErrNoFile, and GitHub's own error for those who ask for it.
type fileError struct{ is, err error }

func (e *fileError) Error() string   { return e.is.Error() }
func (e *fileError) Unwrap() []error { return []error{e.is, e.err} }
