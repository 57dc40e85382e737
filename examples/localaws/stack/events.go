package stack

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/patternkit/serverless/internal/cfn"
)

var eventKinds = map[string]kind{
	"AWS::Events::EventBus":       newEventBus,
	"AWS::Events::EventBusPolicy": passedOver,
	"AWS::Events::Rule":           newRule,
}

func newEventBus(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Name, Description string
		DeadLetterConfig  *types.DeadLetterConfig

		EventSourceName, KmsKeyIdentifier, LogConfig, Policy, Tags cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	name := r.physicalName(p.Name)
	in := &eventbridge.CreateEventBusInput{Name: &name, DeadLetterConfig: p.DeadLetterConfig}
	if p.Description != "" {
		in.Description = &p.Description
	}
	out, err := eventbridge.NewFromConfig(r.config).CreateEventBus(ctx, in)
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{name, map[string]string{"Arn": *out.EventBusArn, "Name": name}}, nil
}

type ruleProperties struct {
	Name, Description, EventBusName, RoleArn, ScheduleExpression string
	State                                                        types.RuleState
	EventPattern                                                 json.RawMessage
	Targets                                                      []ruleTarget
	Tags                                                         cfn.Unused
}

type ruleTarget struct {
	Id, Arn, RoleArn, Input, InputPath string
	InputTransformer                   *types.InputTransformer
	DeadLetterConfig                   *types.DeadLetterConfig
	RetryPolicy                        *types.RetryPolicy
	SqsParameters                      *types.SqsParameters
	// The fake refuses these by name.
	HttpParameters       *types.HttpParameters
	KinesisParameters    *types.KinesisParameters
	RunCommandParameters *types.RunCommandParameters
	AppSyncParameters    *types.AppSyncParameters

	EcsParameters, BatchParameters, SageMakerPipelineParameters, RedshiftDataParameters *cfn.Value
}

func newRule(ctx context.Context, r *resource) (created, error) {
	var p ruleProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	name := r.physicalName(p.Name)
	in := &eventbridge.PutRuleInput{Name: &name, State: p.State}
	for to, value := range map[**string]string{
		&in.Description: p.Description, &in.EventBusName: p.EventBusName, &in.RoleArn: p.RoleArn,
		&in.ScheduleExpression: p.ScheduleExpression, &in.EventPattern: string(p.EventPattern),
	} {
		if value != "" {
			*to = &value
		}
	}
	client := eventbridge.NewFromConfig(r.config)
	out, err := client.PutRule(ctx, in)
	if err != nil {
		return created{}, r.refused(err)
	}
	var targets []types.Target
	for _, t := range p.Targets {
		for parameters, value := range map[string]*cfn.Value{
			"EcsParameters": t.EcsParameters, "BatchParameters": t.BatchParameters,
			"SageMakerPipelineParameters": t.SageMakerPipelineParameters, "RedshiftDataParameters": t.RedshiftDataParameters,
		} {
			if value != nil {
				return created{}, r.errorf("the %s of target %s are not simulated", parameters, t.Id)
			}
		}
		target := types.Target{
			Id: aws.String(t.Id), Arn: aws.String(t.Arn), InputTransformer: t.InputTransformer, DeadLetterConfig: t.DeadLetterConfig,
			RetryPolicy: t.RetryPolicy, SqsParameters: t.SqsParameters, HttpParameters: t.HttpParameters,
			KinesisParameters: t.KinesisParameters, RunCommandParameters: t.RunCommandParameters, AppSyncParameters: t.AppSyncParameters,
		}
		for to, value := range map[**string]string{&target.RoleArn: t.RoleArn, &target.Input: t.Input, &target.InputPath: t.InputPath} {
			if value != "" {
				*to = &value
			}
		}
		targets = append(targets, target)
	}
	if targets != nil {
		put, err := client.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: in.EventBusName, Targets: targets})
		if err != nil {
			return created{}, r.refused(err)
		}
		for _, failed := range put.FailedEntries {
			return created{}, r.errorf("target %s: %s", *failed.TargetId, *failed.ErrorMessage)
		}
	}
	ref := name
	if p.EventBusName != "" && p.EventBusName != "default" && !strings.HasPrefix(p.EventBusName, "arn:") {
		ref = p.EventBusName + "|" + name
	}
	return created{ref, map[string]string{"Arn": *out.RuleArn}}, nil
}
