"""SQS, SNS and EventBridge."""

import json

from harness import check, client, refused, wait_for


def run():
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
