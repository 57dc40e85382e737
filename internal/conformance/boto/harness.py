"""What all checks use: clients of localaws, and a count of what was checked."""

import sys
import time
import traceback
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
ACCOUNT = "123456789012"
passed, failed = 0, 0


def client(service, region="eu-west-1", credentials=None, **config):
    """A client; the stacks of localaws are in us-east-1."""
    credentials = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test"}
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, **config),
    )


def check(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
    else:
        failed += 1
        print(f"{what}: got {got!r}, want {want!r}")


def part(run):
    """Runs checks; an error ends these alone."""
    global failed
    try:
        run()
    except Exception as e:  # whatever it is, it is told
        failed += 1
        line = traceback.extract_tb(e.__traceback__)[1]
        print(f"{line.filename}:{line.lineno}: {type(e).__name__}: {e}")


def refused(what, code, call):
    try:
        call()
    except ClientError as e:
        check(what, e.response["Error"]["Code"], code)
        return e.response
    raise AssertionError(f"{what}: not refused")


def wait_for(what, probe, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        got = probe()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f"{what}: nothing within {seconds} s")


def http(url, method="GET", body=None, headers=None):
    """The status and the body of an answer to a request without a signature."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()
