"""Secrets Manager: what a template put there."""

import json

from harness import check, client, refused


def run():
    secrets = client("secretsmanager", region="us-east-1")
    got = secrets.get_secret_value(SecretId="shop/key")
    check("secret", (got["Name"], got["SecretString"], got["VersionStages"]), ("shop/key", "open sesame", ["AWSCURRENT"]))
    check("by its ARN", secrets.get_secret_value(SecretId=got["ARN"])["SecretString"], "open sesame")
    described = secrets.describe_secret(SecretId="shop/key")
    check("described", (described["ARN"], list(described["VersionIdsToStages"].values())), (got["ARN"], [["AWSCURRENT"]]))
    functions = client("lambda", region="us-east-1")
    variables = functions.get_function_configuration(FunctionName="shop-echo")["Environment"]["Variables"]
    check("its Ref", variables["KEY"], got["ARN"])
    generated = json.loads(secrets.get_secret_value(SecretId="shop/password")["SecretString"])
    check("generated", (generated["user"], len(generated["password"])), ("shop", 20))
    refused("no such secret", "ResourceNotFoundException", lambda: secrets.get_secret_value(SecretId="none"))
    refused("another region", "ResourceNotFoundException", lambda: client("secretsmanager").get_secret_value(SecretId="shop/key"))
    refused("another operation", "UnknownOperationException", lambda: secrets.create_secret(Name="mine", SecretString="s"))
