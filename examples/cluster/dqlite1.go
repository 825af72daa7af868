//go:build dqlite1

package main

// libdqlite before 1.17, as Debian 12 has it.

import (
	"time"

	"github.com/canonical/go-dqlite/app"
	"github.com/canonical/go-dqlite/client"
	"github.com/canonical/go-dqlite/driver"
)

type (
	node        = app.App
	driverError = driver.Error
)

var newClient = client.New

func startNode(dir, address string, join []string, latency time.Duration) (*node, error) {
	return app.New(dir, app.WithAddress(address), app.WithCluster(join), app.WithNetworkLatency(latency))
}
