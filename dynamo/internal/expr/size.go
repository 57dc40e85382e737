package expr

import "unicode/utf16"

// Size is the number of bytes that DynamoDB counts for v.
func (v Value) Size() int {
	switch v.kind {
	case S, B:
		return len(v.text)
	case N:
		return numberSize(v.text)
	case BOOL, NULL:
		return 1
	case SS, NS, BS:
		n := 0
		for _, e := range v.elems {
			n += e.Size()
		}
		return n
	case L:
		n := 3
		for _, e := range v.elems {
			n += 1 + e.Size()
		}
		return n
	case M:
		n := 3
		for name, e := range v.fields {
			n += 1 + len(name) + e.Size()
		}
		return n
	}
	return 0
}

// ItemSize is the number of bytes that DynamoDB counts for an item: its names
// and its values.
func ItemSize(item Item) int {
	n := 0
	for name, v := range item {
		n += len(name) + v.Size()
	}
	return n
}

// Depth is how many levels of lists and maps v has: 0 for a scalar.
func (v Value) Depth() int {
	deepest := 0
	switch v.kind {
	case L:
		for _, e := range v.elems {
			deepest = max(deepest, e.Depth())
		}
	case M:
		for _, e := range v.fields {
			deepest = max(deepest, e.Depth())
		}
	default:
		return 0
	}
	return deepest + 1
}

// length is what size() answers; ok is false for types that have none. For a string
// that is its number of UTF-16 code units, not of bytes.
func (v Value) length() (n int, ok bool) {
	switch v.kind {
	case S:
		for _, r := range v.text {
			n += utf16.RuneLen(r)
		}
		return n, true
	case B:
		return len(v.text), true
	case L, SS, NS, BS:
		return len(v.elems), true
	case M:
		return len(v.fields), true
	}
	return 0, false
}
