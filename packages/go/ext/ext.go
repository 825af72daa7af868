//go:build cgo

// Package ext links Tablao's SQLite extension into the program, for the
// driver github.com/mattn/go-sqlite3. It needs cgo, as that driver does; where
// a program is built without, Auto is there and returns ErrNoCgo.
package ext

// #cgo CFLAGS: -std=c11 -DSQLITE_CORE -DNDEBUG -I${SRCDIR}
// #cgo linux LDFLAGS: -lm
// #include "tablao.h"
// static int tablaoAuto(void){
//   return sqlite3_auto_extension((void(*)(void))sqlite3_tablao_init);
// }
import "C"

import (
	"fmt"

	_ "github.com/mattn/go-sqlite3" // the SQLite that the C code is linked with
)

// Auto makes every connection that is opened from now on have the extension.
func Auto() error {
	if rc := C.tablaoAuto(); rc != 0 {
		return fmt.Errorf("tablao: sqlite3_auto_extension: error %d", int(rc))
	}
	return nil
}
