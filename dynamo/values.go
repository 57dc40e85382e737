package dynamo

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sortableTimes has times stored as they stand in keys: in UTC with a fixed width, so
// that equal times are equal and comparisons order them. The SDK reads them as it reads
// its own form.
func sortableTimes(o *attributevalue.EncoderOptions) { o.EncodeTime = encodeTime }

var nanoseconds = &codec{kind: kindTime, unit: "ns", layout: timeLayouts["ns"], width: len(timeLayouts["ns"])}

func encodeTime(t time.Time) (types.AttributeValue, error) {
	text, err := nanoseconds.appendTime(nil, t)
	if err != nil {
		return nil, fmt.Errorf("the time %w", err)
	}
	return &types.AttributeValueMemberS{Value: string(text)}, nil
}

// encodePlain encodes a value without a tag.
func encodePlain(v any) (types.AttributeValue, error) {
	return attributevalue.MarshalWithOptions(v, sortableTimes)
}

func emptyList() types.AttributeValue {
	return &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
}

// sameValue compares two values; the elements of a set have no order.
func sameValue(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberM:
		b, ok := b.(*types.AttributeValueMemberM)
		return ok && maps.EqualFunc(a.Value, b.Value, sameValue)
	case *types.AttributeValueMemberL:
		b, ok := b.(*types.AttributeValueMemberL)
		return ok && slices.EqualFunc(a.Value, b.Value, sameValue)
	case *types.AttributeValueMemberSS:
		b, ok := b.(*types.AttributeValueMemberSS)
		return ok && slices.Equal(slices.Sorted(slices.Values(a.Value)), slices.Sorted(slices.Values(b.Value)))
	case *types.AttributeValueMemberNS:
		b, ok := b.(*types.AttributeValueMemberNS)
		return ok && slices.Equal(slices.Sorted(slices.Values(a.Value)), slices.Sorted(slices.Values(b.Value)))
	case *types.AttributeValueMemberBS:
		b, ok := b.(*types.AttributeValueMemberBS)
		return ok && slices.EqualFunc(slices.SortedFunc(slices.Values(a.Value), bytes.Compare),
			slices.SortedFunc(slices.Values(b.Value), bytes.Compare), bytes.Equal)
	}
	return reflect.DeepEqual(a, b)
}

func isNumber(v types.AttributeValue) bool {
	_, ok := v.(*types.AttributeValueMemberN)
	return ok
}

func isList(v types.AttributeValue) bool {
	_, ok := v.(*types.AttributeValueMemberL)
	return ok
}

func isSet(v types.AttributeValue) bool {
	switch v.(type) {
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberNS, *types.AttributeValueMemberBS:
		return true
	}
	return false
}
