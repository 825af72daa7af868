// A farm manager on several machines: HTTP and JSON in front of a Tablao
// database that dqlite keeps on all of them. See README.md.
//
//	cluster manager -dir n1 -node 127.0.0.1:9001 -http 127.0.0.1:8081
//	cluster manager -dir n2 -node 127.0.0.1:9002 -http 127.0.0.1:8082 -join 127.0.0.1:9001
//	cluster worker -name node-01 http://127.0.0.1:8081 http://127.0.0.1:8082 ...
//	cluster submit http://127.0.0.1:8081 http://127.0.0.1:8082 ... <job.json
//	cluster jobs http://127.0.0.1:8081 http://127.0.0.1:8082 ...
//	cluster dump 127.0.0.1:9002 copy
package main

import (
	"crypto/rand"
	"fmt"
	"os"
)

// newUUID makes a random UUID: in a cluster whoever asks for a thing names it,
// so that asking again after an unclear answer cannot make a second one.
func newUUID() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func main() {
	commands := map[string]func([]string) error{"manager": manager, "worker": worker, "submit": submit, "jobs": list, "dump": dump}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: cluster manager|worker|submit|jobs|dump ...: examples/cluster/README.md tells of each")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}
