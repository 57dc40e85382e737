#!/usr/bin/env bash
# Drives examples/localaws with the AWS CLI.
#
#	internal/conformance/cli.sh AWS ENDPOINT
#
# AWS is version 1 of the CLI, the one that the package index of Python has;
# version 2 is not tried. Version 1 does not know AWS_ENDPOINT_URL, so that every
# command here has --endpoint-url. A command that left it out would reach AWS: the
# proxy, where nobody listens, and the credentials see to it that none does.
set -euo pipefail
aws=$1 endpoint=$2
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER="" AWS_MAX_ATTEMPTS=1
export HTTPS_PROXY=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 PYTHONDONTWRITEBYTECODE=1
unset https_proxy http_proxy no_proxy AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

cli() { "$aws" --endpoint-url "$endpoint" --output text "$@"; }

# is WANT COMMAND...: the command prints what is wanted.
is() {
	local want=$1 got
	shift
	got=$("$@" 2>&1) || true
	if [ "$got" = "$want" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s\n  got  %s\n  want %s\n' "${*:2}" "$got" "$want"
	fi
}

# has PART COMMAND...: the command prints something with a part.
has() {
	local part=$1 got
	shift
	got=$("$@" 2>&1) || true
	if [[ $got == *"$part"* ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s\n  got  %s\n  want …%s…\n' "${*:2}" "$got" "$part"
	fi
}

is 123456789012 cli sts get-caller-identity --query Account
is arn:aws:sts::444455556666:assumed-role/deploy/cli cli sts assume-role --role-arn arn:aws:iam::444455556666:role/deploy --role-session-name cli --query AssumedRoleUser.Arn

has cli cli dynamodb create-table --table-name cli --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=PK,AttributeType=S \
	--key-schema AttributeName=PK,KeyType=HASH --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE
is '' cli dynamodb wait table-exists --table-name cli
is '' cli dynamodb put-item --table-name cli --item '{"PK":{"S":"a"},"N":{"N":"1.50"}}'
is 1.5 cli dynamodb get-item --table-name cli --key '{"PK":{"S":"a"}}' --query Item.N.N
has '(ConditionalCheckFailedException)' cli dynamodb put-item --table-name cli --item '{"PK":{"S":"a"}}' --condition-expression 'attribute_not_exists(PK)'
stream=$(cli dynamodbstreams list-streams --table-name cli --query 'Streams[0].StreamArn')
is NEW_IMAGE cli dynamodbstreams describe-stream --stream-arn "$stream" --query StreamDescription.StreamViewType

url=$(cli sqs create-queue --queue-name cli --query QueueUrl)
is "$endpoint/123456789012/cli" echo "$url"
arn=$(cli sqs get-queue-attributes --queue-url "$url" --attribute-names QueueArn --query Attributes.QueueArn)
topic=$(cli sns create-topic --name cli --query TopicArn)
has "$topic:" cli sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" --attributes RawMessageDelivery=true
has - cli sns publish --topic-arn "$topic" --message 'by the topic' --query MessageId
is 'by the topic' cli sqs receive-message --queue-url "$url" --wait-time-seconds 5 --query 'Messages[0].Body'

has :rule/cli cli events put-rule --name cli --event-pattern '{"source":["cli"]}'
is 0 cli events put-targets --rule cli --targets "Id=q,Arn=$arn,InputPath=$.detail" --query FailedEntryCount
is 0 cli events put-events --entries 'Source=cli,DetailType=Placed,Detail="{\"id\":42}"' --query FailedEntryCount
is '{"id":42}' cli sqs receive-message --queue-url "$url" --wait-time-seconds 5 --query 'Messages[0].Body'

machine=$(cli stepfunctions create-state-machine --name cli --role-arn arn:aws:iam::123456789012:role/cli \
	--definition '{"StartAt":"P","States":{"P":{"Type":"Pass","Result":42,"End":true}}}' --query stateMachineArn)
execution=$(cli stepfunctions start-execution --state-machine-arn "$machine" --query executionArn)
for _ in $(seq 5); do
	[ "$(cli stepfunctions describe-execution --execution-arn "$execution" --query status)" = RUNNING ] || break
done
is 42 cli stepfunctions describe-execution --execution-arn "$execution" --query output

is 'open sesame' cli secretsmanager get-secret-value --secret-id shop/key --query SecretString
is shop/key cli secretsmanager describe-secret --secret-id shop/key --query Name

is 200 cli lambda invoke --function-name shop-echo --payload '{"n":1}' "$work/answer" --query StatusCode
has '"n": 1' python3 -m json.tool "$work/answer"
has shop-echo cli lambda list-functions --max-items 10 --query 'Functions[].FunctionName'
has '(ResourceNotFoundException)' cli lambda get-function --function-name none

head -c 9000000 /dev/zero >"$work/file" # more than a part
is 'make_bucket: cli-files' cli s3 mb s3://cli-files
has upload: cli s3 cp --no-progress "$work/file" s3://cli-files/a/file
has 9000000 cli s3 ls s3://cli-files/a/
has download: cli s3 cp --no-progress s3://cli-files/a/file "$work/again"
is '' cmp "$work/file" "$work/again"
is a/file cli s3api list-objects-v2 --bucket cli-files --query 'Contents[].Key'
has remove_bucket: cli s3 rb --force s3://cli-files

has '(NotSimulated)' cli cloudwatch list-metrics
has '(NotSimulated)' cli iam list-roles
has '(NotSimulated)' cli kinesis list-streams

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
