package bot

import (
	"context"
	"fmt"
	"slices"

	"bellhop/bot/store"
)

// noteEnds tells the store which subjects came to their end by these visits, and which are open again, so that what is
// remembered of them leaves in time. It does so before the visits are done or ended: noting an end twice changes nothing.
func (h *Host) noteEnds(ctx context.Context, visits []store.Visit) error {
	var ended, revived []string
	for _, v := range visits {
		// What counts is what happened last: a visit is later than those before it.
		switch endOf(v) {
		case brief:
			if !h.unheard(v) { // else nothing is remembered of it
				ended = append(ended, v.Subject)
			}
		case over:
			ended, revived = append(ended, v.Subject), without(revived, v.Subject)
		case open:
			revived, ended = append(revived, v.Subject), without(ended, v.Subject)
		}
	}
	if len(ended) > 0 {
		if err := h.store.End(ctx, h.now(), ended...); err != nil {
			return fmt.Errorf("note what ended: %w", err)
		}
	}
	if len(revived) > 0 {
		if err := h.store.Reopen(ctx, revived...); err != nil {
			return fmt.Errorf("note what is open again: %w", err)
		}
	}
	return nil
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(list, func(have string) bool { return have == s })
}

// lifetime is what a visit says of the life of its subject.
type lifetime int

const (
	goesOn lifetime = iota
	brief           // over from the start
	over
	open
)

// endOf says whether a subject ends or begins again by v. Commits, and the branches of merge queues, are over from the start:
// what is done about one is done soon after it came, and as long as something is heard of it, its memory stays.
func endOf(v store.Visit) lifetime {
	s, err := parseSubject(v.Subject)
	switch {
	case err != nil:
		return goesOn
	case s.sha != "", v.Event == "merge_group":
		return brief
	case v.Event == "delete":
		return over
	case v.Event == "create":
		return open
	case v.Event != "issues" && v.Event != "pull_request" && v.Event != "discussion":
		return goesOn
	}
	switch v.Activity {
	case "closed", "deleted", "transferred":
		return over
	case "opened", "reopened":
		return open
	}
	return goesOn
}
