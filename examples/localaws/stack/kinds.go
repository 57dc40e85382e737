package stack

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

// kind creates the resources of one type.
type kind func(ctx context.Context, r *resource) (created, error)

// kinds are the types that have an effect. A service that is added has a file with
// its map.
func kinds() map[string]kind {
	all := map[string]kind{}
	for _, of := range []map[string]kind{
		tableKinds, queueKinds, topicKinds, eventKinds, machineKinds, secretKinds, bucketKinds,
		functionKinds, mappingKinds, restKinds, httpKinds,
	} {
		maps.Copy(all, of)
	}
	return all
}

// effectless are the types that mean nothing here: who may do what, networks,
// alarms and dashboards, log groups, keys, scaling and layers.
var effectless = []string{
	"AWS::ApplicationAutoScaling::",
	"AWS::AutoScaling::",
	"AWS::CloudFront::",
	"AWS::CloudFormation::WaitConditionHandle",
	"AWS::CloudTrail::",
	"AWS::CloudWatch::",
	"AWS::EC2::",
	"AWS::IAM::",
	"AWS::KMS::",
	"AWS::Lambda::CodeSigningConfig",
	"AWS::Lambda::LayerVersion",
	"AWS::Lambda::LayerVersionPermission",
	"AWS::Lambda::Permission",
	"AWS::Logs::",
	"AWS::Route53::",
	"AWS::S3::BucketPolicy",
	"AWS::SNS::TopicPolicy",
	"AWS::SSM::",
	"AWS::WAFv2::",
	"AWS::XRay::",
}

// withoutEffect says that resources of a type are passed over.
func withoutEffect(kind string) bool {
	return slices.ContainsFunc(effectless, func(known string) bool {
		return kind == known || strings.HasSuffix(known, "::") && strings.HasPrefix(kind, known)
	})
}

// madeUp is what a resource gives that is not created.
func madeUp(a *App, r *cfn.Resource) created {
	parts := strings.Split(r.Type, "::")
	service := strings.ToLower(parts[1%len(parts)])
	name := a.Name + "-" + r.ID
	region := a.config.Region
	path := name
	if service == "iam" {
		region, path = "", strings.ToLower(parts[len(parts)-1])+"/"+name
	}
	arn := "arn:aws:" + service + ":" + region + ":" + account + ":" + path
	return created{ref: name, attributes: map[string]string{"Arn": arn, "Id": name, "Name": name}}
}
