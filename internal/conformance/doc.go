// Package conformance holds AWS against the suites that the fakes pass, and the
// fakes against programs that others wrote.
//
//	make aws-conformance
//
// runs the suites with the credentials and the region of the default
// configuration: AWS_PROFILE or AWS_ACCESS_KEY_ID, AWS_REGION, and so on. It
// fails with what is missing. These are set in the environment as well:
//
//	PATTERNKIT_PREFIX       begins the names of all that is made; conformance- by default
//	PATTERNKIT_SLOW=1       also runs what takes minutes
//	PATTERNKIT_STATES_ROLE  a role for state machines; without it most of Step Functions is skipped
//	PATTERNKIT_EVENTS_ROLE  a role for an event bus behind another; without it that is skipped
//	PATTERNKIT_RUN          a regexp of suites and checks, such as SQS/fifo
//	PATTERNKIT_SKIP         a regexp of what is left out
//
// All suites together cost less than ten cents and take about twenty minutes. The
// policies that the caller needs are in the package documentation of each suite.
//
// With AWS_ENDPOINT_URL the suites run against something else that claims to be
// AWS, for example this module's own fakes on a port:
//
//	go run ./examples/localaws -addr 127.0.0.1:4566 &
//	AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 \
//	AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
//	PATTERNKIT_STATES_ROLE=arn:aws:iam::123456789012:role/states \
//	PATTERNKIT_EVENTS_ROLE=arn:aws:iam::123456789012:role/events \
//	PATTERNKIT_SKIP=TestAWS/SecretsManager make aws-conformance
//
// There, the checks fail that the tests of the fakes name as known to differ.
//
// The other direction:
//
//	make conformance
//
// brings clients that others wrote, by exact version, and lets them drive localaws,
// which runs the application of shop and that of examples/saga:
//
//   - boto: the SDK for Python, at every service, the API of the application and /_local/
//   - cli.sh: version 1 of the AWS CLI, always with --endpoint-url: without it, it calls AWS
//   - js/sdk.mjs: version 3 of the SDK for JavaScript
//   - js/admin.mjs: the pages and the forms of dynamodb-admin
//
// .ci/witness with one of their names runs one alone. Version 2 of the AWS CLI,
// Terraform and the CDK are not tried.
package conformance
