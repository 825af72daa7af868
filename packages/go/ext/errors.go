package ext

import "errors"

// ErrNoCgo is what Auto returns in a program that was built without cgo. The
// schema needs no extension: tablao.Migrate makes a farm all the same.
var ErrNoCgo = errors.New("tablao: ext was built without cgo," +
	" so there is no extension; tablao.Migrate works without it")
