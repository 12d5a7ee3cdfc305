// Copyright The Roster Authors.
// SPDX-License-Identifier: Apache-2.0

// Command budgets holds the code to the sizes and names that CONTRIBUTING.md promises: short functions, small
// files and packages, few parameters, narrow interfaces, no drawer packages, and nothing exported that only
// its own package uses. Run it in the root of the module; it prints a sentence for each breach and exits 1,
// or 2 when it could not look.
//
// Generated code is exempt everywhere.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

// A complaint is one sentence about one place, which is a file, or file:line.
type complaint struct {
	place    string
	sentence string
}

func (c complaint) String() string { return c.place + ": " + c.sentence }

func main() {
	root := flag.String("root", ".", "directory of the module")
	flag.Parse()
	complaints, err := check(*root)
	for _, c := range complaints {
		fmt.Println(c)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "budgets:", err)
		os.Exit(2)
	case len(complaints) > 0:
		os.Exit(1)
	}
}

// check returns every breach in the module at root, kind by kind, each in the order of the files. With an
// error it returns those that it found before.
func check(root string) ([]complaint, error) {
	tree, err := readTree(root)
	if err != nil {
		return nil, err
	}
	complaints := slices.Concat(tree.files(), tree.packages(), tree.functions(), tree.interfaces(), tree.names())
	exported, err := unusedExports(root)
	return append(complaints, exported...), err
}
