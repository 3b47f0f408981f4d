package githubtest

// gitSignature is a valid signature of a commit.
type gitSignature struct{}

// refRuleTypes are what rules a branch, as those see it who are no admins.
func refRuleTypes(t map[string]fields) {
	t["RefUpdateRule"] = fields{
		"pattern":                      is(func(v protectionIn) any { return v.branch }),
		"requiredApprovingReviewCount": is(func(v protectionIn) any { return v.Approvals }),
		"requiredStatusCheckContexts":  is(func(v protectionIn) any { return notNil(v.Checks) }),
	}
	t["RepositoryRule"] = fields{
		"type":       is(func(protectionIn) any { return "REQUIRED_STATUS_CHECKS" }),
		"parameters": on("RuleParameters", "", func(_ *execution, v protectionIn, _ args) any { return v }),
	}
	t["RequiredStatusChecksParameters"] = fields{
		"strictRequiredStatusChecksPolicy": is(func(v protectionIn) any { return v.Strict }),
		"requiredStatusChecks":             on("StatusCheckConfiguration[]", "", func(_ *execution, v protectionIn, _ args) any { return v.Checks }),
	}
	t["StatusCheckConfiguration"] = fields{
		"context":       is(func(v string) any { return v }),
		"integrationId": is(func(string) any { return nil }),
	}
	t["GpgSignature"] = fields{
		"isValid": is(func(gitSignature) any { return true }), "state": is(func(gitSignature) any { return "VALID" }),
	}
}
