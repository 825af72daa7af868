//go:build !cgo

package main

import (
	"errors"

	"tablao.example/tablao/ext"
)

var drivers = []string{"sqlite"}

// A program that asks for the extension builds, and is told.
func useExtension(string) {
	check("no cgo", errors.Is(ext.Auto(), ext.ErrNoCgo), true)
}
