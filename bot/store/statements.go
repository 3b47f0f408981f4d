package store

// The SQL of every read and write, beside the schema the only place that speaks it. It is plain: what is not in PostgreSQL
// too is marked.

// Columns of a delivery without its body. Its state follows from its visits. Why it is dead is told by the visit that was
// given up last.
const deliveryColumns = `d.id, d.guid, d.event, d.activity, d.installation, d.repository_id, d.repository, d.subject, d.sender, d.source, d.received,
	` + deliveryState + `,
	coalesce((SELECT v.reason FROM visits v WHERE v.delivery_id = d.id AND v.state = 'dead' ORDER BY v.id DESC LIMIT 1), '')`

const deliveryState = `CASE
	WHEN EXISTS (SELECT 1 FROM visits v WHERE v.delivery_id = d.id AND v.state = 'waiting') THEN 'waiting'
	WHEN EXISTS (SELECT 1 FROM visits v WHERE v.delivery_id = d.id AND v.state = 'dead') THEN 'dead'
	ELSE 'done' END`

// Columns of a visit, with what its delivery is about: enough to tell whether any rule listens.
const selectVisit = `SELECT v.id, v.delivery_id, v.subject, v.installation, v.repository_id, d.event, d.activity, v.state, v.attempts, v.not_before, v.reason, v.planned
	FROM visits v JOIN deliveries d ON d.id = v.delivery_id`

// Writes. Each is done by the one writer, inside a transaction.
const (
	insertDelivery = `INSERT INTO deliveries (guid, event, activity, installation, repository_id, repository, subject, sender, source, received)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guid) DO NOTHING`
	insertBody    = `INSERT INTO bodies (delivery_id, body) VALUES (?, ?)`
	knownDelivery = `SELECT d.id, ` + deliveryState + ` FROM deliveries d WHERE d.guid = ?`

	insertVisit = `INSERT INTO visits (delivery_id, subject, installation, repository_id, state, attempts, not_before, reason, planned)
		VALUES (?, ?, ?, ?, 'waiting', 0, 0, '', 0) ON CONFLICT (delivery_id, subject) DO NOTHING`
	visitThere  = `SELECT id FROM visits WHERE id = ?`
	finishVisit = `UPDATE visits SET state = ?, reason = ?, not_before = 0 WHERE id = ? AND state = 'waiting'`
	retryVisit  = `UPDATE visits SET attempts = attempts + 1, not_before = ?, reason = ? WHERE id = ? AND state = 'waiting'`
	putOffVisit = `UPDATE visits SET not_before = ?, reason = ? WHERE id = ? AND state = 'waiting'`
	planVisit   = `UPDATE visits SET planned = 1 WHERE id = ? AND state = 'waiting' AND planned = 0`

	insertDecision = `INSERT INTO decisions (visit_id, subject, decision, api_calls, config, at) VALUES (?, ?, ?, ?, ?, ?)`
	insertStep     = `INSERT INTO steps (visit_id, seq, step, state, attempts, url, reason, at) VALUES (?, ?, ?, 'waiting', 0, '', '', ?)`
	stepThere      = `SELECT id FROM steps WHERE id = ?`
	tryStep        = `UPDATE steps SET attempts = attempts + 1 WHERE id = ? AND state = 'waiting'`
	finishStep     = `UPDATE steps SET state = ?, url = ?, reason = ?, at = ? WHERE id = ? AND state = 'waiting'`

	saveHeld      = `INSERT INTO held (subject, rule, holds) VALUES (?, ?, ?) ON CONFLICT (subject, rule) DO UPDATE SET holds = excluded.holds`
	forgetHeld    = `DELETE FROM held WHERE subject = ? AND rule = ?`
	insertPut     = `INSERT INTO puts (subject, rule, kind, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	deletePut     = `DELETE FROM puts WHERE subject = ? AND rule = ? AND kind = ? AND key = ?`
	forgetPuts    = `DELETE FROM puts WHERE subject = ? AND kind = ? AND key = ?`
	forgetAllPuts = `DELETE FROM puts WHERE subject = ?`

	saveConfig = `INSERT INTO config_files (repository_id, path, repository, sha, good_sha, good, problem, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (repository_id, path) DO UPDATE SET repository = excluded.repository, sha = excluded.sha, good_sha = excluded.good_sha,
			good = excluded.good, problem = excluded.problem, at = excluded.at`

	saveTimer = `INSERT INTO timers (subject, rule, kind, installation, repository_id, repository, due, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (subject, rule, kind) DO UPDATE SET installation = excluded.installation, repository_id = excluded.repository_id,
			repository = excluded.repository, due = excluded.due, data = excluded.data`
	deleteTimer    = `DELETE FROM timers WHERE subject = ? AND rule = ? AND kind = ?`
	ringTimer      = `DELETE FROM timers WHERE subject = ? AND rule = ? AND kind = ? AND due = ?`
	forgetTimersIn = `DELETE FROM timers WHERE repository_id = ?`
	forgetTimersOf = `DELETE FROM timers WHERE installation = ?`

	saveTimes = `INSERT INTO times (subject, rule, since, fired, head) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (subject, rule) DO UPDATE SET since = excluded.since, fired = excluded.fired, head = excluded.head`
	forgetTimes = `DELETE FROM times WHERE subject = ? AND rule = ?`

	saveRepository = `INSERT INTO repositories (id, installation, repository, data) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET installation = excluded.installation, repository = excluded.repository, data = excluded.data`
	forgetRepository   = `DELETE FROM repositories WHERE id = ?`
	forgetInstallation = `DELETE FROM repositories WHERE installation = ?`
)

// Reads. The states are written out, not parameters, where a partial index has to be found.
const (
	selectDelivery = `SELECT ` + deliveryColumns + `, b.body FROM deliveries d JOIN bodies b ON b.delivery_id = d.id WHERE d.id = ?`
	selectByGUID   = `SELECT ` + deliveryColumns + `, b.body FROM deliveries d JOIN bodies b ON b.delivery_id = d.id WHERE d.guid = ?`
	countAll       = `SELECT count(*) FROM deliveries`
	countVisits    = `SELECT (SELECT count(*) FROM visits WHERE state = 'waiting'), (SELECT count(*) FROM visits WHERE state = 'dead')`

	selectDue     = selectVisit + ` WHERE v.state = 'waiting' AND v.not_before <= ? AND v.id > ? ORDER BY v.id LIMIT ?`
	selectNextDue = `SELECT coalesce(min(not_before), 0) FROM visits WHERE state = 'waiting' AND not_before > 0 AND not_before > ?`
	selectWaiting = selectVisit + ` WHERE v.subject = ? AND v.state = 'waiting' ORDER BY v.id LIMIT ?`
	selectVisits  = selectVisit + ` WHERE v.delivery_id = ? ORDER BY v.id`

	selectSteps = `SELECT id, visit_id, seq, step, state, attempts, url, reason, at FROM steps WHERE visit_id = ? ORDER BY seq`
	selectDid   = `SELECT id, visit_id, seq, step, state, attempts, url, reason, at FROM steps
		WHERE visit_id IN (SELECT id FROM visits WHERE subject = ? ORDER BY id DESC LIMIT ?) AND state = 'done' AND at > ? ORDER BY id`
	selectDecisions = `SELECT c.visit_id, d.guid, c.subject, c.decision, c.api_calls, c.config, c.at
		FROM decisions c JOIN visits v ON v.id = c.visit_id JOIN deliveries d ON d.id = v.delivery_id
		WHERE c.subject = ? ORDER BY c.id DESC LIMIT ?`

	// One statement for both halves, so that they are of the same moment.
	selectMemory = `SELECT rule, '', '', holds FROM held WHERE subject = ?1
		UNION ALL SELECT rule, kind, key, -1 FROM puts WHERE subject = ?1 ORDER BY 1, 2, 3`

	selectConfigs = `SELECT repository_id, path, repository, sha, good_sha, good, problem, at FROM config_files WHERE repository_id = ? ORDER BY path`

	selectTimer        = `SELECT subject, rule, kind, installation, repository_id, repository, due, data FROM timers`
	selectDueTimers    = selectTimer + ` WHERE due <= ? ORDER BY due, subject, rule, kind LIMIT ?`
	selectTimersOn     = selectTimer + ` WHERE subject = ? ORDER BY rule, kind`
	selectNextTimer    = `SELECT coalesce(min(due), 0) FROM timers`
	selectTimes        = `SELECT rule, since, fired, head FROM times WHERE subject = ?`
	selectRepositories = `SELECT id, installation, repository, data FROM repositories WHERE id > ? ORDER BY id LIMIT ?`
)

// selectDeliveries is the statement of a filter and its arguments. What waits and what is dead are short lists, so their
// deliveries are found from there; for the others the table is read from its end until enough are found.
func selectDeliveries(f Filter) (string, []any) {
	const (
		waiting = `SELECT delivery_id FROM visits WHERE state = 'waiting'`
		dead    = `SELECT delivery_id FROM visits WHERE state = 'dead'`
	)
	q := `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE true`
	var args []any
	and := func(condition string, arg ...any) {
		q += ` AND ` + condition
		args = append(args, arg...)
	}
	switch f.State {
	case Waiting:
		and(`d.id IN (` + waiting + `)`)
	case Dead:
		and(`d.id IN (` + dead + `) AND d.id NOT IN (` + waiting + `)`)
	case Done:
		and(`d.id NOT IN (` + waiting + `) AND d.id NOT IN (` + dead + `)`)
	case "":
	default:
		and(`false`)
	}
	if f.Event != "" {
		and(`d.event = ?`, f.Event)
	}
	if f.Repository != "" {
		and(`d.repository = ?`, f.Repository)
	}
	if f.Subject != "" {
		and(`d.id IN (SELECT delivery_id FROM visits WHERE subject = ?)`, f.Subject)
	}
	if f.Before > 0 {
		and(`d.id < ?`, f.Before)
	}
	return q + ` ORDER BY d.id DESC LIMIT ?`, append(args, limit(f.Limit, 100))
}

// limit is n, or otherwise when n is not positive.
func limit(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
