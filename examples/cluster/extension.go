//go:build extension

package main

// The extension in every connection that dqlite opens in this process: build.sh
// links libtablao.a for it. The manager does without, since it uses the doors.

/*
#include <sqlite3.h>
int sqlite3_tablao_init(sqlite3*, char**, const sqlite3_api_routines*);
static int tablaoEverywhere(void){
  return sqlite3_auto_extension((void(*)(void))sqlite3_tablao_init);
}
*/
import "C"
import "fmt"

func init() {
	if rc := C.tablaoEverywhere(); rc != 0 {
		panic(fmt.Sprintf("sqlite3_auto_extension: %d", int(rc)))
	}
}
