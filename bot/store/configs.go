package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

func (s *sqliteStore) Configs(ctx context.Context, repository int64) ([]Config, error) {
	var out []Config
	err := s.query(ctx, selectConfigs, func(r *sql.Rows) error {
		var c Config
		var at int64
		if err := r.Scan(&c.RepositoryID, &c.Path, &c.Repository, &c.SHA, &c.GoodSHA, &c.Good, &c.Problem, &at); err != nil {
			return err
		}
		c.At = fromMicro(at)
		out = append(out, c)
		return nil
	}, repository)
	if err != nil {
		return nil, fmt.Errorf("configs of repository %d: %w", repository, err)
	}
	return out, nil
}

func (s *sqliteStore) SaveConfig(ctx context.Context, c Config) error {
	c.Good = slices.Clone(c.Good)
	return s.writer.do(ctx, func(b *batch) error {
		return b.run(saveConfig, c.RepositoryID, c.Path, c.Repository, c.SHA, c.GoodSHA, c.Good, c.Problem, toMicro(c.At))
	})
}
