package observe

import (
	"strconv"

	"go.uber.org/zap/zapcore"
)

// keyset is the keys of an object that is being encoded.
type keyset struct {
	names []string
	mask  uint64 // the bits of the names: most keys are seen to be new by it alone
}

// rootKeys are those that every line has or may have.
func rootKeys() keyset {
	var k keyset
	for _, name := range []string{keyLevel, keyTimestamp, keyMessage, keyLogger, keyCaller, keyStack, keyTruncated, "_aws"} {
		k.add(name)
	}
	return k
}

// clone returns a copy with room for some more keys.
func (k keyset) clone(more int) keyset {
	return keyset{append(make([]string, 0, len(k.names)+more), k.names...), k.mask}
}

// add adds a key to a set that nobody shares.
func (k *keyset) add(name string) {
	k.names = append(k.names, name)
	k.mask |= keyBit(name)
}

// keyBit is one of 64 bits for a key.
func keyBit(key string) uint64 {
	n := len(key)
	if n == 0 {
		return 1
	}
	return 1 << ((uint(key[0])*7 + uint(key[n-1])*3 + uint(n)) & 63)
}

// unique returns key, or key_2, key_3 … when it is in the set or among the fields.
func (k keyset) unique(key string, before []zapcore.Field) string {
	if !k.taken(key, before) {
		return key
	}
	for n := 2; ; n++ {
		if next := key + "_" + strconv.Itoa(n); !k.taken(next, before) {
			return next
		}
	}
}

func (k keyset) taken(key string, before []zapcore.Field) bool {
	for _, name := range k.names {
		if name == key {
			return true
		}
	}
	for i := range before {
		if before[i].Key == key && before[i].Type != zapcore.SkipType && before[i].Type != zapcore.InlineMarshalerType {
			return true
		}
	}
	return false
}
