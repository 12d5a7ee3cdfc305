// Command decisions measures the decision service beside references in the same run: a bare map access to bits, a bare
// web handler, a bare list. Its answers are first held against access.Decide.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
)

// figure is one line of the table.
type figure struct {
	What     string  `json:"what"`
	Measured string  `json:"measured"`
	Beside   string  `json:"beside"`
	Ratio    float64 `json:"ratio"`
	Target   string  `json:"target"`
}

func main() {
	short := flag.Bool("short", false, "fewer users and rounds")
	into := flag.String("json", "", "write the results to this file as well")
	flag.Parse()
	if err := run(*short, *into); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(short bool, into string) error {
	fmt.Printf("%s, %s/%s, %d processors\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	sizes := [][2]int{{10, 1_000}, {10, 100_000}, {100, 100_000}}
	if short {
		sizes = [][2]int{{10, 1_000}, {100, 10_000}}
	}
	var figures []figure
	for _, size := range sizes {
		w := newWorld(size[0], size[1])
		more, err := inProcess(w)
		if err != nil {
			return err
		}
		figures = append(figures, more...)
	}
	more, err := overHTTP(newWorld(10, 1_000), short)
	if err != nil {
		return err
	}
	return show(append(figures, more...), into)
}

func show(figures []figure, into string) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tmeasured\tbeside\tratio\ttarget")
	for _, f := range figures {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f\t%s\n", f.What, f.Measured, f.Beside, f.Ratio, f.Target)
	}
	if err := table.Flush(); err != nil || into == "" {
		return err
	}
	content, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(into, append(content, '\n'), 0o600)
}
