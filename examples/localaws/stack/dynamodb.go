package stack

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/cfn"
)

var tableKinds = map[string]kind{
	"AWS::DynamoDB::Table": newTable,
}

type tableProperties struct {
	TableName              string
	BillingMode            types.BillingMode
	TableClass             types.TableClass
	AttributeDefinitions   []types.AttributeDefinition
	KeySchema              []types.KeySchemaElement
	ProvisionedThroughput  *types.ProvisionedThroughput
	GlobalSecondaryIndexes []struct {
		IndexName             string
		KeySchema             []types.KeySchemaElement
		Projection            *types.Projection
		ProvisionedThroughput *types.ProvisionedThroughput

		OnDemandThroughput, WarmThroughput, ContributorInsightsSpecification cfn.Unused
	}
	LocalSecondaryIndexes []struct {
		IndexName  string
		KeySchema  []types.KeySchemaElement
		Projection *types.Projection
	}
	StreamSpecification *struct {
		StreamViewType types.StreamViewType
		ResourcePolicy cfn.Unused
	}
	TimeToLiveSpecification   *types.TimeToLiveSpecification
	DeletionProtectionEnabled *bool

	PointInTimeRecoverySpecification, SSESpecification, ContributorInsightsSpecification, OnDemandThroughput,
	WarmThroughput, ResourcePolicy, Tags cfn.Unused
}

func newTable(ctx context.Context, r *resource) (created, error) {
	var p tableProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	in := &dynamodb.CreateTableInput{
		TableName: aws.String(r.physicalName(p.TableName)), BillingMode: p.BillingMode, TableClass: p.TableClass,
		AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema, ProvisionedThroughput: p.ProvisionedThroughput,
		DeletionProtectionEnabled: p.DeletionProtectionEnabled,
	}
	for _, i := range p.GlobalSecondaryIndexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection, ProvisionedThroughput: i.ProvisionedThroughput,
		})
	}
	for _, i := range p.LocalSecondaryIndexes {
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: &i.IndexName, KeySchema: i.KeySchema, Projection: i.Projection,
		})
	}
	if p.StreamSpecification != nil {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: p.StreamSpecification.StreamViewType}
	}
	client := dynamodb.NewFromConfig(r.config)
	out, err := client.CreateTable(ctx, in)
	if err != nil {
		return created{}, r.refused(err)
	}
	if p.TimeToLiveSpecification != nil {
		_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: in.TableName, TimeToLiveSpecification: p.TimeToLiveSpecification})
		if err != nil {
			return created{}, r.refused(err)
		}
	}
	attributes := map[string]string{"Arn": *out.TableDescription.TableArn}
	if stream := out.TableDescription.LatestStreamArn; stream != nil {
		attributes["StreamArn"] = *stream
	}
	return created{*in.TableName, attributes}, nil
}
