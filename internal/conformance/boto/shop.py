"""Whole applications: a template's API, functions, queue, table and machine."""

import json

from harness import ACCOUNT, ENDPOINT, check, client, http, wait_for


def run():
    tables = client("dynamodb", region="us-east-1")

    def status(order):
        item = tables.get_item(TableName="shop-orders", Key={"PK": {"S": order}}).get("Item")
        return item and item["Status"]["S"]

    url = ENDPOINT + "/_api/Api/prod/orders"
    body = json.dumps({"id": "order-1"}).encode()
    check("an order", http(url, "POST", body, {"Content-Type": "application/json"}), (201, body))
    wait_for("its shipping", lambda: status("order-1") == "SHIPPED")
    check("no order", http(url, "POST", b"{}"), (400, b"an order has an id"))
    check("no such route", http(url + "/1", "GET")[0], 404)

    machines = client("stepfunctions", region="us-east-1")
    trip = [m for m in machines.list_state_machines()["stateMachines"] if "saga" in m["name"].lower()]
    check("the saga's machine", len(trip), 1)
    started = machines.start_execution(
        stateMachineArn=trip[0]["stateMachineArn"],
        name="trip-1",
        input=json.dumps({"tripId": "trip-1", "flight": "LH1", "hotel": "Ritz"}),
    )
    wait_for("the trip", lambda: machines.describe_execution(executionArn=started["executionArn"])["status"] != "RUNNING")
    check("the trip", machines.describe_execution(executionArn=started["executionArn"])["status"], "SUCCEEDED")
