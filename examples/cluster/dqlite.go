package main

import (
	"context"
	"errors"
)

// What is the same with either version of go-dqlite: dqlite1.go, dqlite2.go.

// sqliteError tells SQLite's own refusals from failures of the cluster.
func sqliteError(err error) (code int, message string, ok bool) {
	var e driverError
	if errors.As(err, &e) {
		return e.Code, e.Message, true
	}
	return 0, "", false
}

func leaderAddress(ctx context.Context, n *node) (string, error) {
	c, err := n.Leader(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	leader, err := c.Leader(ctx)
	if err != nil || leader == nil {
		return "", err
	}
	return leader.Address, nil
}

// copyNode is what a node has of the database: farm.db and its WAL.
func copyNode(ctx context.Context, address string) (map[string][]byte, error) {
	c, err := newClient(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	files, err := c.Dump(ctx, database)
	found := map[string][]byte{}
	for _, file := range files {
		found[file.Name] = file.Data
	}
	return found, err
}
