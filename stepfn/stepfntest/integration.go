package stepfntest

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/patternkit/serverless/stepfn/asl"
	"github.com/patternkit/serverless/stepfn/internal/value"
)

// integration calls the service that the resource names.
func (a *attempt) integration() {
	r := a.resource
	a.last = a.x.log(a.last, "TaskScheduled", &TaskScheduledDetails{
		ResourceType: r.typeName(), Resource: r.actionName(), Region: a.x.region, Parameters: a.payload.String(),
		TimeoutInSeconds: a.timeout, HeartbeatInSeconds: a.heartbeat,
	})
	if a.dead {
		return
	}
	work, f := a.work()
	if f != nil {
		a.failed(f)
		return
	}
	a.last = a.x.log(a.last, "TaskStarted", &TaskStartedDetails{r.typeName(), r.actionName()})
	if a.dead {
		return
	}
	a.watch(func(f *failure) {
		a.last = a.x.log(a.last, "TaskTimedOut", a.errorDetails(f))
	})
	a.call(work, func(out string, f *failure) {
		switch {
		case f != nil:
			a.failed(f)
		case r.token() && a.outcomes == nil:
			a.submitted(out)
			if !a.dead {
				a.x.m.await(a.token, a.answered)
			}
		case strings.HasPrefix(r.pattern, "sync") && a.outcomes == nil:
			a.submitted(out)
			if !a.dead {
				a.follow(a.child)
			}
		default:
			a.answered(out, nil)
		}
	})
}

func (a *attempt) errorDetails(f *failure) *TaskErrorDetails {
	return &TaskErrorDetails{a.resource.typeName(), a.resource.actionName(), f.name, f.cause}
}

func (a *attempt) outputDetails(out string) *TaskOutputDetails {
	return &TaskOutputDetails{a.resource.typeName(), a.resource.actionName(), out, whole}
}

func (a *attempt) submitted(out string) {
	a.last = a.x.log(a.last, "TaskSubmitted", a.outputDetails(out))
}

// answered ends the attempt with what the service, or the holder of the
// token, gave.
func (a *attempt) answered(out string, f *failure) {
	v, f := a.received(a.resource.service, out, f)
	if f != nil {
		a.failed(f)
		return
	}
	a.last = a.x.log(a.last, "TaskSucceeded", a.outputDetails(out))
	a.finish(v)
}

func (a *attempt) failed(f *failure) {
	a.stopWaiting()
	a.last = a.x.log(a.last, "TaskFailed", a.errorDetails(f))
	a.fail(f)
}

// work is the call that the attempt makes.
func (a *attempt) work() (func(context.Context) (string, *failure), *failure) {
	r := a.resource
	if a.outcomes != nil {
		return a.outcomes.next(), nil
	}
	params, ok := a.payload.v.(*value.Object)
	if !ok {
		return nil, runtimeFailure("The Parameters '%s' could not be used to start the Task: [expected an object]", a.payload)
	}
	switch r.service + ":" + r.action {
	case "lambda:invoke":
		return a.lambdaInvoke(params)
	case "states:startExecution", "sfn:startExecution":
		return a.startChild(params), nil
	}
	return a.request(params)
}

// lambdaInvoke calls a function as lambda:invoke does: what it returns is the
// Payload of the result.
func (a *attempt) lambdaInvoke(params *value.Object) (func(context.Context) (string, *failure), *failure) {
	name, _ := params.Get("FunctionName")
	arn, _ := name.(string)
	if q, ok := params.Get("Qualifier"); ok {
		if s, ok := q.(string); ok {
			arn += ":" + s
		}
	}
	payload, ok := params.Get("Payload")
	text := "{}"
	if ok {
		text = value.String(payload)
	}
	f := a.x.m.function(arn)
	if f == nil {
		return nil, a.x.m.noFunction(arn)
	}
	trace := a.x.trace
	kind, _ := params.Get("InvocationType")
	return func(ctx context.Context) (string, *failure) {
		out, fault := invoke(ctx, f, text, trace)
		status := 200
		if kind == "Event" { // the result of an asynchronous invocation is dropped
			out, fault, status = "", nil, 202
		}
		if fault != nil {
			return "", fault
		}
		result := value.ObjectOf("ExecutedVersion", "$LATEST")
		if v, err := value.ParseString(out); err == nil {
			result.Put("Payload", v)
		}
		result.Put("SdkHttpMetadata", value.ObjectOf("HttpStatusCode", value.Int(status)))
		result.Put("StatusCode", value.Int(status))
		return value.String(result), nil
	}, nil
}

// startChild starts an execution of another machine of this fake.
func (a *attempt) startChild(params *value.Object) func(context.Context) (string, *failure) {
	return func(ctx context.Context) (string, *failure) {
		in := &startExecutionInput{TraceHeader: optional(a.x.trace)}
		for i := range params.Len() {
			name, v := params.At(i)
			if v == nil {
				continue // as if it were not there
			}
			s, isText := v.(string)
			switch name {
			case "StateMachineArn":
				in.StateMachineArn = s
			case "Name":
				in.Name = &s
			case "TraceHeader":
				in.TraceHeader = &s
			case "Input":
				if !isText {
					s = value.String(v)
				}
				in.Input = &s
			default:
				return "", runtimeFailure("The Parameters '%s' could not be used to start the Task: [The field \"%s\" is not supported by Step Functions]", value.String(params), name)
			}
		}
		child, err := a.x.m.start(ctx, in)
		if err != nil {
			return "", serviceFailure("StepFunctions", "AWSStepFunctions", "Sfn", a.resource.sdk, err)
		}
		a.child = child
		return value.String(value.ObjectOf("ExecutionArn", child.arn, "StartDate", clock(child.started))), nil
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// follow waits for the end of the execution that the task started.
func (a *attempt) follow(child *execution) {
	wait := a.waiting
	ended := func() {
		if a.dead || a.waiting != wait {
			return
		}
		out := child.childResult(a.resource.pattern)
		if child.status != StatusSucceeded {
			a.failed(&failure{name: asl.ErrorTaskFailed, cause: out})
			return
		}
		a.answered(out, nil)
	}
	if child.status != StatusRunning {
		ended()
		return
	}
	child.done = append(child.done, ended)
}

// childResult is what a task that waits for an execution gets: its
// description, with the members in the order of their names; with sync:2 input
// and output are JSON, else strings of it.
func (x *execution) childResult(pattern string) string {
	o := value.NewObject(16)
	if x.failure != nil {
		if x.failure.cause != "" {
			o.Put("Cause", x.failure.cause)
		}
		o.Put("Error", x.failure.name)
	}
	o.Put("ExecutionArn", x.arn)
	o.Put("Input", x.input.String())
	o.Put("InputDetails", value.ObjectOf("Included", true))
	o.Put("Name", x.name)
	if x.status == StatusSucceeded {
		o.Put("Output", x.output)
		o.Put("OutputDetails", value.ObjectOf("Included", true))
	}
	if pattern == "sync:2" {
		o.Put("Input", x.input.v)
		if out, err := value.ParseString(x.output); err == nil {
			o.Put("Output", out)
		}
	}
	o.Put("RedriveCount", value.Int(0))
	status, reason := x.redrive()
	o.Put("RedriveStatus", status)
	if reason != "" {
		o.Put("RedriveStatusReason", reason)
	}
	o.Put("StartDate", value.Int(int(x.started.UnixMilli())))
	o.Put("StateMachineArn", x.machine.arn)
	o.Put("Status", x.status)
	o.Put("StopDate", value.Int(int(x.stopped.UnixMilli())))
	return value.String(o)
}
