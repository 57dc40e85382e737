// Drives examples/localaws with the AWS SDK for JavaScript v3.
//
// Usage: node sdk.mjs ENDPOINT
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient, DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand } from "@aws-sdk/client-dynamodb-streams";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { DynamoDBDocumentClient, GetCommand, paginateQuery, PutCommand, TransactWriteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const config = {
  endpoint: process.argv[2],
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
};
let passed = 0;
let failed = 0;

function check(what, got, want) {
  assert.deepEqual(got, want, what);
  passed++;
}

async function refused(what, name, call) {
  await assert.rejects(call, (e) => {
    check(what, e.name, name);
    return true;
  });
}

async function waitFor(what, probe) {
  for (let i = 0; i < 200; i++) {
    const got = await probe();
    if (got) return got;
    await sleep(50);
  }
  throw new Error(what + ": nothing within 10 s");
}

async function queue(sqs, name, attributes) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { url: QueueUrl, arn: Attributes.QueueArn };
}

async function received(sqs, url) {
  return waitFor("a message", async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1, MessageAttributeNames: ["All"] }))).Messages?.[0]);
}

const parts = {
  async dynamodb() {
    const client = new DynamoDBClient(config);
    const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    await client.send(
      new CreateTableCommand({
        TableName: "js-orders",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "PK", AttributeType: "S" },
          { AttributeName: "SK", AttributeType: "N" },
        ],
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      }),
    );
    await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { TableName: "js-orders" });
    const item = { PK: "order", SK: 1, total: 12.5, tags: new Set(["a", "b"]), raw: new Uint8Array([0, 255]), basket: [{ sku: "x", gift: true, note: null }] };
    await db.send(new PutCommand({ TableName: "js-orders", Item: item, ConditionExpression: "attribute_not_exists(PK)" }));
    check("the item", (await db.send(new GetCommand({ TableName: "js-orders", Key: { PK: "order", SK: 1 } }))).Item, item);
    await refused("a second put", "ConditionalCheckFailedException", () => db.send(new PutCommand({ TableName: "js-orders", Item: item, ConditionExpression: "attribute_not_exists(PK)" })));
    const { Attributes } = await db.send(
      new UpdateCommand({ TableName: "js-orders", Key: { PK: "order", SK: 1 }, UpdateExpression: "SET basket[0].sku = :s", ExpressionAttributeValues: { ":s": "y" }, ReturnValues: "UPDATED_NEW" }),
    );
    check("the update", Attributes, { basket: [{ sku: "y" }] });
    await db.send(new TransactWriteCommand({ TransactItems: [2, 3].map((SK) => ({ Put: { TableName: "js-orders", Item: { PK: "order", SK } } })) }));
    const found = [];
    for await (const page of paginateQuery({ client: db, pageSize: 1 }, { TableName: "js-orders", KeyConditionExpression: "PK = :p", ExpressionAttributeValues: { ":p": "order" }, ScanIndexForward: false }))
      found.push(...page.Items.map((i) => i.SK));
    check("the query, an item a page", found, [3, 2, 1]);
    await refused("no such table", "ResourceNotFoundException", () => db.send(new GetCommand({ TableName: "none", Key: { PK: "a" } })));

    const streams = new DynamoDBStreamsClient(config);
    const { Streams } = await streams.send(new ListStreamsCommand({ TableName: "js-orders" }));
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: Streams[0].StreamArn }));
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn: Streams[0].StreamArn, ShardId: StreamDescription.Shards[0].ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    check("the stream", Records.map((r) => r.eventName), ["INSERT", "MODIFY", "INSERT", "INSERT"]);
    check("a time of the stream", Records[0].dynamodb.ApproximateCreationDateTime instanceof Date, true);
  },

  async messaging() {
    const sqs = new SQSClient(config);
    const sns = new SNSClient(config);
    const events = new EventBridgeClient(config);
    const { url, arn } = await queue(sqs, "js.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    const sent = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", MessageBody: "eins ä", MessageGroupId: "g", MessageAttributes: { k: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) } } },
          { Id: "b", MessageBody: "zwei", MessageGroupId: "g" },
        ],
      }),
    );
    check("the batch", sent.Successful.map((e) => e.Id), ["a", "b"]);
    for (const body of ["eins ä", "zwei"]) {
      const message = await received(sqs, url);
      check("a message in order", message.Body, body);
      if (body === "eins ä") check("its attribute", [...message.MessageAttributes.k.BinaryValue], [0, 255]);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
    }
    await refused("a group is missing", "MissingParameter", () => sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "b" })));

    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "js.fifo", Attributes: { FifoTopic: "true" } }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: arn, Attributes: { RawMessageDelivery: "true" } }));
    await sns.send(new PublishCommand({ TopicArn, Message: "drei", MessageGroupId: "g", MessageDeduplicationId: "3" }));
    const published = await received(sqs, url);
    check("what was published", published.Body, "drei");
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: published.ReceiptHandle }));
    await refused("no such topic", "NotFoundException", () => sns.send(new PublishCommand({ TopicArn: TopicArn + "x.fifo", Message: "m", MessageGroupId: "g", MessageDeduplicationId: "1" })));

    const plain = await queue(sqs, "js-orders");
    await events.send(new PutRuleCommand({ Name: "js-orders", EventPattern: JSON.stringify({ source: ["js-orders"], detail: { total: [{ numeric: [">=", 10] }] } }) }));
    await events.send(new PutTargetsCommand({ Rule: "js-orders", Targets: [{ Id: "q", Arn: plain.arn, InputTransformer: { InputPathsMap: { t: "$.detail.total" }, InputTemplate: '{"total":<t>}' } }] }));
    const put = await events.send(new PutEventsCommand({ Entries: [9, 10].map((total) => ({ Source: "js-orders", DetailType: "Placed", Detail: JSON.stringify({ total }) })) }));
    check("put events", put.FailedEntryCount, 0);
    check("what the rule made of it", JSON.parse((await received(sqs, plain.url)).Body), { total: 10 });
    await refused("a bad pattern", "InvalidEventPatternException", () => events.send(new PutRuleCommand({ Name: "bad", EventPattern: "{" })));
  },

  async machines() {
    const sfn = new SFNClient(config);
    const { stateMachineArn } = await sfn.send(
      new CreateStateMachineCommand({
        name: "js-orders",
        roleArn: "arn:aws:iam::123456789012:role/js",
        definition: JSON.stringify({
          StartAt: "Echo",
          States: {
            Echo: {
              Type: "Task",
              Resource: "arn:aws:states:::lambda:invoke",
              Parameters: { FunctionName: "shop-echo", Payload: { "n.$": "States.MathAdd($.n, 1)" } },
              OutputPath: "$.Payload.event.n",
              End: true,
            },
          },
        }),
      }),
    );
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"n":41}' }));
    const done = await waitFor("the execution", async () => {
      const got = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      return got.status !== "RUNNING" && got;
    });
    check("an execution with a task in Lambda", [done.status, done.output], ["SUCCEEDED", "42"]);
    check("its dates", done.stopDate >= done.startDate, true);
    await refused("a wrong definition", "InvalidDefinition", () => sfn.send(new CreateStateMachineCommand({ name: "bad", roleArn: "arn:aws:iam::123456789012:role/js", definition: "{}" })));
  },

  async functions() {
    const lambda = new LambdaClient(config);
    const answer = await lambda.send(new InvokeCommand({ FunctionName: "shop-echo", Payload: JSON.stringify({ n: 1 }), LogType: "Tail" }));
    check("invoke", [answer.StatusCode, JSON.parse(answer.Payload.transformToString()).event], [200, { n: 1 }]);
    check("its log", Buffer.from(answer.LogResult, "base64").toString().includes("REPORT RequestId"), true);
    const wrong = await lambda.send(new InvokeCommand({ FunctionName: "shop-echo", Payload: '{"fail":"sold out"}' }));
    check("an error", [wrong.FunctionError, JSON.parse(wrong.Payload.transformToString()).errorMessage], ["Unhandled", "sold out"]);
    const names = [];
    for await (const page of paginateListFunctions({ client: lambda, pageSize: 2 }, {})) names.push(...page.Functions.map((f) => f.FunctionName));
    check("the functions", ["shop-echo", "shop-ship"].every((n) => names.includes(n)), true);
    await refused("no such function", "ResourceNotFoundException", () => lambda.send(new InvokeCommand({ FunctionName: "none" })));
  },

  async storage() {
    const client = new s3.S3Client({ ...config, forcePathStyle: true });
    const Bucket = "js-files";
    await client.send(new s3.CreateBucketCommand({ Bucket }));
    await client.send(new s3.PutObjectCommand({ Bucket, Key: "a/ä b", Body: "hello", ContentType: "text/plain", ContentEncoding: "identity", Metadata: { Order: "42" } }));
    const got = await client.send(new s3.GetObjectCommand({ Bucket, Key: "a/ä b" }));
    check("an object", [await got.Body.transformToString(), got.ContentType, got.ContentEncoding, got.Metadata], ["hello", "text/plain", "identity", { order: "42" }]);
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "big" }));
    const Parts = [];
    for (const [i, size] of [5 << 20, 1 << 20].entries()) {
      const part = await client.send(new s3.UploadPartCommand({ Bucket, Key: "big", UploadId, PartNumber: i + 1, Body: Buffer.alloc(size, i) }));
      Parts.push({ PartNumber: i + 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 });
    }
    await client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: "big", UploadId, MultipartUpload: { Parts } }));
    check("6 MB in two parts", (await client.send(new s3.HeadObjectCommand({ Bucket, Key: "big" }))).ContentLength, 6 << 20);
    const signed = await fetch(await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: "a/ä b" }), { expiresIn: 60 }));
    check("a presigned URL", [signed.status, await signed.text()], [200, "hello"]);
    const put = await fetch(await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: "a/c" })), { method: "PUT", body: "from a browser" });
    check("a presigned PUT", put.status, 200);
    const listed = await client.send(new s3.ListObjectsV2Command({ Bucket, Prefix: "a/" }));
    check("the list", listed.Contents.map((o) => o.Key), ["a/c", "a/ä b"]);
    await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: listed.Contents.map(({ Key }) => ({ Key })) } }));
    await refused("what is deleted", "NoSuchKey", () => client.send(new s3.GetObjectCommand({ Bucket, Key: "a/c" })));
  },

  async identities() {
    const sts = new STSClient(config);
    check("who am I", (await sts.send(new GetCallerIdentityCommand())).Account, "123456789012");
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: "arn:aws:iam::444455556666:role/deploy", RoleSessionName: "js-orders" }));
    check("it expires", Credentials.Expiration > new Date(), true);
    const credentials = { accessKeyId: Credentials.AccessKeyId, secretAccessKey: Credentials.SecretAccessKey, sessionToken: Credentials.SessionToken };
    const theirs = await queue(new SQSClient({ ...config, credentials }), "js-theirs");
    check("a queue of the other account", theirs.arn, "arn:aws:sqs:us-east-1:444455556666:js-theirs");
    const secrets = new SecretsManagerClient(config);
    check("a secret of the template", (await secrets.send(new GetSecretValueCommand({ SecretId: "shop/key" }))).SecretString, "open sesame");
    await refused("no such secret", "ResourceNotFoundException", () => secrets.send(new GetSecretValueCommand({ SecretId: "none" })));
  },

  async elsewhere() {
    const metric = new PutMetricDataCommand({ Namespace: "n", MetricData: [{ MetricName: "m", Value: 1 }] });
    await refused("CloudWatch", "NotSimulated", () => new CloudWatchClient(config).send(metric));
    const record = new PutRecordCommand({ StreamName: "s", Data: new Uint8Array([1]), PartitionKey: "p" });
    await refused("Kinesis, over HTTP/2", "NotSimulated", () => new KinesisClient(config).send(record));
    await refused("IAM", "NotSimulated", () => new IAMClient(config).send(new ListRolesCommand()));
  },
};

for (const [name, run] of Object.entries(parts)) {
  try {
    await run();
  } catch (e) {
    failed++;
    console.log(`${name}: ${e.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
