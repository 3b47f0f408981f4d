package rules

// Shown is an action that changes what payloads tell of its subject.
type Shown interface {
	Action
	// Show has f show its subject as it is once the action was done. f.Subject is set, and f's own.
	Show(f *Facts)
}
