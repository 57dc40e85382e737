package stack

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/patternkit/serverless/internal/cfn"
)

var machineKinds = map[string]kind{
	"AWS::StepFunctions::Activity":     newActivity,
	"AWS::StepFunctions::StateMachine": newMachine,
}

type machineProperties struct {
	StateMachineName, RoleArn, DefinitionString string
	StateMachineType                            types.StateMachineType
	Definition                                  json.RawMessage
	DefinitionUri                               string // of AWS::Serverless::StateMachine
	DefinitionSubstitutions                     map[string]string

	DefinitionS3Location                                                *cfn.Value
	EncryptionConfiguration, LoggingConfiguration, TracingConfiguration cfn.Unused
	Tags                                                                cfn.Unused
}

func newMachine(ctx context.Context, r *resource) (created, error) {
	var p machineProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	definition, err := r.definition(p)
	if err != nil {
		return created{}, err
	}
	name := r.physicalName(p.StateMachineName)
	if p.RoleArn == "" {
		p.RoleArn = "arn:aws:iam::" + account + ":role/" + name // SAM makes it
	}
	out, err := sfn.NewFromConfig(r.config).CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: &name, Definition: &definition, RoleArn: &p.RoleArn, Type: p.StateMachineType,
	})
	if err != nil {
		return created{}, r.refused(err)
	}
	arn := *out.StateMachineArn
	return created{arn, map[string]string{"Arn": arn, "Name": name}}, nil
}

// definition is the machine in the Amazon States Language, with its substitutions.
func (r *resource) definition(p machineProperties) (string, error) {
	var text string
	switch {
	case p.DefinitionS3Location != nil:
		return "", r.errorf("DefinitionS3Location is not read: use DefinitionUri with a local file, Definition or DefinitionString")
	case p.DefinitionUri != "":
		data, err := r.file(p.DefinitionUri)
		if err != nil {
			return "", r.errorf("%v", err)
		}
		text = string(data)
	case p.DefinitionString != "":
		text = p.DefinitionString
	default:
		text = string(p.Definition)
	}
	for name, value := range p.DefinitionSubstitutions {
		quoted, err := json.Marshal(value)
		if err != nil {
			return "", r.errorf("%v", err)
		}
		text = strings.ReplaceAll(text, "${"+name+"}", string(quoted[1:len(quoted)-1]))
	}
	return text, nil
}

func newActivity(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Name                          string
		EncryptionConfiguration, Tags cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	name := r.physicalName(p.Name)
	out, err := sfn.NewFromConfig(r.config).CreateActivity(ctx, &sfn.CreateActivityInput{Name: &name})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{*out.ActivityArn, map[string]string{"Arn": *out.ActivityArn, "Name": name}}, nil
}
