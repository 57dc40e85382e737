package messaging

import "reflect"

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

// configure applies options; one that is nil changes nothing.
func configure[O any](o *O, optFns []func(*O)) {
	for _, fn := range optFns {
		if fn != nil {
			fn(o)
		}
	}
}
