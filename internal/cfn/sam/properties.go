package sam

import "strings"

// properties are what the SAM types have, by the type.
var properties = map[string][]string{
	"Api": strings.Fields(`Name StageName Tags PropagateTags DefinitionBody DefinitionUri MergeDefinitions CacheClusterEnabled
		CacheClusterSize Variables EndpointConfiguration MethodSettings BinaryMediaTypes
		MinimumCompressionSize Cors Auth GatewayResponses AccessLogSetting CanarySetting TracingEnabled
		OpenApiVersion Models Domain FailOnWarnings Description Mode DisableExecuteApiEndpoint
		ApiKeySourceType AlwaysDeploy Policy SecurityPolicy EndpointAccessMode`),
	"Application": strings.Fields(`Location TemplateUrl Parameters NotificationARNs Tags TimeoutInMinutes`),
	"CapacityProvider": strings.Fields(`CapacityProviderName VpcConfig OperatorRole Tags PropagateTags InstanceRequirements ScalingConfig
		KmsKeyArn`),
	"Connector": strings.Fields(`Source Destination Permissions`),
	"Function": strings.Fields(`FunctionName Handler Runtime CodeUri ImageUri PackageType InlineCode DeadLetterQueue Description
		MemorySize Timeout VpcConfig Role AssumeRolePolicyDocument Policies RolePath PermissionsBoundary
		Environment Events Tags PropagateTags Tracing KmsKeyArn DeploymentPreference
		ReservedConcurrentExecutions Layers EventInvokeConfig EphemeralStorage AutoPublishAlias
		AutoPublishCodeSha256 AutoPublishAliasAllProperties VersionDescription ProvisionedConcurrencyConfig
		FileSystemConfigs ImageConfig CodeSigningConfigArn Architectures SnapStart FunctionUrlConfig
		RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn CapacityProviderConfig
		FunctionScalingConfig VersionDeletionPolicy PublishToLatestPublished TenancyConfig DurableConfig`),
	"GraphQLApi": strings.Fields(`Name Tags XrayEnabled Auth SchemaInline SchemaUri Logging DataSources Functions Resolvers ApiKeys
		DomainName Cache Visibility OwnerContact IntrospectionConfig QueryDepthLimit ResolverCountLimit`),
	"HttpApi": strings.Fields(`Name StageName Tags PropagateTags DefinitionBody DefinitionUri StageVariables CorsConfiguration
		AccessLogSettings DefaultRouteSettings Auth RouteSettings Domain FailOnWarnings Description
		DisableExecuteApiEndpoint`),
	"LayerVersion": strings.Fields(`LayerName Description PublishLambdaVersion ContentUri CompatibleArchitectures CompatibleRuntimes
		LicenseInfo RetentionPolicy`),
	"SimpleTable": strings.Fields(`PointInTimeRecoverySpecification PrimaryKey ProvisionedThroughput TableName Tags SSESpecification`),
	"StateMachine": strings.Fields(`Definition DefinitionUri Logging Role RolePath DefinitionSubstitutions Events Name Type Tags
		PropagateTags Policies Tracing PermissionsBoundary AutoPublishAlias DeploymentPreference
		UseAliasAsEventTarget`),
	"WebSocketApi": strings.Fields(`ApiKeySelectionExpression AccessLogSettings Auth DefaultRouteSettings Description
		DisableExecuteApiEndpoint Domain DisableSchemaValidation FailOnWarnings IpAddressType Name
		PropagateTags Routes RouteSettings RouteSelectionExpression StageName StageVariables Tags`),
}

// mappingProperties are what the events have that become event source mappings,
// beside the source.
var mappingProperties = strings.Fields(`BatchSize StartingPosition StartingPositionTimestamp Enabled MaximumBatchingWindowInSeconds
	MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds DestinationConfig
	ParallelizationFactor Topics Queues SourceAccessConfigurations SecretsManagerKmsKeyId
	TumblingWindowInSeconds FunctionResponseTypes KafkaBootstrapServers FilterCriteria KmsKeyArn
	ConsumerGroupId ScalingConfig ProvisionedPollerConfig SchemaRegistryConfig MetricsConfig
	LoggingConfig`)
