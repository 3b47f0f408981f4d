package githubtest

import (
	"maps"
	"slices"
	"strings"
)

// allEvents is every event that an App can subscribe to and the stand-in sends.
var allEvents = strings.Fields(`check_run check_suite commit_comment create delete deployment deployment_status discussion
	discussion_comment fork issue_comment issues label member membership merge_group milestone pull_request pull_request_review
	pull_request_review_comment pull_request_review_thread push release repository repository_dispatch star status workflow_dispatch
	workflow_job workflow_run`)

// alwaysSent are the events that every App gets, subscribed or not.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation
var alwaysSent = map[string]bool{"installation": true, "installation_repositories": true, "github_app_authorization": true}

// emit sends an event of a repository to each installation that includes it.
func (s *Server) emit(r *repo, event, action string, who *user, body object) {
	for _, i := range s.installs {
		if i.includes(r) {
			s.emitTo(i, r, event, action, who, body)
		}
	}
}

// emitTo sends an event to one installation when it listens to it. body lacks what all payloads have: action, repository,
// organization, sender, installation.
func (s *Server) emitTo(i *installation, r *repo, event, action string, who *user, body object) {
	if !i.hears(event) {
		return
	}
	payload := maps.Clone(body)
	if action != "" {
		payload["action"] = action
	}
	if _, has := payload["repository"]; !has {
		payload["repository"] = s.repoJSON(r, nil)
	}
	if r.owner.isOrg() {
		payload["organization"] = s.orgJSON(r.owner)
	}
	payload["sender"] = s.userJSON(who)
	payload["installation"] = object{"id": i.id, "node_id": i.node}
	s.deliver(i, event, action, r.full(), r.id, payload)
}

func (i *installation) hears(event string) bool {
	if alwaysSent[event] {
		return true
	}
	if !i.suspended.IsZero() {
		return false
	}
	return slices.Contains(i.events, event)
}

func (s *Server) repoNames(list []*repo) []object {
	return each(list, func(r *repo) object {
		return object{"id": r.id, "node_id": r.node, "name": r.name, "full_name": r.full(), "private": r.private}
	})
}

// emitInstallation sends installation, with the repositories where GitHub names them.
func (s *Server) emitInstallation(i *installation, action string, who *user) {
	payload := object{"action": action, "installation": s.installationJSON(i), "sender": s.userJSON(who)}
	switch action {
	case "created", "deleted", "suspend", "unsuspend":
		payload["repositories"] = s.repoNames(s.reposOf(i))
	}
	if action == "created" {
		payload["requester"] = nil
	}
	s.deliver(i, "installation", action, "", 0, payload)
}

// emitSelection sends installation_repositories for what came and what went.
func (s *Server) emitSelection(i *installation, before, after []*repo) {
	was, is := map[*repo]bool{}, map[*repo]bool{}
	for _, r := range before {
		was[r] = true
	}
	for _, r := range after {
		is[r] = true
	}
	var added, removed []*repo
	for _, r := range after {
		if !was[r] {
			added = append(added, r)
		}
	}
	for _, r := range before {
		if !is[r] {
			removed = append(removed, r)
		}
	}
	selection := "all"
	if i.selected != nil {
		selection = "selected"
	}
	send := func(action string, added, removed []*repo) {
		s.deliver(i, "installation_repositories", action, "", 0, object{
			"action": action, "installation": s.installationJSON(i), "repository_selection": selection, "requester": nil,
			"repositories_added": s.repoNames(added), "repositories_removed": s.repoNames(removed), "sender": s.userJSON(s.ownerOf(i.account)),
		})
	}
	if len(added) > 0 {
		send("added", added, nil)
	}
	if len(removed) > 0 {
		send("removed", nil, removed)
	}
}
