// Package store keeps what must not be lost: deliveries, the visits they cause, decisions, plans and their steps, and what the
// bot remembers of subjects and repositories.
//
// A *delivery* is one webhook request. A *visit* is one evaluation of one delivery on one subject: most deliveries have one
// visit, a check run on a commit of two pull requests has a visit for each. A visit is waiting (perhaps until a time), done,
// or dead (given up, kept with its reason).
//
// # What every store guarantees
//
//   - A write that returned nil is on disk, synced: it survives a crash of the process and of the machine. It is done whole or
//     not at all, and the next read of anybody sees it.
//   - A write that failed did nothing, except when its context ended: then it may still happen. All writes bear being repeated.
//   - What has ended stays as it ended: a write that would change a visit or step that is not waiting changes nothing and
//     returns nil. One that names a visit or step that was never there is ErrNotFound, and changes nothing.
//   - IDs of deliveries, visits and steps grow and are never used again. A visit with a lower ID was committed before, or with,
//     one with a higher ID: who has seen the higher one has seen the lower one. (A store with several writers has to order
//     them to that end.)
//   - Times are kept to the microsecond and come back in UTC. A step's Action is not kept: its Args are, the caller decodes them.
//   - Lists come back nil when nothing is there, in the order that their method names. A caller owns what it is given, and what
//     it hands over is its own again when the method returns.
//
// One conformance test (testStore) holds for every store. The methods say no word of SQL, so that another engine can join.
package store

import (
	"context"
	"errors"
	"time"

	"bellhop/rules"
)

// ErrNotFound is returned where one thing was asked for and is not there.
var ErrNotFound = errors.New("not found")

// ErrFull is returned by Keep when more writes wait than the store takes on. Nothing was stored; try again later. The other
// writes wait for their turn, as long as their context allows: what was begun is not to fail because much comes in.
var ErrFull = errors.New("store is full")

// State is where a delivery, a visit or a step stands.
type State string

// A delivery is Waiting while one of its visits is, then Dead if one of them is, else Done. Skipped is for steps only: GitHub
// had no use for it (already merged, gone), or it was observed only.
const (
	Waiting State = "waiting"
	Done    State = "done"
	Dead    State = "dead"
	Skipped State = "skipped"
)

// Delivery is one webhook request.
type Delivery struct {
	ID           int64 // the store's number, growing
	GUID         string
	Event        string
	Activity     string // the payload's action member
	Installation int64  // 0 when the payload names none
	RepositoryID int64  // 0 when the payload names none
	Repository   string // "owner/name"
	Subject      string // key of the first visit's subject
	Sender       string // login
	Source       string // "webhook", later also "recovered", "replayed", "schedule"
	Received     time.Time
	Body         []byte // JSON as GitHub sent it; nil in lists
	State        State
	Reason       string // why it is dead
}

// Visit is one evaluation of one delivery on one subject.
type Visit struct {
	ID           int64
	DeliveryID   int64
	Subject      string
	Installation int64
	RepositoryID int64
	Event        string // of its delivery, as is Activity
	Activity     string
	State        State
	Attempts     int       // tries that failed
	NotBefore    time.Time // zero: at once
	Reason       string    // of the last failure
	Planned      bool      // its plan is written down
}

// Plan is what one visit decided.
type Plan struct {
	Visit     int64
	Subject   string
	Decisions []rules.Decision
	Steps     []rules.Step
	Memory    rules.Memory // Held and Times replace what was remembered of these rules, others stay; Put replaces all that the bot put there
	Wakes     []Timer      // of the kind Wake, on the subject: they replace those of the rules that were decided
	APICalls  int
	Config    string // which rules decided: blob SHAs
	At        time.Time
}

// Step is one stored step of a plan.
type Step struct {
	ID       int64
	Visit    int64
	Seq      int // from 0
	Step     rules.Step
	State    State
	Attempts int
	URL      string // what it made on GitHub
	Reason   string // why it is dead or was skipped
	At       time.Time
}

// StepResult is what became of a step.
type StepResult struct {
	State  State // Done, Dead or Skipped
	URL    string
	Reason string
	At     time.Time
}

// Decision is one stored decision.
type Decision struct {
	rules.Decision
	Visit    int64
	Delivery string // GUID
	Subject  string
	APICalls int // of the whole visit
	Config   string
	At       time.Time
}

// Config is the state of one rule file of a repository. The one for all repositories of an account stands under minus the number
// of the account, where it is read for them.
type Config struct {
	RepositoryID int64
	Path         string
	Repository   string
	SHA          string // blob SHA last seen; "" when the repository has no such file
	GoodSHA      string // blob SHA of the last file that compiled
	Good         []byte // that file
	Problem      string // why the newest file is not in force; "" when it is
	At           time.Time
}

// Filter chooses deliveries. Zero fields do not restrict.
type Filter struct {
	State      State
	Event      string
	Repository string
	Subject    string
	Before     int64 // only IDs below; for paging
	Limit      int   // 100 when 0
}

// Counts is how much waits.
type Counts struct {
	Deliveries int64 // stored in all
	Waiting    int64 // visits that wait
	Dead       int64 // visits that were given up
}

// MaxWaitingOn bounds what one look at a subject takes into memory.
const MaxWaitingOn = 500

// MaxDid bounds how far Did looks back.
const MaxDid = 1000

// Store is the truth. Every method that writes returns after the write is synced to disk; its methods may be called
// concurrently. SQLite keeps it on one machine, see OpenSQLite. Writes after Close return ErrClosed.
type Store interface {
	// Keep stores d and a visit to d.Subject, and sets d.ID. A GUID that is known already changes nothing: known is then the
	// state of the delivery that has it, and d.ID its ID; else known is "". The error is ErrFull when too much waits. A body
	// longer than MaxBody and an empty GUID are refused.
	Keep(ctx context.Context, d *Delivery) (known State, err error)
	// Delivery returns one delivery with its body, or ErrNotFound.
	Delivery(ctx context.Context, id int64) (*Delivery, error)
	// DeliveryByGUID is Delivery by GitHub's name for it.
	DeliveryByGUID(ctx context.Context, guid string) (*Delivery, error)
	// Deliveries lists deliveries, newest first, without bodies. A subject matches the deliveries that have a visit to it.
	Deliveries(ctx context.Context, f Filter) ([]Delivery, error)

	// Due lists waiting visits with an ID above after that may be done at now, by ID; 100 of them when limit is 0.
	Due(ctx context.Context, now time.Time, after int64, limit int) ([]Visit, error)
	// NextDue is the earliest NotBefore after now of a waiting visit; zero when there is none.
	NextDue(ctx context.Context, now time.Time) (time.Time, error)
	// WaitingOn lists the waiting visits of a subject, by ID, whether due or not; no more than the first MaxWaitingOn.
	WaitingOn(ctx context.Context, subject string) ([]Visit, error)
	// VisitsOf lists the visits of a delivery, by ID.
	VisitsOf(ctx context.Context, delivery int64) ([]Visit, error)
	// FanOut ends visit v as done and adds a waiting visit of its delivery for each of subjects that has none yet, of the same
	// installation and repository. v's own subject among them is an error.
	FanOut(ctx context.Context, v Visit, subjects []string) error
	// Finish ends visits as Done or Dead, all of them or none.
	Finish(ctx context.Context, state State, reason string, visits ...int64) error
	// Retry counts a failed attempt of a visit and puts it off until at.
	Retry(ctx context.Context, visit int64, at time.Time, reason string) error
	// PutOff moves a visit to at without counting an attempt: GitHub asked to wait.
	PutOff(ctx context.Context, visit int64, at time.Time, reason string) error

	// WritePlan stores the plan of a visit and what is remembered of its rules, in one piece. A visit that has a plan keeps it:
	// then nothing changes, and Steps has the one that counts.
	WritePlan(ctx context.Context, p Plan) error
	// Steps lists the steps of a visit in order.
	Steps(ctx context.Context, visit int64) ([]Step, error)
	// Did lists the steps that were done on a subject after since, in the order of their plans; no more than those of its newest
	// MaxDid visits.
	Did(ctx context.Context, subject string, since time.Time) ([]Step, error)
	// StepTried counts an attempt of a step, before it is begun.
	StepTried(ctx context.Context, step int64) error
	// FinishStep stores what became of a step and what follows for the memory of its subject, in one piece. Done: what
	// s.Step.Put says was put there; with Undo it is gone, and so it is when taking it back was Skipped. Dead: the rule did not
	// do what it fires once for, so it counts as never decided and may fire again.
	FinishStep(ctx context.Context, subject string, s Step, r StepResult) error
	// Decisions lists the newest decisions on a subject first; 100 of them when limit is 0.
	Decisions(ctx context.Context, subject string, limit int) ([]Decision, error)

	// Memory returns what the bot remembers of a subject; its zero value when that is nothing. Puts are sorted by rule, kind
	// and key, and none is there twice.
	Memory(ctx context.Context, subject string) (rules.Memory, error)
	// ForgetPut forgets that the bot put key there: a person has put or taken it since.
	ForgetPut(ctx context.Context, subject, kind, key string) error

	// Configs returns the states of a repository's rule files, by path; none for a repository that was never looked at.
	Configs(ctx context.Context, repository int64) ([]Config, error)
	// SaveConfig replaces the state of one file.
	SaveConfig(ctx context.Context, c Config) error

	Timers

	// Counts counts what is stored and what waits.
	Counts(ctx context.Context) (Counts, error)
	// Changed returns a channel that is closed after the next write is committed, and before its caller is released. Take it
	// before looking, so that no change is missed.
	Changed() <-chan struct{}
	// Close commits the writes that were taken, ends all work and releases the files. Closing again does nothing.
	Close() error
}
