"""Step Functions."""

import json

from harness import check, client, refused, wait_for


def run():
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

    def execute(name):
        execution = sfn.start_execution(stateMachineArn=machine, name=name, input=json.dumps({"name": name}))["executionArn"]

        def ended():
            described = sfn.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        return wait_for("the execution", ended), execution

    done, execution = execute("ada")
    check("status", done["status"], "SUCCEEDED")
    check("output", json.loads(done["output"]), {"name": "ada", "greeting": "hello"})
    history = sfn.get_execution_history(executionArn=execution)["events"]
    check(
        "history",
        [e["type"] for e in history],
        ["ExecutionStarted", "ChoiceStateEntered", "ChoiceStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"],
    )
    failed, _ = execute("nobody")
    check("failure", (failed["status"], failed["error"], failed["cause"]), ("FAILED", "Nobody", "no name"))
    refused("no such machine", "StateMachineDoesNotExist", lambda: sfn.describe_state_machine(stateMachineArn=machine + "x"))
