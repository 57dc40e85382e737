"""The Lambda API, on functions that are processes."""

import base64
import json

from harness import ACCOUNT, check, client, part, refused, wait_for

ECHO = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-echo"


def run():
    functions = client("lambda", region="us-east-1")
    for checks in (invocations, configuration, mappings):
        part(lambda: checks(functions))


def echo(functions, event, **more):
    answer = functions.invoke(FunctionName="shop-echo", Payload=json.dumps(event), **more)
    return answer, json.loads(answer["Payload"].read() or "null")


def invocations(functions):
    answer, got = echo(functions, {"a": [1, "ä"]}, LogType="Tail")
    check("invoke", (answer["StatusCode"], got), (200, {"greeting": "hello", "event": {"a": [1, "ä"]}}))
    log = base64.b64decode(answer["LogResult"]).decode()
    check("its log", "REPORT RequestId: " + answer["ResponseMetadata"]["RequestId"] in log, True)
    answer, got = echo(functions, {"fail": "out of stock"})
    check("an error", (answer["StatusCode"], answer["FunctionError"], got), (200, "Unhandled", {"errorType": "errorString", "errorMessage": "out of stock"}))
    answer, got = echo(functions, {"a": 1}, InvocationType="Event")
    check("an event", (answer["StatusCode"], got), (202, None))
    answer, got = echo(functions, {"a": 1}, InvocationType="DryRun")
    check("a dry run", (answer["StatusCode"], got), (204, None))
    check("by ARN", functions.invoke(FunctionName=ECHO)["StatusCode"], 200)
    refused("no such function", "ResourceNotFoundException", lambda: functions.invoke(FunctionName="none"))
    refused("no JSON", "InvalidRequestContentException", lambda: functions.invoke(FunctionName="shop-echo", Payload=b"{"))
    refused("too large an event", "RequestTooLargeException", lambda: echo(functions, "x" * (1 << 20), InvocationType="Event"))


def configuration(functions):
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    names = [[f["FunctionName"] for f in page["Functions"]] for page in pages]
    check("functions, one a page", {len(n) for n in names}, {1})
    check("the functions", {"shop-echo", "shop-ship"} <= {n for page in names for n in page}, True)
    got = functions.get_function_configuration(FunctionName="shop-echo")
    check("configuration", (got["FunctionArn"], got["Runtime"], got["Timeout"], got["State"]), (ECHO, "provided.al2023", 10, "Active"))
    check("function", functions.get_function(FunctionName="shop-echo")["Configuration"]["FunctionArn"], ECHO)

    variables = {**got["Environment"]["Variables"], "GREETING": "good evening"}
    changed = functions.update_function_configuration(FunctionName="shop-echo", Environment={"Variables": variables}, Timeout=20)
    check("changed", (changed["Timeout"], changed["LastUpdateStatus"]), (20, "InProgress"))
    functions.get_waiter("function_updated_v2").wait(FunctionName="shop-echo", WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    check("the process has the change", echo(functions, None)[1]["greeting"], "good evening")
    refused("900 seconds are the most", "ValidationException", lambda: functions.update_function_configuration(FunctionName="shop-echo", Timeout=901))

    version = functions.publish_version(FunctionName="shop-echo")["Version"]
    functions.create_alias(FunctionName="shop-echo", Name="live", FunctionVersion=version)
    check("by alias", echo(functions, 1, Qualifier="live")[0]["ExecutedVersion"], version)
    functions.put_function_concurrency(FunctionName="shop-echo", ReservedConcurrentExecutions=0)
    refused("no concurrency", "TooManyRequestsException", lambda: echo(functions, 1))
    functions.delete_function_concurrency(FunctionName="shop-echo")
    check("again", echo(functions, 1)[0]["StatusCode"], 200)


def mappings(functions):
    queues, tables = client("sqs", region="us-east-1"), client("dynamodb", region="us-east-1")
    url = queues.create_queue(QueueName="late", Attributes={"VisibilityTimeout": "10"})["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def shipped(order):
        item = tables.get_item(TableName="shop-orders", Key={"PK": {"S": order}}).get("Item")
        return item and item["Status"]["S"] == "SHIPPED"

    def state(want):
        return lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == want

    mapping = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="shop-ship", BatchSize=1)
    uuid = mapping["UUID"]
    check("created", mapping["State"], "Creating")
    wait_for("the mapping", state("Enabled"))
    queues.send_message(QueueUrl=url, MessageBody="late-1")
    wait_for("the first order", lambda: shipped("late-1"))
    refused("a second one", "ResourceConflictException", lambda: functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="shop-ship"))
    listed = functions.list_event_source_mappings(FunctionName="shop-ship")["EventSourceMappings"]
    check("both mappings", uuid in [m["UUID"] for m in listed] and len(listed) == 2, True)

    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    wait_for("the mapping", state("Disabled"))
    queues.send_message(QueueUrl=url, MessageBody="late-2")
    waiting = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    check("a message waits", (waiting["ApproximateNumberOfMessages"], shipped("late-2")), ("1", None))
    functions.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=5)
    wait_for("the second order", lambda: shipped("late-2"))
    wait_for("the mapping", state("Enabled"))
    check("changed", functions.get_event_source_mapping(UUID=uuid)["BatchSize"], 5)

    check("deleted", functions.delete_event_source_mapping(UUID=uuid)["State"], "Deleting")

    def gone():
        return uuid not in [m["UUID"] for m in functions.list_event_source_mappings()["EventSourceMappings"]]

    wait_for("the end of the mapping", gone)
    queues.send_message(QueueUrl=url, MessageBody="late-3")
    check("the queue keeps it", len(queues.receive_message(QueueUrl=url)["Messages"]), 1)
    refused("no such mapping", "ResourceNotFoundException", lambda: functions.delete_event_source_mapping(UUID=uuid))
