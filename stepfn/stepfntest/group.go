package stepfntest

import (
	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// group is the branches or iterations that a state runs.
type group struct {
	owner    *branch
	branches []*branch
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
func (b *branch) parallel() error {
	in := b.effective
	var err error
	if b.node.params != nil {
		if in, err = b.node.params.eval(b.scope(in)); err != nil {
			return err
		}
	}
	doc := b.in
	if !same(in, b.in.v) {
		doc = documentOf(in)
	}
	b.last = b.x.log(b.last, "ParallelStateStarted", nil)
	if b.dead {
		return nil
	}
	g := &group{owner: b, results: make([]any, len(b.node.branches)), running: len(b.node.branches), started: b.last}
	b.group = g
	for i, program := range b.node.branches {
		inner := &branch{x: b.x, parent: g, index: i, block: program, vars: b.vars.inner(), last: b.last}
		g.branches = append(g.branches, inner)
		inner.start(program.start, doc)
	}
	return nil
}

// mapItems starts the iterations of a Map state.
func (b *branch) mapItems() error {
	s := b.scope(b.effective)
	v, err := b.node.items.get(s)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		return runtimeFailure("Map state input must be an array but was: %s", value.String(v))
	}
	limit, err := b.node.parallel.integer(s)
	if err != nil {
		return err
	}
	g := &group{owner: b, items: list, results: make([]any, len(list)), limit: int(limit), iterates: true}
	if g.allowed, err = b.tolerance(s, len(list)); err != nil {
		return err
	}
	if g.inputs, err = b.iterationInputs(list); err != nil {
		return err
	}
	b.last = b.x.log(b.last, "MapStateStarted", &LengthDetails{Length: len(list)})
	if b.dead {
		return nil
	}
	g.started, b.group = b.last, g
	if len(list) == 0 {
		g.finish()
		return nil
	}
	g.more()
	return nil
}

// iterationInputs puts every item through ItemSelector.
func (b *branch) iterationInputs(list []any) ([]any, error) {
	if b.node.item == nil {
		return list, nil
	}
	inputs := make([]any, len(list))
	outer := b.item
	defer func() { b.item = outer }()
	for i, v := range list {
		b.item = &item{index: i, value: v}
		var err error
		if inputs[i], err = b.node.item.eval(b.scope(b.effective)); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// tolerance says how many failures the state allows; nil: none.
func (b *branch) tolerance(s *scope, n int) (func(failures int) bool, error) {
	if !b.node.tolerated.count.given() && !b.node.tolerated.percent.given() {
		return nil, nil
	}
	count, err := b.node.tolerated.count.integer(s)
	if err != nil {
		return nil, err
	}
	percent, err := b.node.tolerated.percent.number(s)
	if err != nil {
		return nil, err
	}
	byCount, byPercent := b.node.tolerated.count.given(), b.node.tolerated.percent.given()
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
		it := &branch{
			x: t.x, parent: g, index: i, block: t.node.branches[0], vars: t.vars.inner(),
			item: &item{index: i, value: g.items[i]},
		}
		g.branches = append(g.branches, it)
		it.last = t.x.log(g.started, "MapIterationStarted", g.iteration(i))
		it.start(it.block.start, documentOf(g.inputs[i]))
	}
}

func (g *group) iteration(i int) *IterationDetails {
	return &IterationDetails{Name: g.owner.node.name, Index: i}
}

// succeeded takes the result of a branch of the group.
func (g *group) succeeded(b *branch, out *document) {
	if g.iterates {
		b.last = b.x.log(b.last, "MapIterationSucceeded", g.iteration(b.index))
	}
	if b.dead {
		return
	}
	g.results[b.index] = out.v
	g.closed(b)
}

func (g *group) closed(b *branch) {
	b.dead = true
	g.running--
	g.owner.last = b.last
	g.more()
	if g.running == 0 && g.next == len(g.inputs) {
		g.finish()
	}
}

// finish completes the state with the results of its branches.
func (g *group) finish() {
	b := g.owner
	b.last = b.x.log(b.last, b.node.kind+"StateSucceeded", nil)
	if b.dead {
		return
	}
	b.group = nil
	if err := b.complete(g.results); err != nil {
		b.fail(err)
	}
}

// failed takes the error of a branch: unless it is tolerated, the others are
// given up and the state fails with it.
func (g *group) failed(b *branch, f *failure) {
	b.dead = true
	owner := g.owner
	if g.iterates {
		b.last = b.x.log(b.last, "MapIterationFailed", g.iteration(b.index))
		if owner.dead {
			return
		}
		g.failures++
		if g.allowed != nil {
			if g.allowed(g.failures) {
				g.results[b.index] = f.output()
				g.closed(b)
				return
			}
			f = fail(asl.ErrorExceedTolerated, "The specified tolerated failure threshold was exceeded")
		}
	}
	last := b.last
	g.kill(true)
	owner.last = owner.x.log(last, owner.node.kind+"StateFailed", nil)
	owner.group = nil
	owner.fail(f)
}

// kill gives up the branches that still run.
func (g *group) kill(log bool) {
	for _, b := range g.branches {
		if b.dead {
			continue
		}
		b.kill(log)
		if log && g.iterates {
			b.last = b.x.log(b.last, "MapIterationAborted", g.iteration(b.index))
		}
	}
	g.next = len(g.inputs)
}
