PRAGMA application_id = 1113943148;
PRAGMA user_version = 4;
CREATE TABLE deliveries (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	guid          TEXT    NOT NULL UNIQUE,
	event         TEXT    NOT NULL,
	activity      TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	repository    TEXT    NOT NULL,
	subject       TEXT    NOT NULL,
	sender        TEXT    NOT NULL,
	source        TEXT    NOT NULL,
	received      INTEGER NOT NULL
);
CREATE TABLE bodies (
	delivery_id INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
	body        BLOB NOT NULL
);
CREATE TABLE visits (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	delivery_id   INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
	subject       TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	state         TEXT    NOT NULL,
	attempts      INTEGER NOT NULL,
	not_before    INTEGER NOT NULL,
	reason        TEXT    NOT NULL,
	planned       INTEGER NOT NULL,
	UNIQUE (delivery_id, subject)
);
CREATE INDEX visits_waiting ON visits (id, not_before) WHERE state = 'waiting';
CREATE INDEX visits_later   ON visits (not_before) WHERE state = 'waiting' AND not_before > 0;
CREATE INDEX visits_dead    ON visits (delivery_id) WHERE state = 'dead';
CREATE INDEX visits_subject ON visits (subject, state);
CREATE TABLE decisions (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	visit_id  INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
	subject   TEXT    NOT NULL,
	decision  TEXT    NOT NULL, -- JSON
	api_calls INTEGER NOT NULL,
	config    TEXT    NOT NULL,
	at        INTEGER NOT NULL
);
CREATE INDEX decisions_subject ON decisions (subject, id);
CREATE INDEX decisions_visit   ON decisions (visit_id);
CREATE TABLE steps (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	visit_id INTEGER NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
	seq      INTEGER NOT NULL,
	step     TEXT    NOT NULL, -- JSON
	state    TEXT    NOT NULL,
	attempts INTEGER NOT NULL,
	url      TEXT    NOT NULL,
	reason   TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	UNIQUE (visit_id, seq)
);
CREATE TABLE held (
	subject TEXT    NOT NULL,
	rule    TEXT    NOT NULL,
	holds   INTEGER NOT NULL,
	PRIMARY KEY (subject, rule)
) WITHOUT ROWID;
CREATE TABLE puts (
	subject TEXT NOT NULL,
	rule    TEXT NOT NULL,
	kind    TEXT NOT NULL,
	key     TEXT NOT NULL,
	PRIMARY KEY (subject, rule, kind, key)
) WITHOUT ROWID;
CREATE TABLE timers (
	subject       TEXT    NOT NULL,
	rule          TEXT    NOT NULL,
	kind          TEXT    NOT NULL,
	installation  INTEGER NOT NULL,
	repository_id INTEGER NOT NULL,
	repository    TEXT    NOT NULL,
	due           INTEGER NOT NULL,
	data          BLOB,
	PRIMARY KEY (subject, rule, kind)
) WITHOUT ROWID;
CREATE INDEX timers_due        ON timers (due);
CREATE INDEX timers_repository ON timers (repository_id);
CREATE TABLE times (
	subject TEXT    NOT NULL,
	rule    TEXT    NOT NULL,
	since   INTEGER NOT NULL,
	fired   INTEGER NOT NULL,
	head    TEXT    NOT NULL,
	PRIMARY KEY (subject, rule)
) WITHOUT ROWID;
CREATE TABLE repositories (
	id           INTEGER PRIMARY KEY,
	installation INTEGER NOT NULL,
	repository   TEXT    NOT NULL,
	data         BLOB
);
CREATE TABLE config_files (
	repository_id INTEGER NOT NULL,
	path          TEXT    NOT NULL,
	repository    TEXT    NOT NULL,
	sha           TEXT    NOT NULL,
	good_sha      TEXT    NOT NULL,
	good          BLOB,
	problem       TEXT    NOT NULL,
	at            INTEGER NOT NULL,
	PRIMARY KEY (repository_id, path)
) WITHOUT ROWID;
CREATE TABLE marks (
	name TEXT PRIMARY KEY,
	data BLOB NOT NULL
) WITHOUT ROWID;
INSERT INTO deliveries VALUES (1, 'old-1', 'issues', 'opened', 7, 70, 'acme/app', '70#1', 'octocat', 'webhook', 1795521600123456);
INSERT INTO deliveries VALUES (2, 'old-2', 'issues', 'opened', 7, 70, 'acme/app', '70#2', 'octocat', 'webhook', 1795521600123456);
INSERT INTO deliveries VALUES (3, 'old-3', 'issues', 'opened', 7, 70, 'acme/app', '70#3', 'octocat', 'webhook', 1795521600123456);
INSERT INTO bodies VALUES (1, X'28B52FFD04004101007B22616374696F6E223A226F70656E6564222C226973737565223A7B226E756D626572223A317D7D11F13B71');
INSERT INTO bodies VALUES (2, X'28B52FFD04004101007B22616374696F6E223A226F70656E6564222C226973737565223A7B226E756D626572223A317D7D11F13B71');
INSERT INTO bodies VALUES (3, X'28B52FFD04004101007B22616374696F6E223A226F70656E6564222C226973737565223A7B226E756D626572223A317D7D11F13B71');
INSERT INTO visits VALUES (1, 1, '70#1', 7, 70, 'waiting', 1, 0, 'a reason', 1);
INSERT INTO visits VALUES (2, 2, '70#2', 7, 70, 'done', 1, 0, 'a reason', 1);
INSERT INTO visits VALUES (3, 3, '70#3', 7, 70, 'dead', 1, 0, 'a reason', 1);
INSERT INTO decisions VALUES (1, 1, '70#1', '{"Rule":"r"}', 2, 'abc', 1795521600123456);
INSERT INTO decisions VALUES (2, 2, '70#2', '{"Rule":"r"}', 2, 'abc', 1795521600123456);
INSERT INTO decisions VALUES (3, 3, '70#3', '{"Rule":"r"}', 2, 'abc', 1795521600123456);
INSERT INTO steps VALUES (1, 1, 0, '{"Rule":"r","Kind":"label","Args":{}}', 'done', 1, 'https://github.com/acme/app/issues/1', '', 1795521600123456);
INSERT INTO steps VALUES (2, 1, 1, '{"Rule":"r","Kind":"label","Args":{}}', 'waiting', 0, '', '', 1795521600123456);
INSERT INTO steps VALUES (3, 2, 0, '{"Rule":"r","Kind":"label","Args":{}}', 'done', 1, 'https://github.com/acme/app/issues/1', '', 1795521600123456);
INSERT INTO steps VALUES (4, 2, 1, '{"Rule":"r","Kind":"label","Args":{}}', 'done', 0, '', '', 1795521600123456);
INSERT INTO steps VALUES (5, 3, 0, '{"Rule":"r","Kind":"label","Args":{}}', 'done', 1, 'https://github.com/acme/app/issues/1', '', 1795521600123456);
INSERT INTO steps VALUES (6, 3, 1, '{"Rule":"r","Kind":"label","Args":{}}', 'dead', 0, '', '', 1795521600123456);
INSERT INTO held VALUES ('70#1', 'r', 1);
INSERT INTO puts VALUES ('70#1', 'r', 'label', 'x');
INSERT INTO timers VALUES ('x', 'x', 'x', 1, 1, 'x', 1, X'7B7D');
INSERT INTO times VALUES ('x', 'x', 1, 1, 'x');
INSERT INTO repositories VALUES (1, 1, 'x', X'7B7D');
INSERT INTO config_files VALUES (70, '.github/bot.toml', 'acme/app', 'abc', 'abc', X'23', '', 0);
INSERT INTO marks VALUES ('x', X'7B7D');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('decisions', 3);
INSERT INTO sqlite_sequence VALUES ('deliveries', 3);
INSERT INTO sqlite_sequence VALUES ('steps', 6);
INSERT INTO sqlite_sequence VALUES ('visits', 3);
