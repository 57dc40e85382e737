"""S3, and STS."""

import os

from harness import ACCOUNT, check, client, http, part, refused


def run():
    for checks in (objects, presigned, identities):
        part(checks)


def objects():
    s3 = client("s3", s3={"addressing_style": "path"})
    for bucket in ("witness-path", "witness-other"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        names = [b["Name"] for b in s3.list_buckets()["Buckets"]]
        check("the bucket is listed", bucket in names, True)
    s3.head_bucket(Bucket=bucket)
    refused("no such bucket", "404", lambda: s3.head_bucket(Bucket="witness-none"))

    body = b"a,b\n1,2\n"
    put = s3.put_object(Bucket=bucket, Key="reports/2026 ä+b.csv", Body=body, ContentType="text/csv", Metadata={"order": "42"})
    got = s3.get_object(Bucket=bucket, Key="reports/2026 ä+b.csv")
    check("object", got["Body"].read(), body)
    check("its headers", (got["ContentType"], got["Metadata"], got["ContentLength"]), ("text/csv", {"order": "42"}, len(body)))
    check("its tag", got["ETag"], put["ETag"])
    s3.put_object(Bucket=bucket, Key="replaced", Body=body, Metadata={"order": "42"})
    s3.put_object(Bucket=bucket, Key="replaced", Body=b"")
    check("replaced with its metadata", s3.head_object(Bucket=bucket, Key="replaced")["Metadata"], {})
    s3.delete_object(Bucket=bucket, Key="replaced")
    part = s3.get_object(Bucket=bucket, Key="reports/2026 ä+b.csv", Range="bytes=2-3")
    check("range", (part["Body"].read(), part["ContentRange"]), (b"b\n", "bytes 2-3/8"))
    refused("no such key", "NoSuchKey", lambda: s3.get_object(Bucket=bucket, Key="none"))
    refused("no such bucket", "NoSuchBucket", lambda: s3.put_object(Bucket="witness-none", Key="k", Body=b""))

    for i in range(5):
        s3.put_object(Bucket=bucket, Key=f"list/{i}", Body=b"x" * i)
    s3.copy_object(Bucket=bucket, Key="list/copy", CopySource={"Bucket": bucket, "Key": "list/3"})
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="list/", PaginationConfig={"PageSize": 2})
    listed = [(o["Key"], o["Size"]) for page in pages for o in page["Contents"]]
    check("list", listed, [(f"list/{i}", i) for i in range(5)] + [("list/copy", 3)])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
    check("prefixes", [p["Prefix"] for page in pages for p in page["CommonPrefixes"]], ["list/", "reports/"])
    s3.delete_object(Bucket=bucket, Key="list/copy")
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"list/{i}"} for i in range(5)]})
    check("deleted", len(deleted["Deleted"]), 5)
    check("nothing is left", s3.list_objects_v2(Bucket=bucket, Prefix="list/")["KeyCount"], 0)
    refused("a bucket with objects", "BucketNotEmpty", lambda: s3.delete_bucket(Bucket=bucket))

    big = os.urandom(6 << 20)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    parts = []
    for number, piece in enumerate((big[: 5 << 20], big[5 << 20 :]), 1):
        answer = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=piece)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    check("parts", len(s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)["Parts"]), 2)
    s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    check("6 MB in two parts", s3.get_object(Bucket=bucket, Key="big")["Body"].read() == big, True)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="aborted")["UploadId"]
    s3.abort_multipart_upload(Bucket=bucket, Key="aborted", UploadId=upload)
    refused("aborted", "NoSuchUpload", lambda: s3.list_parts(Bucket=bucket, Key="aborted", UploadId=upload))
    for key in ("big", "reports/2026 ä+b.csv"):
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


def presigned():
    s3 = client("s3", s3={"addressing_style": "path"}, signature_version="s3v4")
    s3.put_object(Bucket="witness-path", Key="signed", Body=b"for you")
    params = {"Bucket": "witness-path", "Key": "signed"}
    check("a presigned GET", http(s3.generate_presigned_url("get_object", Params=params)), (200, b"for you"))
    status, _ = http(s3.generate_presigned_url("put_object", Params=params), method="PUT", body=b"from you")
    check("a presigned PUT", (status, s3.get_object(**params)["Body"].read()), (200, b"from you"))


def identities():
    sts = client("sts")
    check("who am I", sts.get_caller_identity()["Account"], ACCOUNT)
    other = client("sts", credentials={"AccessKeyId": "111122223333", "SecretAccessKey": "test"})
    check("a key that is an account", other.get_caller_identity()["Account"], "111122223333")

    assumed = sts.assume_role(RoleArn="arn:aws:iam::444455556666:role/deploy", RoleSessionName="witness", DurationSeconds=900)
    check("assumed", assumed["AssumedRoleUser"]["Arn"], "arn:aws:sts::444455556666:assumed-role/deploy/witness")
    identity = client("sts", credentials=assumed["Credentials"]).get_caller_identity()
    check("who am I then", (identity["Account"], identity["Arn"]), ("444455556666", assumed["AssumedRoleUser"]["Arn"]))
    queues = client("sqs", credentials=assumed["Credentials"])
    url = queues.create_queue(QueueName="theirs")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    check("a queue of the other account", arn, "arn:aws:sqs:eu-west-1:444455556666:theirs")
    refused("it is not in this one", "AWS.SimpleQueueService.NonExistentQueue", lambda: client("sqs").get_queue_url(QueueName="theirs"))
    tables = client("dynamodb", credentials=assumed["Credentials"]).list_tables()["TableNames"]
    check("no table of this account is there", tables, [])
    unchecked = client("sts", parameter_validation=False)
    role = "arn:aws:iam::444455556666:role/deploy"
    refused("a short session", "ValidationError", lambda: unchecked.assume_role(RoleArn=role, RoleSessionName="witness", DurationSeconds=899))
    wrong = refused("a wrong name", "ValidationError", lambda: sts.assume_role(RoleArn=role, RoleSessionName="w*"))
    check("why", "roleSessionName" in wrong["Error"]["Message"], True)
