"""Drives examples/localaws with boto3: an independent client of the same wire.

Usage: boto.py ENDPOINT
"""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
checks = 0


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )


def check(what, got, want):
    global checks
    checks += 1
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def refused(what, code, call):
    try:
        call()
    except ClientError as e:
        check(what, e.response["Error"]["Code"], code)
        return e.response
    sys.exit(f"{what}: not refused")


def wait_for(what, probe, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        got = probe()
        if got:
            return got
        time.sleep(0.05)
    sys.exit(f"{what}: nothing within {seconds} s")


def dynamodb():
    db = client("dynamodb")
    db.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("PK", "SK", "GSI1PK")],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "GSI1",
                "KeySchema": [{"AttributeName": "GSI1PK", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    db.get_waiter("table_exists").wait(TableName="orders", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    key = {"PK": {"S": "ORDER#1"}, "SK": {"S": "METADATA"}}
    item = {**key, "GSI1PK": {"S": "NEW"}, "Amount": {"N": "12.50"}, "Raw": {"B": b"\x00\xff"}, "Tags": {"SS": ["a", "b"]}}
    db.put_item(TableName="orders", Item=item, ConditionExpression="attribute_not_exists(PK)")
    got = db.get_item(TableName="orders", Key=key, ConsistentRead=True)["Item"]
    check("GetItem number", got["Amount"], {"N": "12.5"})
    check("GetItem binary", got["Raw"]["B"], b"\x00\xff")
    check("GetItem set", sorted(got["Tags"]["SS"]), ["a", "b"])
    again = refused(
        "a second put",
        "ConditionalCheckFailedException",
        lambda: db.put_item(
            TableName="orders",
            Item=item,
            ConditionExpression="attribute_not_exists(PK)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        ),
    )
    check("the old item", again["Item"]["GSI1PK"], {"S": "NEW"})
    updated = db.update_item(
        TableName="orders",
        Key=key,
        UpdateExpression="SET #s = :s ADD Amount :one",
        ExpressionAttributeNames={"#s": "Status"},
        ExpressionAttributeValues={":s": {"S": "PAID"}, ":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    check("UpdateItem", updated["Attributes"], {"Status": {"S": "PAID"}, "Amount": {"N": "13.5"}})
    found = db.query(
        TableName="orders",
        IndexName="GSI1",
        KeyConditionExpression="GSI1PK = :p",
        ExpressionAttributeValues={":p": {"S": "NEW"}},
    )
    check("Query", found["Count"], 1)
    canceled = refused(
        "a transaction",
        "TransactionCanceledException",
        lambda: db.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "orders", "Item": {**key, "SK": {"S": "X"}}}},
                {"Put": {"TableName": "orders", "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}},
            ]
        ),
    )
    check("its reasons", [r["Code"] for r in canceled["CancellationReasons"]], ["None", "ConditionalCheckFailed"])
    refused("a malformed expression", "ValidationException", lambda: db.scan(TableName="orders", FilterExpression="a = "))
    refused("no such table", "ResourceNotFoundException", lambda: db.scan(TableName="none"))

    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName="orders")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    check("stream records", [r["eventName"] for r in records], ["INSERT", "MODIFY"])


def sqs_sns_events():
    sqs, sns, events = client("sqs"), client("sns"), client("events")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = sqs.create_queue(
        QueueName="ship",
        Attributes={
            "VisibilityTimeout": "0",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}),
        },
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        ReturnSubscriptionArn=True,
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": json.dumps({"detail": {"total": [{"numeric": [">", 100]}]}}),
        },
    )
    refused("no such topic", "NotFound", lambda: sns.publish(TopicArn=topic + "x", Message="m"))

    for total in (50, 150):
        sns.publish(TopicArn=topic, Message=json.dumps({"detail": {"total": total}}))
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"])["Messages"]
    check("fan-out", [json.loads(m["Body"])["detail"]["total"] for m in got], [150])
    check("receive count", got[0]["Attributes"]["ApproximateReceiveCount"], "1")
    sqs.receive_message(QueueUrl=url)
    check("after two receives", "Messages" in sqs.receive_message(QueueUrl=url), False)
    check("dead letter", len(sqs.receive_message(QueueUrl=dead)["Messages"]), 1)

    sent = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "MessageBody": "1", "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}}},
            {"Id": "b", "MessageBody": "2", "DelaySeconds": 900},
        ],
    )
    check("batch", sorted(e["Id"] for e in sent["Successful"]), ["a", "b"])
    received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    check("attribute", received["MessageAttributes"]["k"]["StringValue"], "v")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"])
    refused("no such queue", "AWS.SimpleQueueService.NonExistentQueue", lambda: sqs.get_queue_url(QueueName="none"))

    events.create_event_bus(Name="shop")
    events.put_rule(
        Name="big",
        EventBusName="shop",
        EventPattern=json.dumps({"source": ["shop"], "detail-type": [{"prefix": "Order"}], "detail": {"total": [{"numeric": [">", 100]}]}}),
    )
    failed = events.put_targets(Rule="big", EventBusName="shop", Targets=[{"Id": "q", "Arn": arn}])
    check("put targets", failed["FailedEntryCount"], 0)
    put = events.put_events(
        Entries=[
            {"Source": "shop", "DetailType": "OrderPlaced", "Detail": json.dumps({"total": t}), "EventBusName": "shop"}
            for t in (1, 1000)
        ]
    )
    check("put events", put["FailedEntryCount"], 0)
    message = wait_for("an event", lambda: sqs.receive_message(QueueUrl=url).get("Messages"))[0]
    event = json.loads(message["Body"])
    check("event", (event["detail-type"], event["detail"], event["version"]), ("OrderPlaced", {"total": 1000}, "0"))
    refused("a bad pattern", "InvalidEventPatternException", lambda: events.put_rule(Name="bad", EventPattern='{"a":"b"}'))
    check(
        "test event pattern",
        events.test_event_pattern(
            EventPattern='{"source":["x"]}',
            Event=json.dumps({"id": "1", "source": "x", "detail-type": "t", "account": "123456789012", "time": "2020-01-01T00:00:00Z", "region": "eu-west-1", "resources": [], "detail": {}}),
        )["Result"],
        True,
    )


def stepfunctions():
    sfn = client("stepfunctions")
    machine = sfn.create_state_machine(
        name="greet",
        roleArn="arn:aws:iam::123456789012:role/greet",
        definition=json.dumps(
            {
                "StartAt": "Choose",
                "States": {
                    "Choose": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$.name", "StringEquals": "nobody", "Next": "Fail"}],
                        "Default": "Greet",
                    },
                    "Greet": {"Type": "Pass", "Result": "hello", "ResultPath": "$.greeting", "End": True},
                    "Fail": {"Type": "Fail", "Error": "Nobody", "Cause": "no name"},
                },
            }
        ),
    )["stateMachineArn"]

    def run(name):
        execution = sfn.start_execution(stateMachineArn=machine, name=name, input=json.dumps({"name": name}))["executionArn"]

        def ended():
            described = sfn.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return wait_for("the execution", ended), execution

    done, execution = run("ada")
    check("status", done["status"], "SUCCEEDED")
    check("output", json.loads(done["output"]), {"name": "ada", "greeting": "hello"})
    history = sfn.get_execution_history(executionArn=execution)["events"]
    check(
        "history",
        [e["type"] for e in history],
        ["ExecutionStarted", "ChoiceStateEntered", "ChoiceStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"],
    )
    failed, _ = run("nobody")
    check("failure", (failed["status"], failed["error"], failed["cause"]), ("FAILED", "Nobody", "no name"))
    refused("no such machine", "StateMachineDoesNotExist", lambda: sfn.describe_state_machine(stateMachineArn=machine + "x"))


def elsewhere():
    """Services that are not here are refused in their own protocols."""
    zipped = {"ZipFile": b"PK"}
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    schedule = {"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r"}
    for service, call in {
        "lambda": lambda c: c.invoke(FunctionName="f", Payload=b'{"a":1}'),
        "scheduler": lambda c: c.create_schedule(Name="a", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=schedule),
        "apigateway": lambda c: c.get_rest_apis(),
        "apigatewayv2": lambda c: c.get_apis(),
        "s3": lambda c: c.get_object(Bucket="bucket", Key="key"),
        "route53": lambda c: c.list_hosted_zones(),
        "sts": lambda c: c.get_caller_identity(),
        "kms": lambda c: c.list_keys(),
        "cloudwatch": lambda c: c.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}]),
        "iam": lambda c: c.list_roles(),
        "ec2": lambda c: c.describe_instances(),
    }.items():
        answer = refused(service, "NotSimulated", lambda: call(client(service)))
        check(service + " is named", "is not simulated" in answer["Error"]["Message"], True)
    refused("create_function", "NotSimulated", lambda: client("lambda").create_function(FunctionName="f", Role="arn:aws:iam::123456789012:role/r", Code=zipped))


def main():
    dynamodb()
    sqs_sns_events()
    stepfunctions()
    elsewhere()
    print(f"{checks} checks passed, 0 failed")


main()
