package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"hash/fnv"
	"strconv"
	"strings"
)

// change is a random mutant: an edit, where it is and what it does.
type change struct {
	edit
	pkg  string
	line int
	what string
	rank uint64 // decides whether the seed picks it
}

// flips are operators and what takes their place. The boundary of a comparison
// moves by one; an equality turns round.
var flips = map[token.Token]token.Token{
	token.LAND: token.LOR, token.LOR: token.LAND,
	token.EQL: token.NEQ, token.NEQ: token.EQL,
	token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
	token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL,
	token.INC: token.DEC, token.DEC: token.INC,
	token.BREAK: token.CONTINUE, token.CONTINUE: token.BREAK,
}

// changes returns every mutant of a function. The rank of a mutant depends on the
// seed, the function and the text of the line only: a change to other code leaves
// the sample as it is.
func changes(d decl, seed uint64) []change {
	if d.open == 0 || strings.HasSuffix(d.file, "_test.go") {
		return nil
	}
	c := collector{decl: d, seed: seed, seen: map[string]int{}}
	fn := d.node.(*ast.FuncDecl)
	if results := fn.Type.Results; results != nil {
		last, ok := results.List[len(results.List)-1].Type.(*ast.Ident)
		c.errors = ok && last.Name == "error"
	}
	ast.Inspect(fn.Body, c.visit)
	return c.all
}

type collector struct {
	decl
	seed   uint64
	seen   map[string]int // how many mutants of one kind a line of the function has
	errors bool           // the last result is an error
	all    []change
}

// add notes that the text from one position to another is replaced.
func (c *collector) add(from, to token.Pos, text, what string) {
	at := c.files.Position(from)
	e := edit{in: c.decl, from: at.Offset, to: c.files.Position(to).Offset, text: text}
	key := fmt.Sprint(c.folder, " ", c.name, " ", what, " ", c.lineAt(at.Offset))
	c.seen[key]++
	if n := c.seen[key]; n > 1 {
		what += fmt.Sprintf(" (%d)", n)
	}
	hash := fnv.New64a()
	fmt.Fprint(hash, c.seed, key, c.seen[key])
	e.name = fmt.Sprintf("%016x", hash.Sum64())
	c.all = append(c.all, change{edit: e, pkg: c.folder, line: at.Line, what: what, rank: hash.Sum64()})
}

// lineAt returns the line of the source around an offset.
func (c *collector) lineAt(offset int) string {
	before, after := string(c.source[:offset]), string(c.source[offset:])
	after, _, _ = strings.Cut(after, "\n")
	return strings.TrimSpace(before[strings.LastIndex(before, "\n")+1:] + after)
}

func (c *collector) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		c.flip(n.OpPos, n.Op)
	case *ast.IncDecStmt:
		c.flip(n.TokPos, n.Tok)
	case *ast.BranchStmt:
		if n.Label == nil {
			c.flip(n.TokPos, n.Tok)
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			c.add(n.OpPos, n.X.Pos(), "", "! removed")
		}
	case *ast.IfStmt:
		cond := string(c.source[c.files.Position(n.Cond.Pos()).Offset:c.files.Position(n.Cond.End()).Offset])
		c.add(n.Cond.Pos(), n.Cond.End(), "("+cond+") && false", "if never")
		c.add(n.Cond.Pos(), n.Cond.End(), "("+cond+") || true", "if always")
	case *ast.BasicLit:
		if i, err := strconv.Atoi(n.Value); n.Kind == token.INT && err == nil {
			c.add(n.Pos(), n.End(), strconv.Itoa(i+1), fmt.Sprintf("%d becomes %d", i, i+1))
		}
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Helper" {
				return false // a test log's line is no behavior
			}
		}
		c.add(n.Pos(), n.End(), "", "statement removed")
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			c.add(n.Pos(), n.End(), "", "statement removed")
		}
	case *ast.ReturnStmt:
		return c.noError(n)
	case *ast.FuncLit:
		// Its results are others than the function's.
		inner := *c
		inner.errors = false
		ast.Inspect(n.Body, inner.visit)
		c.all = inner.all
		return false
	case *ast.CallExpr:
		// The capacity that make gets changes nothing that a test can see.
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "make" {
			return false
		}
	}
	return true
}

// flip replaces an operator.
func (c *collector) flip(at token.Pos, op token.Token) {
	if to, ok := flips[op]; ok {
		c.add(at, at+token.Pos(len(op.String())), to.String(), op.String()+" becomes "+to.String())
	}
}

// noError makes a return that reports an error report none. It returns whether
// the other results are worth a change: a literal beside an error is not.
func (c *collector) noError(n *ast.ReturnStmt) bool {
	if !c.errors || len(n.Results) == 0 {
		return true
	}
	last := n.Results[len(n.Results)-1]
	if id, ok := last.(*ast.Ident); ok && id.Name == "nil" {
		return true
	}
	c.add(last.Pos(), last.End(), "nil", "nil error returned")
	_, literal := n.Results[0].(*ast.BasicLit)
	return !literal
}
