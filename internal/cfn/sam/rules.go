package sam

import (
	"github.com/patternkit/serverless/internal/cfn"
)

// rule turns the events of a bus and of a schedule into a rule.
func (x *transformer) rule(s *slot, e *event) {
	body := cfn.NewMap(e.line)
	name, suffix := "RuleName", "LambdaTarget"
	if e.kind == "Schedule" {
		name = "Name"
		pass(body, e.p, "Description").Set("ScheduleExpression", e.p.Get("Schedule").Clone())
	} else {
		pass(body, e.p, "EventBusName").Set("EventPattern", e.p.Get("Pattern").Clone())
	}
	if e.to.machine {
		suffix = "StepFunctionsTarget"
	}
	body.Set("Name", e.p.Get(name).Clone()).Set("State", x.state(e))
	source := cfn.NewGetAtt(e.line, e.id, "Arn")
	target := cfn.NewMap(e.line).Set("Arn", e.to.arn(e.line)).Set("Id", cfn.NewString(e.line, targetID(e.id, suffix)))
	if own := e.p.Get("Target"); x.mapping(e.r, own, e.where+".Target") {
		x.known(e.r, own, e.where+".Target", "Id")
		pass(target, own, "Id")
	}
	pass(target, e.p, "Input", "InputPath", "RetryPolicy", "InputTransformer")
	if e.to.machine {
		target.Set("RoleArn", x.eventRole(s, e))
	}
	target.Set("DeadLetterConfig", x.ruleQueue(s, e, source, true))
	x.make(s, e.id, "AWS::Events::Rule", e.line, body.Set("Targets", cfn.NewList(e.line, target)))
	if !e.to.machine {
		x.permission(s, e, "", "events.amazonaws.com", source)
	}
}

// targetID is the id of a target: EventBridge allows 64 characters.
func targetID(id, suffix string) string {
	if len(id)+len(suffix) > 64 {
		return id[:64-len(suffix)] + suffix
	}
	return id + suffix
}

// state is State, or what Enabled says.
func (x *transformer) state(e *event) *cfn.Value {
	state, enabled := e.p.Get("State"), e.p.Get("Enabled")
	switch {
	case state != nil && enabled != nil:
		x.fault(e.r, enabled.Line, "State and Enabled Properties cannot both be specified.")
		return nil
	case enabled == nil:
		return state.Clone()
	case x.text(enabled) == "false":
		return cfn.NewString(enabled.Line, "DISABLED")
	case x.text(enabled) == "true":
		return cfn.NewString(enabled.Line, "ENABLED")
	}
	x.fault(e.r, enabled.Line, "Enabled of %s is true or false", e.where)
	return nil
}

// ruleQueue is the DeadLetterConfig of a target, with the queue that SAM makes
// for one that has the Type SQS.
func (x *transformer) ruleQueue(s *slot, e *event, source *cfn.Value, policy bool) *cfn.Value {
	config := e.p.Get("DeadLetterConfig")
	if !x.mapping(e.r, config, e.where+".DeadLetterConfig") {
		return nil
	}
	x.known(e.r, config, e.where+".DeadLetterConfig", "Arn", "Type", "QueueLogicalId")
	arn, kind := config.Get("Arn"), config.Get("Type")
	switch {
	case arn != nil && kind != nil:
		x.fault(e.r, kind.Line, "You can either define 'Arn' or 'Type' property of DeadLetterConfig.")
		return nil
	case arn != nil:
		return cfn.NewMap(config.Line).Set("Arn", arn.Clone())
	case kind == nil:
		x.fault(e.r, config.Line, "No 'Arn' or 'Type' property provided for DeadLetterConfig.")
		return nil
	case kind.Text() != "SQS":
		x.fault(e.r, kind.Line, "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.")
		return nil
	}
	id := e.id + "Queue"
	if own := config.Get("QueueLogicalId"); own != nil {
		id = own.Text()
	}
	x.make(s, id, "AWS::SQS::Queue", config.Line, nil)
	arn = cfn.NewGetAtt(config.Line, id, "Arn")
	if policy {
		x.queuePolicy(s, e.id+"QueuePolicy", config.Line, "events.amazonaws.com", arn, cfn.NewRef(config.Line, id), source)
	}
	return cfn.NewMap(config.Line).Set("Arn", arn)
}

// eventRole is the ARN of the role with which an event starts a machine.
func (x *transformer) eventRole(s *slot, e *event) *cfn.Value {
	if own := e.p.Get("RoleArn"); own != nil {
		return own.Clone()
	}
	x.startRole(s, e, "events.amazonaws.com")
	return cfn.NewGetAtt(e.line, e.id+"Role", "Arn")
}

// startRole makes a role that starts the machine.
func (x *transformer) startRole(s *slot, e *event, service string) *cfn.Value {
	trust := value(e.line, `{"Version": "2012-10-17", "Statement": [{"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": ["`+service+`"]}}]}`)
	role := newRole(e.r, service)
	action, name := "states:StartExecution", e.id+"StartExecutionPolicy"
	switch {
	case !e.to.machine:
		action, name = "lambda:InvokeFunction", e.id+"LambdaPolicy"
	case service == "events.amazonaws.com":
		name = e.id + "RoleStartExecutionPolicy"
	}
	role.allow(name, action, e.to.arn(e.line))
	body := cfn.NewMap(e.line).Set("AssumeRolePolicyDocument", trust).Set("Policies", role.policies)
	x.make(s, e.id+"Role", "AWS::IAM::Role", e.line, body.Set("PermissionsBoundary", e.p.Get("PermissionsBoundary").Clone()))
	return role.policies
}

// schedule turns the event ScheduleV2 into a schedule of EventBridge Scheduler.
func (x *transformer) schedule(s *slot, e *event) {
	body := pass(cfn.NewMap(e.line), e.p, "ScheduleExpression", "State", "Description", "StartDate", "EndDate",
		"ScheduleExpressionTimezone", "GroupName", "KmsKeyArn", "FlexibleTimeWindow", "Name")
	if body.Get("FlexibleTimeWindow") == nil {
		body.Set("FlexibleTimeWindow", cfn.NewMap(e.line).Set("Mode", cfn.NewString(e.line, "OFF")))
	}
	switch omit := e.p.Get("OmitName").Text() == "true"; {
	case omit && body.Get("Name") != nil:
		x.fault(e.r, e.line, "Name cannot be set when OmitName is True")
	case !omit && body.Get("Name") == nil:
		body.Set("Name", cfn.NewString(e.line, e.id))
	}
	target := cfn.NewMap(e.line).Set("Arn", e.to.arn(e.line))
	pass(target, e.p, "Input", "RetryPolicy", "RoleArn")
	queue := x.ruleQueue(s, e, nil, false)
	target.Set("DeadLetterConfig", queue)
	if target.Get("RoleArn") == nil {
		policies := x.startRole(s, e, "scheduler.amazonaws.com")
		if queue != nil {
			extra := newRole(e.r, "")
			extra.allow(e.id+"SQSPolicy", "sqs:SendMessage", queue.Get("Arn"))
			policies.Append(extra.policies.Items()...)
		}
		target.Set("RoleArn", cfn.NewGetAtt(e.line, e.id+"Role", "Arn"))
	}
	x.make(s, e.id, "AWS::Scheduler::Schedule", e.line, body.Set("Target", target))
}
