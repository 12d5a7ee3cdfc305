package gains

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Run says which worlds to try.
type Run struct {
	// Seed and First say where to begin: world number n of a seed is always the same.
	Seed, First uint64
	// Worlds is how many.
	Worlds uint64
	// Until ends the run earlier; the zero time does not.
	Until time.Time
	// Workers is how many try at a time; zero: one for each processor.
	Workers int
	// Enough is how many wrong worlds end a run; zero: five.
	Enough uint64
	// Progress is called now and then with what was found so far; nil: nobody wants to know.
	Progress func(Result)
}

// Result is what a run found.
type Result struct {
	Worlds, LetThrough, Refused uint64
	// Wrong has the worlds of which the guard thinks otherwise than the second opinion, in words.
	Wrong []string
}

// Rare are worlds that told apart what hardly any other does: the groups of a vendor that is deleted have to go with it. They
// are others as soon as worlds are drawn otherwise; the fault of that name is then seen no more, and wants new ones.
var Rare = []Run{{Seed: 20261122, First: 853865, Worlds: 1}, {Seed: 20261122, First: 926508, Worlds: 1}}

// portion is how many worlds a worker takes at a time.
const portion = 1000

// Prove tries worlds until the number is reached, the time is over, the context ends, or enough went wrong.
func Prove(ctx context.Context, run Run) Result {
	if run.Enough == 0 {
		run.Enough = 5
	}
	p := &prover{run: run}
	workers := run.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { p.work(ctx) })
	}
	group.Wait()
	return p.result
}

type prover struct {
	run    Run
	next   atomic.Uint64
	lock   sync.Mutex
	result Result
}

func (p *prover) work(ctx context.Context) {
	j := newJudge()
	for ctx.Err() == nil && (p.run.Until.IsZero() || time.Now().Before(p.run.Until)) {
		from := p.next.Add(portion) - portion
		if from >= p.run.Worlds || !p.tryAll(j, from, min(from+portion, p.run.Worlds)) {
			return
		}
	}
}

// tryAll tries a portion, up to the first that is wrong, and tells whether to go on.
func (p *prover) tryAll(j *judge, from, to uint64) bool {
	var found Result
	for number := p.run.First + from; number < p.run.First+to && found.Wrong == nil; number++ {
		w := j.draw(p.run.Seed, number)
		out := j.try(w)
		found.Worlds++
		if out.allowed {
			found.LetThrough++
		} else {
			found.Refused++
		}
		if out.wrong != "" {
			found.Wrong = []string{fmt.Sprintf("world %d of seed %d: %s", number, p.run.Seed, j.explain(w, out.wrong))}
		}
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.result.add(found)
	if p.run.Progress != nil {
		p.run.Progress(p.result)
	}
	return uint64(len(p.result.Wrong)) < p.run.Enough
}

func (r *Result) add(o Result) {
	r.Worlds += o.Worlds
	r.LetThrough += o.LetThrough
	r.Refused += o.Refused
	r.Wrong = append(r.Wrong, o.Wrong...)
}
