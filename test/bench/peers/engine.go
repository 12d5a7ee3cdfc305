package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// prepared is a question in the form in which an engine takes it.
type prepared interface {
	// read looks at what is in the question, as whoever decodes a request has done right before it is answered.
	read() int
	// decide answers it.
	decide() (bool, error)
}

// letters reads words: both of their ends, so that all of a word as short as these has been fetched.
func letters(words ...string) int {
	sum := 0
	for _, w := range words {
		sum += int(w[0]) + int(w[len(w)-1])
	}
	return sum
}

// form is a question that is asked by a function.
type form struct {
	question
	ask func() (bool, error)
}

func (f form) decide() (bool, error) { return f.ask() }

// engine has been filled with a world.
type engine struct {
	// prepare puts a question into the form in which the engine takes it. That is not measured, for no engine.
	prepare func(question) prepared
	// stop ends what runs beside; nil: nothing does.
	stop func()
}

// peer is one of those that are compared.
type peer struct {
	name   string
	module string
	start  func(context.Context, *world) (*engine, error)
}

const cedarName = "cedar-go"

// The first is the one that the others are compared with.
var peers = []peer{
	{"Roster", "github.com/roster-dev/roster", rosterEngine},
	{cedarName, "github.com/cedar-policy/cedar-go", cedarEngine},
	{"Cerbos", "github.com/cerbos/cerbos", cerbosEngine},
	{"OPA", "github.com/open-policy-agent/opa", opaEngine},
	{"casbin", "github.com/casbin/casbin/v2", casbinEngine},
	{"OpenFGA", "github.com/openfga/openfga", openfgaEngine},
}

// running is a peer that has been filled and has given the right answers.
type running struct {
	peer
	heap  int64 // bytes that it took to fill it
	asked []prepared
	stop  func()
}

// fill starts a peer and holds its answers to all the questions against the oracle's.
func fill(ctx context.Context, p peer, w *world, list []asked) (*running, error) {
	before := heap()
	e, err := p.start(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	r := &running{peer: p, heap: heap() - before, stop: e.stop}
	for _, a := range list {
		r.asked = append(r.asked, e.prepare(a.question))
	}
	return r, verify(p.name, list, r.asked)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// versionOf is what the program was built with.
func versionOf(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module && m.Replace == nil {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "this checkout"
}
