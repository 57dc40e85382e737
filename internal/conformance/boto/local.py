"""What tests in other languages use: /_local/."""

import json

from harness import ACCOUNT, ENDPOINT, check, client, http


def run():
    status, body = http(ENDPOINT + "/_local/health")
    health = json.loads(body)
    check("health", (status, health["status"]), (200, "ok"))
    services = ["dynamodb", "events", "lambda", "s3", "secretsmanager", "sns", "sqs", "states", "sts"]
    check("services", [s for s in services if s not in health["services"]], [])

    queues = client("sqs")
    url = queues.create_queue(QueueName="counted")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="1")
    status, body = http(ENDPOINT + "/_local/calls?service=sqs&operation=SendMessage&region=eu-west-1")
    last = json.loads(body)[-1]
    check("the journal", (status, last["operation"], last["resources"]), (200, "SendMessage", [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:counted"]))

    check("reset", http(ENDPOINT + "/_local/reset", "POST"), (204, b""))
    check("what was made is gone", "QueueUrls" in queues.list_queues(), False)
    check("and the journal", http(ENDPOINT + "/_local/calls?operation=SendMessage"), (200, b"[]\n"))
    check("a page of another site", http(ENDPOINT + "/_local/reset", "POST", headers={"Origin": "https://example.com"})[0], 403)

    tables = client("dynamodb", region="us-east-1")
    check("the template's table is there, empty", tables.scan(TableName="shop-orders")["Count"], 0)
    functions = client("lambda", region="us-east-1")
    variables = functions.get_function_configuration(FunctionName="shop-echo")["Environment"]["Variables"]
    check("its function is as deployed", variables["GREETING"], "hello")
    answer = json.loads(functions.invoke(FunctionName="shop-echo", Payload="1")["Payload"].read())
    check("its process, too", answer["greeting"], "hello")
