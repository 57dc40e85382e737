package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func emptyList() types.AttributeValue {
	return &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
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
