//go:build !dqlite1

package main

// libdqlite 1.17 or later, as Debian 13 has it.

import (
	"time"

	"github.com/canonical/go-dqlite/v2/app"
	"github.com/canonical/go-dqlite/v2/client"
	"github.com/canonical/go-dqlite/v2/driver"
)

type (
	node        = app.App
	driverError = driver.Error
)

var newClient = client.New

func startNode(dir, address string, join []string, latency time.Duration) (*node, error) {
	return app.New(dir, app.WithAddress(address), app.WithCluster(join), app.WithNetworkLatency(latency))
}
