package authorizer

import (
	"fmt"
	"strings"
)

// ARN is the ARN of a request to an API: arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/VERB/PATH.
type ARN struct {
	// Partition, Region, Account and API identify the API, as in "aws", "eu-west-1", "123456789012" and "api1234567".
	Partition, Region, Account, API string

	StageName string // "*" in the ARNs of some tools and test events: any stage
	Method    string // the verb; empty for a WebSocket API
	Path      string // with its leading slash; for a WebSocket API the route, such as "$connect"
}

// anyStage is the one wildcard taken before the verb.
const anyStage = "*"

// ParseARN takes a methodArn or routeArn apart. A wildcard before the verb is an error, other than * for the whole stage.
func ParseARN(arn string) (ARN, error) {
	fault := func(reason string) (ARN, error) {
		return ARN{}, fmt.Errorf("authorizer: method ARN %.200q: %s", arn, reason)
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "execute-api" {
		return fault("want arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/VERB/PATH")
	}
	api, rest, _ := strings.Cut(parts[5], "/")
	stage, rest, found := strings.Cut(rest, "/")
	if !found || api == "" || stage == "" || rest == "" {
		return fault("no API, stage or verb")
	}
	for i, part := range []string{parts[1], parts[3], parts[4], api, stage} {
		if whole := i == 4 && part == anyStage; strings.ContainsAny(part, "*?") && !whole {
			return fault("a wildcard stands before the verb")
		}
	}
	a := ARN{Partition: parts[1], Region: parts[3], Account: parts[4], API: api, StageName: stage}
	if verb, path, found := strings.Cut(rest, "/"); found {
		a.Method, a.Path = verb, "/"+path
	} else {
		a.Path = rest
	}
	return a, nil
}

// Stage returns the ARN up to and including the slash after the stage: what every request of the stage begins with.
func (a ARN) Stage() string {
	return "arn:" + a.Partition + ":execute-api:" + a.Region + ":" + a.Account + ":" + a.API + "/" + a.StageName + "/"
}
