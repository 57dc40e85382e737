package jsonpath

import (
	"fmt"

	"github.com/patternkit/serverless/stepfn/internal/value"
)

// Set returns a copy of root in which the reference path holds v. Objects on
// the way that are missing are made; a place in an array must be there.
func (p *Path) Set(root, v any) (any, error) {
	return set(root, p.steps, v)
}

func set(at any, steps []step, v any) (any, error) {
	if len(steps) == 0 {
		return v, nil
	}
	switch s := steps[0].(type) {
	case name:
		o, ok := at.(*value.Object)
		if !ok {
			if at != nil {
				return nil, fmt.Errorf("cannot set the property '%s' of a value of type %s", string(s), value.Kind(at))
			}
			o = value.NewObject(1)
		}
		c, _ := o.Get(string(s))
		c, err := set(c, steps[1:], v)
		if err != nil {
			return nil, err
		}
		return o.With(string(s), c), nil
	case index:
		list, ok := at.([]any)
		if !ok || s < 0 || int(s) >= len(list) {
			return nil, fmt.Errorf("there is no entry %d to set", int(s))
		}
		c, err := set(list[s], steps[1:], v)
		if err != nil {
			return nil, err
		}
		list = append([]any(nil), list...)
		list[s] = c
		return list, nil
	}
	return nil, fmt.Errorf("%s is no reference path", brackets(steps))
}
