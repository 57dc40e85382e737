package stream

import (
	awsevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// imageOf converts the image of a stream record to the SDK's form; nil stays nil.
func imageOf(image map[string]awsevents.DynamoDBAttributeValue) attr.Item {
	if len(image) == 0 {
		return nil
	}
	out := make(attr.Item, len(image))
	for name, v := range image {
		out[name] = valueOf(v)
	}
	return out
}

func valueOf(v awsevents.DynamoDBAttributeValue) types.AttributeValue {
	switch v.DataType() {
	case awsevents.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}
	case awsevents.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}
	case awsevents.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}
	case awsevents.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}
	case awsevents.DataTypeStringSet:
		return &types.AttributeValueMemberSS{Value: v.StringSet()}
	case awsevents.DataTypeNumberSet:
		return &types.AttributeValueMemberNS{Value: v.NumberSet()}
	case awsevents.DataTypeBinarySet:
		return &types.AttributeValueMemberBS{Value: v.BinarySet()}
	case awsevents.DataTypeList:
		list := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, 0, len(v.List()))}
		for _, e := range v.List() {
			list.Value = append(list.Value, valueOf(e))
		}
		return list
	case awsevents.DataTypeMap:
		m := &types.AttributeValueMemberM{Value: make(attr.Item, len(v.Map()))}
		for name, e := range v.Map() {
			m.Value[name] = valueOf(e)
		}
		return m
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}
