package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Applied is the part of a Store that knows which rules the open subjects of a repository have been looked at by.
type Applied interface {
	// Applied returns what SaveApplied stored last for a repository; nil when that is nothing.
	Applied(ctx context.Context, repository int64) ([]byte, error)
	// SaveApplied replaces it. data is of its owner's making. It goes with ForgetRepositories.
	SaveApplied(ctx context.Context, repository int64, data []byte) error
	// ForgetRules forgets what is remembered of rules on all subjects of a repository, with their timers. What they put stays
	// there, and is the bot's no longer; but for puts of the kind spared.
	ForgetRules(ctx context.Context, repository int64, spared string, rules ...string) error
}

func (s *sqliteStore) Applied(ctx context.Context, repository int64) ([]byte, error) {
	var data []byte
	err := s.reads[selectApplied].QueryRowContext(ctx, repository).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what was applied in repository %d: %w", repository, err)
	}
	return data, nil
}

func (s *sqliteStore) SaveApplied(ctx context.Context, repository int64, data []byte) error {
	data = slices.Clone(data)
	return s.writer.do(ctx, func(b *batch) error { return b.run(saveApplied, repository, data) })
}

func (s *sqliteStore) ForgetRules(ctx context.Context, repository int64, spared string, rules ...string) error {
	rules = slices.Clone(rules)
	id := strconv.FormatInt(repository, 10)
	return s.writer.do(ctx, func(b *batch) error {
		for _, rule := range rules {
			for _, mark := range []byte("#@!") { // see the keys of subjects: each is the number of its repository, one of these, and more
				from, to := id+string(mark), id+string(mark+1)
				err := errors.Join(b.run(forgetHeldIn, rule, from, to), b.run(forgetTimesIn, rule, from, to),
					b.run(forgetTimersOfIn, rule, from, to), b.run(forgetPutsIn, rule, spared, from, to))
				if err != nil {
					return fmt.Errorf("forget rule %q in repository %d: %w", rule, repository, err)
				}
			}
		}
		return nil
	})
}
