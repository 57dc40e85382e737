package stepfntest

import (
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// group is the branches or iterations that a state runs.
type group struct {
	owner    *thread
	threads  []*thread
	results  []any
	items    []any                   // of a Map state
	inputs   []any                   // of its iterations
	next     int                     // of the iterations that have not begun
	running  int                     //
	limit    int                     // how many may run at a time
	failures int                     //
	allowed  func(failures int) bool // whether the failures so far are tolerated
	iterates bool
	started  int64 // id of the event that started the group
}

// parallel starts the branches of a Parallel state.
func (t *thread) parallel() error {
	in := t.effective
	var err error
	if t.node.params != nil {
		if in, err = t.node.params.eval(t.scope(in)); err != nil {
			return err
		}
	}
	doc := t.in
	if !same(in, t.in.v) {
		doc = documentOf(in)
	}
	t.last = t.x.log(t.last, "ParallelStateStarted", nil)
	if t.dead {
		return nil
	}
	g := &group{owner: t, results: make([]any, len(t.node.branches)), running: len(t.node.branches), started: t.last}
	t.group = g
	for i, b := range t.node.branches {
		branch := &thread{x: t.x, parent: g, index: i, block: b, vars: t.vars.inner(), last: t.last}
		g.threads = append(g.threads, branch)
		branch.start(b.start, doc)
	}
	return nil
}

// mapItems starts the iterations of a Map state.
func (t *thread) mapItems() error {
	s := t.scope(t.effective)
	v, err := t.node.items.get(s)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		return runtimeFailure("Map state input must be an array but was: %s", value.String(v))
	}
	limit, err := t.node.parallel.integer(s)
	if err != nil {
		return err
	}
	g := &group{owner: t, items: list, results: make([]any, len(list)), limit: int(limit), iterates: true}
	if g.allowed, err = t.tolerance(s, len(list)); err != nil {
		return err
	}
	if g.inputs, err = t.iterationInputs(list); err != nil {
		return err
	}
	t.last = t.x.log(t.last, "MapStateStarted", &LengthDetails{Length: len(list)})
	if t.dead {
		return nil
	}
	g.started, t.group = t.last, g
	if len(list) == 0 {
		g.finish()
		return nil
	}
	g.more()
	return nil
}

// iterationInputs puts every item through ItemSelector.
func (t *thread) iterationInputs(list []any) ([]any, error) {
	if t.node.item == nil {
		return list, nil
	}
	inputs := make([]any, len(list))
	outer := t.item
	defer func() { t.item = outer }()
	for i, v := range list {
		t.item = &item{index: i, value: v}
		var err error
		if inputs[i], err = t.node.item.eval(t.scope(t.effective)); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// tolerance says how many failures the state allows; nil: none.
func (t *thread) tolerance(s *scope, n int) (func(failures int) bool, error) {
	if !t.node.tolerated.count.given() && !t.node.tolerated.percent.given() {
		return nil, nil
	}
	count, err := t.node.tolerated.count.integer(s)
	if err != nil {
		return nil, err
	}
	percent, err := t.node.tolerated.percent.number(s)
	if err != nil {
		return nil, err
	}
	byCount, byPercent := t.node.tolerated.count.given(), t.node.tolerated.percent.given()
	return func(failures int) bool {
		return (!byCount || int64(failures) <= count) && (!byPercent || float64(failures)*100 <= percent*float64(n))
	}, nil
}

// more begins iterations as far as the limit allows.
func (g *group) more() {
	t := g.owner
	for g.next < len(g.inputs) && (g.limit == 0 || g.running < g.limit) {
		i := g.next
		g.next++
		g.running++
		it := &thread{
			x: t.x, parent: g, index: i, block: t.node.branches[0], vars: t.vars.inner(),
			item: &item{index: i, value: g.items[i]},
		}
		g.threads = append(g.threads, it)
		it.last = t.x.log(g.started, "MapIterationStarted", g.iteration(i))
		it.start(it.block.start, documentOf(g.inputs[i]))
	}
}

func (g *group) iteration(i int) *IterationDetails {
	return &IterationDetails{Name: g.owner.node.name, Index: i}
}

// succeeded takes the result of a thread of the group.
func (g *group) succeeded(t *thread, out *document) {
	if g.iterates {
		t.last = t.x.log(t.last, "MapIterationSucceeded", g.iteration(t.index))
	}
	if t.dead {
		return
	}
	g.results[t.index] = out.v
	g.closed(t)
}

func (g *group) closed(t *thread) {
	t.dead = true
	g.running--
	g.owner.last = t.last
	g.more()
	if g.running == 0 && g.next == len(g.inputs) {
		g.finish()
	}
}

// finish completes the state with the results of its threads.
func (g *group) finish() {
	t := g.owner
	t.last = t.x.log(t.last, t.node.kind+"StateSucceeded", nil)
	if t.dead {
		return
	}
	t.group = nil
	if err := t.complete(g.results); err != nil {
		t.fail(err)
	}
}

// failed takes the error of a thread: unless it is tolerated, the others are
// given up and the state fails with it.
func (g *group) failed(t *thread, f *failure) {
	t.dead = true
	owner := g.owner
	if g.iterates {
		t.last = t.x.log(t.last, "MapIterationFailed", g.iteration(t.index))
		if owner.dead {
			return
		}
		g.failures++
		if g.allowed != nil {
			if g.allowed(g.failures) {
				g.results[t.index] = f.output()
				g.closed(t)
				return
			}
			f = fail(asl.ErrorExceedTolerated, "The specified tolerated failure threshold was exceeded")
		}
	}
	last := t.last
	g.kill(true)
	owner.last = owner.x.log(last, owner.node.kind+"StateFailed", nil)
	owner.group = nil
	owner.fail(f)
}

// kill gives up the threads that still run.
func (g *group) kill(log bool) {
	for _, t := range g.threads {
		if t.dead {
			continue
		}
		t.kill(log)
		if log && g.iterates {
			t.last = t.x.log(t.last, "MapIterationAborted", g.iteration(t.index))
		}
	}
	g.next = len(g.inputs)
}
