package stack

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/patternkit/serverless/internal/cfn"
)

var bucketKinds = map[string]kind{
	"AWS::S3::Bucket": newBucket,
}

func newBucket(ctx context.Context, r *resource) (created, error) {
	var p struct {
		BucketName                string
		NotificationConfiguration *cfn.Value
		VersioningConfiguration   *struct{ Status types.BucketVersioningStatus }

		AccelerateConfiguration, AccessControl, AnalyticsConfigurations, BucketEncryption, CorsConfiguration, IntelligentTieringConfigurations,
		InventoryConfigurations, LifecycleConfiguration, LoggingConfiguration, MetadataConfiguration, MetricsConfigurations,
		ObjectLockConfiguration, ObjectLockEnabled, OwnershipControls, PublicAccessBlockConfiguration, ReplicationConfiguration, Tags,
		WebsiteConfiguration cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	if p.NotificationConfiguration != nil {
		return created{}, p.NotificationConfiguration.Fault("the property NotificationConfiguration is not simulated: nothing is told of new objects")
	}
	name := p.BucketName
	if name == "" { // CloudFormation makes it of letters that S3 takes
		name = strings.ToLower(r.physicalName(""))
	}
	client := s3.NewFromConfig(r.config)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return created{}, r.refused(err)
	}
	if p.VersioningConfiguration != nil {
		_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: p.VersioningConfiguration.Status},
		})
		if err != nil {
			return created{}, r.refused(err)
		}
	}
	host := name + ".s3." + r.config.Region + ".amazonaws.com"
	return created{name, map[string]string{
		"Arn": "arn:aws:s3:::" + name, "DomainName": name + ".s3.amazonaws.com", "RegionalDomainName": host, "DualStackDomainName": name + ".s3.dualstack." + r.config.Region + ".amazonaws.com",
		"WebsiteURL": "http://" + name + ".s3-website-" + r.config.Region + ".amazonaws.com",
	}}, nil
}
