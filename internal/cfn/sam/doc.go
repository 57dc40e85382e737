// Package sam turns the AWS::Serverless resources of a template into the
// CloudFormation resources that they stand for, as AWS's SAM translator does,
// with its logical ids: what a template refers to by a generated name, such as
// ApiprodStage, is there. It works on the template before a deployment, so
// intrinsic functions stay as they are.
//
// A generated resource has the line of what it came from, the event or the
// resource, and Source is that resource. Shown by TestAsTheTranslator and
// TestRoutesAsTheTranslator, which compare with what the translator made, and
// by TestExamplesDeploy.
//
// # What differs from the translator
//
//   - A REST API has no Body: its routes are AWS::ApiGateway::Resource and
//     ::Method, its authorizers ::Authorizer, its answers ::GatewayResponse. An
//     HTTP API's are AWS::ApiGatewayV2::Route, ::Integration and ::Authorizer.
//     A DefinitionBody becomes the same: each operation needs an
//     x-amazon-apigateway-integration. The API depends on the functions that
//     its Body would name, so a circle that AWS finds is found.
//   - Ids that the translator makes from a hash of the contents have no hash:
//     ApiDeployment, FunctionVersion.
//   - A local path stays: Code of a function is CodeUri's text, and a state
//     machine keeps DefinitionUri, each relative to the template.
//   - A state machine keeps Definition as an object.
//   - Policy templates are kept by their names in the generated role, as
//     {PolicyName, PolicyTemplate: {Name: parameters}}: the role lists them,
//     nobody evaluates them. Connectors are dropped: they are permissions only.
//   - Domain has no records of Route 53: nobody resolves the name.
//   - The deployment of a REST API makes no stage named Stage, and a bucket
//     waits for permissions with DependsOn, not with tags.
//   - Of a function DeploymentPreference, PropagateTags, AutoPublishCodeSha256,
//     AutoPublishAliasAllProperties, VersionDeletionPolicy, SourceKMSKeyArn and
//     CapacityProviderConfig, and of an API PropagateTags, AlwaysDeploy and
//     OpenApiVersion are accepted and mean nothing.
//   - Timeout (3) and MemorySize (128) are set if nothing sets them, and
//     CodeUri is "." then.
//
// # What is refused
//
// By name and line: AWS::Serverless::Application, ::GraphQLApi, ::WebSocketApi
// and ::CapacityProvider; ResourcePolicy; the usage plan SHARED; the event Api of
// a state machine; DefinitionUri of an API and any use of a file through
// AWS::Include; Models and RequestModel; the events MSK, MQ,
// SelfManagedKafka, DocumentDB, IoTRule, AlexaSkill, CloudWatchLogs and
// Cognito; DeploymentPreference of a state machine. A property that a SAM type
// does not have is named with its line and what was probably meant. Shown by
// TestTransformRefuses.
//
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
package sam
