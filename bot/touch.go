package bot

import "bellhop/rules"

// touched tells which things that kept actions put there a delivery says to have been put or taken. Where a person did it, they
// are theirs from then on, and the bot does not take them back.
func touched(f *rules.Facts) []rules.Put {
	if f.Subject == nil {
		return nil
	}
	switch f.Delivery.Event + "." + f.Delivery.Activity {
	case "issues.labeled", "issues.unlabeled", "pull_request.labeled", "pull_request.unlabeled", "discussion.labeled", "discussion.unlabeled":
		if f.Delivery.Label != "" {
			return []rules.Put{{Kind: "label", Key: f.Delivery.Label}}
		}
	case "pull_request.converted_to_draft", "pull_request.ready_for_review":
		return []rules.Put{{Kind: "draft", Key: "draft"}, {Kind: "ready", Key: "ready"}}
	case "pull_request.auto_merge_enabled", "pull_request.auto_merge_disabled":
		return []rules.Put{{Kind: "auto_merge", Key: "auto-merge"}}
	}
	return nil
}
