package bot

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"bellhop/bot/store"
)

// newDelivery reads from a verified body what the store is searched by, and routes the delivery to its subject. It reads the
// few members it needs and no more, because it runs before the answer to GitHub. It never fails: a body that is not what
// GitHub sends leaves fields empty, and the worker says later what is wrong with it.
func newDelivery(guid, event string, body []byte, received time.Time) *store.Delivery {
	d := &store.Delivery{GUID: guid, Event: event, Received: received, Source: "webhook", Body: body}
	var s subject
	// One pass over the top-level members; gjson skips the values that are not asked for without decoding them. A member
	// that stands twice counts as its last, as it does for encoding/json.
	gjson.ParseBytes(body).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "action":
			d.Activity = value.Str
		case "installation":
			d.Installation = value.Get("id").Int()
		case "repository":
			d.RepositoryID = value.Get("id").Int()
			d.Repository = value.Get("full_name").Str
		case "sender":
			d.Sender = value.Get("login").Str
		case "organization":
			s.account = value.Get("login").Str
		}
		if r, ok := routes[event]; ok && r.member == key.Str {
			r.route(&s, value)
		}
		return true
	})
	if s.account == "" {
		s.account = d.Sender
	}
	s.repository, s.installation = d.RepositoryID, d.Installation
	if kind, ok := map[string]string{"branch": "heads/", "tag": "tags/"}[gjson.GetBytes(body, "ref_type").Str]; ok && !strings.HasPrefix(s.ref, "refs/") {
		s.ref = "refs/" + kind + s.ref // create and delete name a branch or tag bare; a push names the whole ref
	}
	d.Subject = s.String()
	return d
}

// route says which top-level member of a payload names the subject, and how. Events without a route are about their
// repository, or without one about their installation or account.
type route struct {
	member string
	route  func(*subject, gjson.Result)
}

func byNumber(s *subject, v gjson.Result) { s.number = int(v.Get("number").Int()) }

func bySHA(path string) func(*subject, gjson.Result) {
	return func(s *subject, v gjson.Result) { s.sha = v.Get(path).Str }
}

var routes = map[string]route{
	"issues":                      {"issue", byNumber},
	"issue_comment":               {"issue", byNumber},
	"pull_request":                {"pull_request", byNumber},
	"pull_request_review":         {"pull_request", byNumber},
	"pull_request_review_comment": {"pull_request", byNumber},
	"pull_request_review_thread":  {"pull_request", byNumber},
	"discussion":                  {"discussion", byNumber},
	"discussion_comment":          {"discussion", byNumber},
	"check_run":                   {"check_run", bySHA("head_sha")},
	"check_suite":                 {"check_suite", bySHA("head_sha")},
	"workflow_run":                {"workflow_run", bySHA("head_sha")},
	"workflow_job":                {"workflow_job", bySHA("head_sha")},
	"deployment":                  {"deployment", bySHA("sha")},
	"deployment_status":           {"deployment", bySHA("sha")},
	"commit_comment":              {"comment", bySHA("commit_id")},
	"status":                      {"sha", func(s *subject, v gjson.Result) { s.sha = v.Str }},
	"push":                        {"ref", func(s *subject, v gjson.Result) { s.ref = v.Str }},
	"create":                      {"ref", func(s *subject, v gjson.Result) { s.ref = v.Str }},
	"delete":                      {"ref", func(s *subject, v gjson.Result) { s.ref = v.Str }},
	"release":                     {"release", func(s *subject, v gjson.Result) { s.ref = "refs/tags/" + v.Get("tag_name").Str }},
	"merge_group":                 {"merge_group", func(s *subject, v gjson.Result) { s.ref = v.Get("head_ref").Str }},
}
