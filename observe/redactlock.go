package observe

import (
	"fmt"
	"reflect"
	"sync"
	"time"
)

var (
	lockerType   = reflect.TypeFor[sync.Mutex]()
	rwLockerType = reflect.TypeFor[sync.RWMutex]()
)

// locks reports whether a struct has a lock of its own.
func locks(typ reflect.Type) bool {
	for f := range typ.Fields() {
		if f.Type == lockerType || f.Type == rwLockerType {
			return true
		}
	}
	return false
}

// patience is how often lock tries, a millisecond apart.
const patience = 20

// lock takes the locks of a struct whose fields are about to be read in the place of its
// methods, which would do so. ok is false when one of them is held: it may be held by the
// caller, so there is no waiting for it.
func lock(v reflect.Value) (unlock func(), ok bool) {
	var held []func()
	unlock = func() {
		for _, u := range held {
			u()
		}
	}
	if !locks(v.Type()) {
		return unlock, true
	}
	for i := range v.NumField() {
		try, release := lockOf(v.Field(i))
		if try == nil {
			continue
		}
		for n := 1; !try(); n++ {
			if n == patience {
				unlock()
				return nil, false
			}
			time.Sleep(time.Millisecond)
		}
		held = append(held, release)
	}
	return unlock, true
}

func lockOf(f reflect.Value) (try func() bool, release func()) {
	switch f.Type() {
	case lockerType, rwLockerType:
	default:
		return nil, nil
	}
	switch mu := reach(f).Addr().Interface().(type) {
	case *sync.Mutex:
		return mu.TryLock, mu.Unlock
	case *sync.RWMutex:
		return mu.TryRLock, mu.RUnlock
	}
	return nil, nil
}

var printers = []reflect.Type{reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[fmt.Formatter]()}

// printsItself reports whether fmt asks a type for its text.
func printsItself(typ reflect.Type) bool {
	for _, p := range printers {
		if typ.Implements(p) {
			return true
		}
	}
	return false
}

// detached is v, or a copy of a map or slice that is guarded by a lock.
func detached(v reflect.Value, guarded bool) reflect.Value {
	if !guarded || v.Kind() != reflect.Map && v.Kind() != reflect.Slice || v.IsNil() {
		return v
	}
	if v.Kind() == reflect.Slice {
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(out, v)
		return out
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	return out
}
