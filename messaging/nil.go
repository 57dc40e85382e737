package messaging

import (
	"fmt"
	"reflect"
)

// isNil reports whether v is nil, or a nil pointer or function in an interface.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map:
		return r.IsNil()
	default:
		return false
	}
}

// checkBodies panics when a store of bodies is a nil pointer in the interface: it
// would be found out by the first body that is too big.
func checkBodies(constructor string, bodies BodyStore) {
	if bodies != nil && isNil(bodies) {
		panic(fmt.Sprintf("messaging: %s: Bodies is a nil %T", constructor, bodies))
	}
}

// configure applies options; one that is nil changes nothing.
func configure[O any](o *O, optFns []func(*O)) {
	for _, fn := range optFns {
		if fn != nil {
			fn(o)
		}
	}
}
