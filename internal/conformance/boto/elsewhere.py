"""What is not here."""

from harness import check, client, refused


def run():
    """Services that are not here are refused in their own protocols."""
    zipped = {"ZipFile": b"PK"}
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    schedule = {"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/r"}
    for service, call in {
        "scheduler": lambda c: c.create_schedule(Name="a", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=schedule),
        "apigateway": lambda c: c.get_rest_apis(),
        "apigatewayv2": lambda c: c.get_apis(),
        "route53": lambda c: c.list_hosted_zones(),
        "kinesis": lambda c: c.put_record(StreamName="s", Data=b"d", PartitionKey="p"),
        "logs": lambda c: c.describe_log_groups(),
        "ssm": lambda c: c.get_parameter(Name="p"),
        "ses": lambda c: c.list_identities(),
        "kms": lambda c: c.list_keys(),
        "cloudwatch": lambda c: c.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}]),
        "iam": lambda c: c.list_roles(),
        "ec2": lambda c: c.describe_instances(),
    }.items():
        answer = refused(service, "NotSimulated", lambda: call(client(service)))
        check(service + " is named", "is not simulated" in answer["Error"]["Message"], True)
    refused("create_function", "NotSimulated", lambda: client("lambda").create_function(FunctionName="f", Role="arn:aws:iam::123456789012:role/r", Code=zipped))
