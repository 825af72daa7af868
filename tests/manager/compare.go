package main

import (
	"bufio"
	"fmt"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A client is the process that works on one of the two databases.
type client struct {
	name  string
	in    io.WriteCloser
	out   *bufio.Scanner
	cmd   *exec.Cmd
	times map[string][]taken
}

// How long something took, and how long the processor was at it, which says
// more on a machine that has other work to do.
type taken struct{ wall, cpu time.Duration }

var (
	both   [2]*client
	labels []string // of what is timed, as first met
	wrong  = map[string]int{}
	right  = map[string]int{}
)

func start(name, path string) (*client, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &client{name: name, cmd: exec.Command(self, "-one", path), times: map[string][]taken{}}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	c.out.Buffer(nil, 1<<24)
	return c, c.cmd.Start()
}

func (c *client) say(line string) { fmt.Fprintln(c.in, line) }

func (c *client) hear() string {
	if !c.out.Scan() {
		die(fmt.Errorf("the client of the %s database ended: %v", c.name, c.cmd.Wait()))
	}
	return c.out.Text()
}

// The lines that a client shows when it is asked to.
func (c *client) show() []string {
	c.say("show")
	var n int
	if _, err := fmt.Sscanf(c.hear(), "lines %d", &n); err != nil {
		die(err)
	}
	lines := make([]string, n)
	for i := range lines {
		lines[i] = c.hear()
	}
	return lines
}

// Remembers how it went; what went wrong is shown once by name.
func judge(name, why string) {
	if why == "" {
		right[name]++
		return
	}
	if wrong[name]++; wrong[name] == 1 {
		fmt.Printf("not ok %s: %s\n", name, why)
	}
}

// Says of every name that was met since the last time how it went.
func report() {
	names := make([]string, 0, len(right))
	for name := range right {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if wrong[name] == 0 {
			fmt.Println("ok", name)
		}
	}
	clear(right)
	clear(wrong)
}

func difference(plain, observed []string) string {
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return "nothing"
	}
	for i := 0; i < max(len(plain), len(observed)); i++ {
		if p, o := at(plain, i), at(observed, i); p != o {
			return fmt.Sprintf("at %d, plain %q, observed %q", i, p, o)
		}
	}
	return "no"
}

// Asks both for what differs.
func differ() string {
	return "they differ: " + difference(both[0].show(), both[1].show())
}

// Both have said that they are about to do the same. Lets one do it and then
// the other, and compares what came out.
func let(label string) {
	if len(both[0].times[label]) == 0 {
		labels = append(labels, label)
	}
	// Thue and Morse's sequence: fair, and in step with nothing that comes
	// again and again, such as checkpoints.
	first := bits.OnesCount(uint(len(both[0].times[label]))) % 2
	var fine [2]bool
	var digest [2]string
	for i := range both {
		which := (i + first) % 2
		c := both[which]
		c.say("go")
		var t taken
		line := c.hear()
		if _, err := fmt.Sscanf(line, "took %d %d %t %s", &t.wall, &t.cpu, &fine[which], &digest[which]); err != nil {
			die(fmt.Errorf("%s: %w", line, err))
		}
		c.times[label] = append(c.times[label], t)
	}
	if digest[0] != digest[1] {
		judge(label, differ())
		return
	}
	if !fine[0] {
		lines := both[0].show()
		both[1].say("next")
		judge(label, "both: "+lines[len(lines)-1])
		return
	}
	judge(label, "")
	for _, c := range both {
		c.say("next")
	}
}

func median(times []taken, of func(taken) time.Duration) float64 {
	sorted := make([]time.Duration, len(times))
	for i := range times {
		sorted[i] = of(times[i])
	}
	slices.Sort(sorted)
	return sorted[len(sorted)/2].Seconds() * 1000
}

// What was timed, as a table.
func figures() {
	wall := func(t taken) time.Duration { return t.wall }
	cpu := func(t taken) time.Duration { return t.cpu }
	fmt.Println("| what | plain, ms | observed, ms | ratio | processor: plain, ms | observed, ms | ratio | times |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, label := range labels {
		plain, observed := both[0].times[label], both[1].times[label]
		fmt.Printf("| %s |", label)
		for _, of := range []func(taken) time.Duration{wall, cpu} {
			p, o := median(plain, of), median(observed, of)
			fmt.Printf(" %.2f | %.2f | %.2f |", p, o, o/p)
		}
		fmt.Printf(" %d |\n", len(plain))
	}
}

// Judges what both say in answer to a command that is no turn.
func weigh(plain, observed string) {
	word, _, _ := strings.Cut(plain, " ")
	switch word {
	case "opcodes":
		var before, after, none, programs int
		fmt.Sscanf(plain, "opcodes %d %d", &before, &none)
		fmt.Sscanf(observed, "opcodes %d %d", &after, &programs)
		s := byName[strings.SplitN(plain, " ", 4)[3]]
		limit := s.kind.limit(before)
		name := "opcodes of: " + s.name
		switch {
		case after > limit:
			judge(name, fmt.Sprintf("%d, more than %d (plain: %d)", after, limit, before))
		case s.kind == storing && programs > 0:
			judge(name, fmt.Sprintf("it fires %d triggers", programs))
		default:
			judge(name, "")
		}
		if before != after {
			fmt.Printf("| %s | %d | %d | %d |\n", s.name, before, after, limit)
		}
	case "rows":
		words := strings.Fields(plain)
		name := "rows of " + words[1]
		if plain != observed {
			judge(name, differ())
			return
		}
		for _, c := range both {
			c.say("next")
		}
		judge(name, map[bool]string{true: "there are none"}[words[2] == "0"])
	case "check":
		for i, said := range []string{plain, observed} {
			words := strings.SplitN(said, " ", 3)
			judge(words[1]+", "+both[i].name, words[2])
		}
	case "used":
		words := strings.SplitN(plain, " ", 3)
		judge("used: "+words[2], map[string]string{"false": "nothing runs it"}[words[1]])
	default:
		fmt.Println(plain)
		if plain != observed {
			fmt.Println(observed)
		}
	}
}

// Has both do a command, turn by turn.
func together(command string) {
	for _, c := range both {
		c.say(command)
	}
	for {
		plain, observed := both[0].hear(), both[1].hear()
		turn, isTurn := strings.CutPrefix(plain, "turn ")
		switch {
		case plain == "done" && observed == "done":
			return
		case plain == observed && isTurn:
			let(turn)
		case isTurn || strings.HasPrefix(observed, "turn ") || plain == "done" || observed == "done":
			// What they got differed, so that they do not do the same any more.
			judge("the same work", fmt.Sprintf("plain: %s, observed: %s", plain, observed))
			report()
			die(fmt.Errorf("the clients went different ways"))
		default:
			weigh(plain, observed)
		}
	}
}

func compare(plain, observed string) error {
	var err error
	for i, path := range []string{plain, observed} {
		if both[i], err = start([]string{"plain", "observed"}[i], path); err != nil {
			return err
		}
	}
	for input.Scan() {
		words := strings.Fields(input.Text())
		switch words[0] {
		case "migrate":
			c := both[0]
			if words[1] != c.name {
				c = both[1]
			}
			c.say("migrate " + words[2])
			for line := c.hear(); line != "done"; line = c.hear() {
				fmt.Println(line)
			}
		case "measure":
			labels = nil
			for _, c := range both {
				clear(c.times)
			}
			together(input.Text())
			figures()
		case "opcodes":
			fmt.Println("| statement | plain | observed | at most |")
			fmt.Println("|---|---|---|---|")
			together(input.Text())
		default:
			together(input.Text())
		}
		report()
		fmt.Println("done")
	}
	for _, c := range both {
		c.in.Close()
		if err := c.cmd.Wait(); err != nil {
			return err
		}
	}
	return nil
}
