package githubtest

// JoinTeam puts a person into a team, as an owner of the organisation does.
func (s *Server) JoinTeam(org, slug, login string) { s.changeTeam(org, slug, login, true) }

// LeaveTeam takes a person out of a team.
func (s *Server) LeaveTeam(org, slug, login string) { s.changeTeam(org, slug, login, false) }

// changeTeam sends membership to each installation on the organisation that listens.
func (s *Server) changeTeam(org, slug, login string, joins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, u := s.mustUser(org), s.mustUser(login)
	t := o.team(slug)
	if t == nil {
		misuse("no team %s/%s", org, slug)
	}
	if t.has(u) == joins {
		return
	}
	action := "added"
	if joins {
		t.members = append(t.members, member{u, "member"})
		if o.membership(u) == "" {
			o.members = append(o.members, member{u, "member"})
		}
	} else {
		action = "removed"
		var left []member
		for _, m := range t.members {
			if m.user != u {
				left = append(left, m)
			}
		}
		t.members = left
	}
	for _, i := range s.installs {
		if i.account != o || !i.hears("membership") {
			continue
		}
		s.deliver(i, "membership", action, "", 0, object{
			"action": action, "scope": "team", "member": s.userJSON(u), "team": s.teamJSON(t), "organization": s.orgJSON(o),
			"sender": s.userJSON(s.ownerOf(o)), "installation": object{"id": i.id, "node_id": i.node},
		})
	}
}
