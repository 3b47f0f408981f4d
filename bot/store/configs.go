package store

import (
	"context"
	"fmt"
	"slices"
)

func (s *sqliteStore) Config(ctx context.Context, repository int64) (*Config, error) {
	var c Config
	var at int64
	err := s.reads[selectConfig].QueryRowContext(ctx, repository).Scan(&c.RepositoryID, &c.Repository, &c.SHA, &c.GoodSHA, &c.Good, &c.Problem, &at)
	if err != nil {
		return nil, fmt.Errorf("config of repository %d: %w", repository, notFound(err))
	}
	c.At = fromMicro(at)
	return &c, nil
}

func (s *sqliteStore) SaveConfig(ctx context.Context, c Config) error {
	c.Good = slices.Clone(c.Good)
	return s.writer.do(ctx, func(b *batch) error {
		return b.run(saveConfig, c.RepositoryID, c.Repository, c.SHA, c.GoodSHA, c.Good, c.Problem, toMicro(c.At))
	})
}
