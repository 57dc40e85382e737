"""DynamoDB and its streams."""

from harness import check, client, refused


def run():
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
