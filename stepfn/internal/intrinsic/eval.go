package intrinsic

import (
	"fmt"

	"github.com/patternkit/serverless/stepfn/internal/jsonpath"
)

// Error says which call failed and why.
type Error struct {
	Call   string
	Reason string
}

// Error returns the reason as the service words it.
func (e *Error) Error() string {
	return fmt.Sprintf("The function '%s' had the following error: %s", e.Call, e.Reason)
}

// function is one intrinsic: how many arguments it takes (most -1: any
// number) and what it does.
type function struct {
	least, most int
	do          func(args []any) (any, error)
}

func (f function) arity() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("at least %d arguments", f.least)
	case f.least == f.most:
		return fmt.Sprintf("%d arguments", f.least)
	}
	return fmt.Sprintf("%d to %d arguments", f.least, f.most)
}

// Eval carries out the call; resolve gives the value of a path.
func (c *Call) Eval(resolve func(*jsonpath.Path) (any, error)) (any, error) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		var err error
		switch {
		case a.path != nil:
			args[i], err = resolve(a.path)
		case a.call != nil:
			args[i], err = a.call.Eval(resolve)
		default:
			args[i] = a.literal
		}
		if err != nil {
			return nil, err
		}
	}
	v, err := c.fn.do(args)
	if err != nil {
		return nil, &Error{Call: c.text, Reason: err.Error()}
	}
	return v, nil
}
