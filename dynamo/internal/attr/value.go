package attr

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/keytemplate"
)

// SortableTimes stores times as keys have them: in UTC with a fixed width, so
// that equal times are equal and comparisons order them. The SDK reads them as it reads
// its own form.
func SortableTimes(o *attributevalue.EncoderOptions) { o.EncodeTime = encodeTime }

func encodeTime(t time.Time) (types.AttributeValue, error) {
	text, err := keytemplate.AppendTime(nil, t)
	if err != nil {
		return nil, fmt.Errorf("the time %w", err)
	}
	return &types.AttributeValueMemberS{Value: string(text)}, nil
}

// EncodePlain encodes a value without a tag.
func EncodePlain(v any) (types.AttributeValue, error) {
	return attributevalue.MarshalWithOptions(v, SortableTimes)
}

// EmptyList returns a list without elements.
func EmptyList() types.AttributeValue {
	return &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
}

// Same compares two values; the elements of a set have no order.
func Same(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberM:
		b, ok := b.(*types.AttributeValueMemberM)
		return ok && maps.EqualFunc(a.Value, b.Value, Same)
	case *types.AttributeValueMemberL:
		b, ok := b.(*types.AttributeValueMemberL)
		return ok && slices.EqualFunc(a.Value, b.Value, Same)
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

// IsNumber reports whether the value is a number.
func IsNumber(v types.AttributeValue) bool {
	_, ok := v.(*types.AttributeValueMemberN)
	return ok
}

// IsList reports whether the value is a list.
func IsList(v types.AttributeValue) bool {
	_, ok := v.(*types.AttributeValueMemberL)
	return ok
}

// IsSet reports whether the value is a set.
func IsSet(v types.AttributeValue) bool {
	switch v.(type) {
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberNS, *types.AttributeValueMemberBS:
		return true
	}
	return false
}

// IsOrdered reports whether values like it have an order.
func IsOrdered(v types.AttributeValue) bool {
	switch v.(type) {
	case *types.AttributeValueMemberS, *types.AttributeValueMemberN, *types.AttributeValueMemberB:
		return true
	}
	return false
}
