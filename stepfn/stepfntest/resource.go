package stepfntest

import "strings"

// The kinds of resource of a task.
const (
	lambdaResource = iota
	activityResource
	integrationResource
)

// resource is what a task calls.
type resource struct {
	arn     string
	kind    int
	service string // of an integration: "sqs", "lambda"; of an SDK integration: "dynamodb"
	action  string // of an integration: "sendMessage"
	sdk     bool   // aws-sdk:service:action
	pattern string // "", "sync", "sync:2" or "waitForTaskToken"
}

func parseResource(arn string) resource {
	r := resource{arn: arn}
	_, rest, ok := strings.Cut(arn, ":states:::")
	switch {
	case ok:
		r.kind = integrationResource
		rest, r.pattern, _ = strings.Cut(rest, ".")
		if after, sdk := strings.CutPrefix(rest, "aws-sdk:"); sdk {
			r.sdk, rest = true, after
		}
		r.service, r.action, _ = strings.Cut(rest, ":")
	case strings.Contains(arn, ":states:") && strings.Contains(arn, ":activity:"):
		r.kind = activityResource
	}
	return r
}

// typeName is resourceType in history events.
func (r resource) typeName() string {
	if r.sdk {
		return "aws-sdk:" + r.service
	}
	return r.service
}

// actionName is resource in history events.
func (r resource) actionName() string {
	if r.pattern != "" {
		return r.action + "." + r.pattern
	}
	return r.action
}

// token reports whether the task waits for an answer by task token.
func (r resource) token() bool { return r.pattern == "waitForTaskToken" }

func (r resource) check() error {
	if strings.HasPrefix(r.pattern, "sync") && (r.service != "states" || r.action != "startExecution") {
		return unsupported("the integration %s", r.arn)
	}
	return nil
}
