package dynamotest

import (
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/expr"
)

// keySchema names the key attributes of a table or an index, in order. Only
// global secondary indexes have more than one of a kind.
type keySchema struct {
	partition, sort []string
}

func (k keySchema) names() []string {
	return append(append(make([]string, 0, len(k.partition)+len(k.sort)), k.partition...), k.sort...)
}

// Keys are stored as byte strings whose order is the order of the items: a
// hash of the partition key, for the order of scans, then every key value,
// escaped and closed so that no value is a prefix of another.

// hashLength is how many bytes of an encoded key are the hash.
const hashLength = 8

// encode encodes the key that item has under the schema; ok is false when
// it has none, so that the item is not in the index.
func (k keySchema) encode(i expr.Item) (key string, ok bool) {
	var b []byte
	for _, name := range k.partition {
		v, has := i[name]
		if !has {
			return "", false
		}
		b = appendPart(b, v)
	}
	b = append(hash(b), b...)
	for _, name := range k.sort {
		v, has := i[name]
		if !has {
			return "", false
		}
		b = appendPart(b, v)
	}
	return string(b), true
}

// partitionPrefix is what all keys of one partition start with.
func partitionPrefix(values []expr.Value) string {
	var b []byte
	for _, v := range values {
		b = appendPart(b, v)
	}
	return string(append(hash(b), b...))
}

// hash is FNV-1a, finished so that near keys are far apart.
func hash(b []byte) []byte {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	out := make([]byte, hashLength, hashLength+len(b)+32)
	for i := range out {
		out[i] = byte(h >> (8 * (hashLength - 1 - i)))
	}
	return out
}

// The bytes that close a part, and that stand after a zero inside one.
const (
	partEnd  = "\x00\x01"
	zeroMark = "\x00\xff"
)

func appendPart(b []byte, v expr.Value) []byte {
	return append(appendOpenPart(b, v), partEnd...)
}

// appendOpenPart appends a part that longer values may go on from.
func appendOpenPart(b []byte, v expr.Value) []byte {
	text := v.Text()
	if v.Type() == expr.N {
		text = expr.OrderedNumber(text)
	}
	return append(b, strings.ReplaceAll(text, "\x00", zeroMark)...)
}

// after is the least key above all that start with prefix.
func after(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 {
		if last := len(b) - 1; b[last] == 0xff {
			b = b[:last]
			continue
		}
		b[len(b)-1]++
		break
	}
	return string(b)
}

// span is a range of encoded keys: from is in it, to is not; "" is open.
type span struct{ from, to string }

// spanOf is where the items are that a checked key condition selects.
func (k keySchema) spanOf(c *expr.KeyCondition) span {
	values := make([]expr.Value, len(k.partition))
	for i, name := range k.partition {
		clause, _ := c.Clause(name)
		values[i] = clause.Values[0]
	}
	prefix := partitionPrefix(values)
	for _, name := range k.sort {
		clause, ok := c.Clause(name)
		if !ok {
			break
		}
		if clause.Operator != "=" {
			return clauseSpan(prefix, clause)
		}
		prefix = string(appendPart([]byte(prefix), clause.Values[0]))
	}
	return span{prefix, after(prefix)}
}

func clauseSpan(prefix string, clause expr.KeyClause) span {
	first := string(appendPart([]byte(prefix), clause.Values[0]))
	switch clause.Operator {
	case "<":
		return span{prefix, first}
	case "<=":
		return span{prefix, after(first)}
	case ">":
		return span{after(first), after(prefix)}
	case ">=":
		return span{first, after(prefix)}
	case "begins_with":
		open := string(appendOpenPart([]byte(prefix), clause.Values[0]))
		return span{open, after(open)}
	}
	return span{first, after(string(appendPart([]byte(prefix), clause.Values[1])))}
}

// segmentSpan is where the items of one segment of a parallel scan are.
func segmentSpan(segment, total uint64) span {
	edge := func(i uint64) string {
		if i == 0 || i == total {
			return ""
		}
		// i/total of the hash space, from its upper 32 bits.
		at := (i << 32) / total
		return string([]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)})
	}
	return span{edge(segment), edge(segment + 1)}
}
