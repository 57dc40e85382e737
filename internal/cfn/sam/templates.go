package sam

import "strings"

// policyTemplates are the names of SAM's policy templates and the parameters
// that each needs.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
var policyTemplates = templates(`
	AMIDescribePolicy
	AWSSecretsManagerGetSecretValuePolicy SecretArn
	AWSSecretsManagerRotationPolicy FunctionName
	AcmGetCertificatePolicy CertificateArn
	AthenaQueryPolicy WorkGroupName
	CloudFormationDescribeStacksPolicy
	CloudWatchDashboardPolicy
	CloudWatchDescribeAlarmHistoryPolicy
	CloudWatchPutMetricPolicy
	CodeCommitCrudPolicy RepositoryName
	CodeCommitReadPolicy RepositoryName
	CodePipelineLambdaExecutionPolicy
	CodePipelineReadOnlyPolicy PipelineName
	ComprehendBasicAccessPolicy
	CostExplorerReadOnlyPolicy
	DynamoDBBackupFullAccessPolicy TableName
	DynamoDBCrudPolicy TableName
	DynamoDBReadPolicy TableName
	DynamoDBReconfigurePolicy TableName
	DynamoDBRestoreFromBackupPolicy TableName
	DynamoDBStreamReadPolicy StreamName TableName
	DynamoDBWritePolicy TableName
	EC2CopyImagePolicy ImageId
	EC2DescribePolicy
	EFSWriteAccessPolicy AccessPoint FileSystem
	EKSDescribePolicy
	EcsRunTaskPolicy TaskDefinition
	ElasticMapReduceAddJobFlowStepsPolicy ClusterId
	ElasticMapReduceCancelStepsPolicy ClusterId
	ElasticMapReduceModifyInstanceFleetPolicy ClusterId
	ElasticMapReduceModifyInstanceGroupsPolicy ClusterId
	ElasticMapReduceSetTerminationProtectionPolicy ClusterId
	ElasticMapReduceTerminateJobFlowsPolicy ClusterId
	ElasticsearchHttpPostPolicy DomainName
	EventBridgePutEventsPolicy EventBusName
	FilterLogEventsPolicy LogGroupName
	FirehoseCrudPolicy DeliveryStreamName
	FirehoseWritePolicy DeliveryStreamName
	KMSDecryptPolicy KeyId
	KMSEncryptPolicy KeyId
	KMSEncryptPolicy_v2 KeyId
	KinesisCrudPolicy StreamName
	KinesisStreamReadPolicy StreamName
	LambdaInvokePolicy FunctionName
	MobileAnalyticsWriteOnlyAccessPolicy
	OrganizationsListAccountsPolicy
	PinpointEndpointAccessPolicy PinpointApplicationId
	PollyFullAccessPolicy LexiconName
	RekognitionDetectOnlyPolicy
	RekognitionFacesManagementPolicy CollectionId
	RekognitionFacesPolicy
	RekognitionLabelsPolicy
	RekognitionNoDataAccessPolicy CollectionId
	RekognitionReadPolicy CollectionId
	RekognitionWriteOnlyAccessPolicy CollectionId
	Route53ChangeResourceRecordSetsPolicy HostedZoneId
	S3CrudPolicy BucketName
	S3FullAccessPolicy BucketName
	S3ReadPolicy BucketName
	S3WritePolicy BucketName
	SESBulkTemplatedCrudPolicy IdentityName
	SESBulkTemplatedCrudPolicy_v2 IdentityName TemplateName
	SESCrudPolicy IdentityName
	SESEmailTemplateCrudPolicy
	SESSendBouncePolicy IdentityName
	SNSCrudPolicy TopicName
	SNSPublishMessagePolicy TopicName
	SQSPollerPolicy QueueName
	SQSSendMessagePolicy QueueName
	SSMParameterReadPolicy ParameterName
	SSMParameterWithSlashPrefixReadPolicy ParameterName
	SageMakerCreateEndpointConfigPolicy EndpointConfigName
	SageMakerCreateEndpointPolicy EndpointName
	ServerlessRepoReadWriteAccessPolicy
	StepFunctionsCallbackPolicy StateMachineName
	StepFunctionsExecutionPolicy StateMachineName
	StepFunctionsExecutionPolicy_v2 StateMachineName
	TextractDetectAnalyzePolicy
	TextractGetResultPolicy
	TextractPolicy
	VPCAccessPolicy
`)

func templates(text string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		words := strings.Fields(line)
		out[words[0]] = words[1:]
	}
	return out
}
