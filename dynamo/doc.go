// Package dynamo is typed access to a DynamoDB table that holds many kinds of items.
//
// What a table holds is declared as package-level values and checked when they are
// constructed: the schema, the entities with the templates of their keys, the access
// patterns. The package works on *dynamodb.Client of aws-sdk-go-v2, and attributes map by
// the dynamodbav tags as always.
//
// # Smallest program
//
//	var Store = dynamo.MustModel(dynamo.Schema{PartitionKey: "PK", SortKey: "SK"})
//
//	type OrderKey struct{ OrderID string }
//	type Order struct {
//		OrderKey
//		Status string
//	}
//
//	var Orders = dynamo.MustEntity[Order, OrderKey](Store, "Order",
//		dynamo.Key("ORDER#{OrderID}", "METADATA"))
//
//	table := dynamo.New(client, "orders", Store)
//	err := Orders.Create(Order{OrderKey{"42"}, "pending"}).Run(ctx, table) // without Run nothing is sent
//	o, err := Orders.Get(ctx, table, OrderKey{"42"})                        // a read is sent at once
//
// A write is a value: Put, Create, Update, Replace and Delete send nothing. Run sends one,
// [Table.Batch] and [Table.Transact] send several. Go does not warn about a value that is
// not used, so do not forget Run.
//
// # Key templates
//
// A template is text with fields in braces: "ORDER#{PlacedAt}#{OrderID}". A field is a
// Go field of the entity's struct that is a string, an integer, a bool, a time.Time or
// an encoding.TextMarshaler, or a pointer to one. What follows a colon says how it is
// written:
//
//	{No:04}         an integer with zeros in front, 4 digits wide; without it an
//	                integer is refused in a sort key, as 10 would come before 9
//	{At}            a time in UTC with nanoseconds, 30 bytes wide
//	{At:day}        a time up to a unit: year, month, day, hour, minute, second, ms, us, ns; a Range
//	                whose bound is within a unit is still exact
//	{Email:lower}   a string in lower case
//
// Keys order as their values do: shown by TestKeysSortAsTheirValues and
// TestRangesOfTruncatedTimes. Different values never give the same key: a value of varying
// length ends at the separator, "#" by default, and a value that contains the separator is
// refused, not escaped. So are negative numbers, U+10FFFF and text that is not UTF-8. Shown
// by TestDistinctKeysStayDistinct and TestValuesThatCannotBeKeys. Two entities whose keys
// could be equal are refused when the second one is declared: shown by
// TestKeysThatCouldMeetAreRefused.
//
// A field is empty when it is nil, "", the zero time or the zero value of a
// TextMarshaler; numbers and bools never are. An empty field in a table key is refused;
// in the key of an index it leaves the item out of the index. Shown by TestKeysOfAnItem.
//
// # Semantics
//
// Every item carries its entity's name in the discriminator attribute, EntityType by
// default. Reading an item of another entity fails with [ErrWrongEntity] or
// [ErrUnknownEntity]: shown by TestItemsOfUnknownEntitiesSurface. Queries and collections
// pass over what other packages of this module keep in the table, such as the records of
// package idempotency. They know it by the attribute patternkit. Shown by
// TestQueriesPassOverMarkers.
//
// Update, Check, DeleteExisting and a Delete with conditions demand that the item is
// there and of the entity: an Update never makes a partial item. Upsert makes one: shown by
// TestUpsertMakesTheItem. An Update sets the keys of indexes that depend on what it
// changes. Where it cannot know them it is refused before it is sent, and says which field
// is missing. Shown by TestUpdateKeepsIndexesRightOrIsRefused.
//
// A field tagged dynamo:"version" is a version lock: Create stores 1, every write adds
// 1, Put and Replace demand the version of their value, Update and Delete that of
// AtVersion. Shown by TestPutHoldsTheVersion. Modify reads, changes and stores until no
// other writer came in between: shown by TestModifyOfManyWriters.
//
// A field stored in the schema's TTL attribute, or ExpireAfter, lets items expire.
// DynamoDB deletes them up to days later
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html). Here an
// expired item is gone at once, for reads, conditions and every write that makes an item:
// shown by TestExpiredItemsAreGone and TestUpsertOfAnExpiredItemStartsAnew. Upsert and a
// Put with conditions delete it first, which takes two more requests.
//
// Unique values are kept by guard items in the same transaction. Create, Replace,
// DeleteExisting and Modify maintain them: shown by
// TestUniqueValuesSurviveReplaceAndDelete. Put, Update of such a field and Delete by key
// are refused, as they do not know the old value. A guard expires with its item, so that
// an Update of the expiry is also refused: shown by TestAnExpiryAndItsGuardsStayTogether.
//
// Reads are eventually consistent unless they say [Consistent].
//
// The SDK repeats a request whose answer was lost, and a single operation has no token by
// which DynamoDB would recognize it. So a Create can meet its own item and report
// ErrExists, and a versioned Put can report ErrStale. An Update with Add or Append can be
// applied twice. Transactions have a token, and so do operations of several items and Modify:
// shown by TestModifyIsAppliedOnceThoughTheAnswerIsLost. Where that matters, hand the
// operation to [Table.Transact], or use AtVersion. [Table.TransactOnce] takes a token that
// holds for 10 minutes: shown by TestTransactOnceHasOneEffect.
//
// Nil and empty slices, maps and sets are left out of the item, as if tagged omitempty,
// and so are those that are fields of nested structs. Append, Include and SetIfAbsent find
// nothing in their place, Missing holds, and an empty one is nil when it is read. The
// elements of a list or a map always stay, as do nil pointers, which are stored as NULL. The
// tag nullempty keeps the NULL, and a type with a method MarshalDynamoDBAttributeValue its own
// form. Shown by TestWhatIsLeftOutOfAnItem.
//
// Times are stored in UTC with nanoseconds and a fixed width, so that conditions compare
// instants; the unixtime tag stores seconds as always. Shown by TestTimesAreStoredInOrder.
//
// # Streams and tables
//
// Package stream, below this one, hands the changes of the table's DynamoDB stream to
// typed routes, keeps views, and sends the messages of an outbox. Entities declared
// [Correlated] store the correlation id and the trace header of the context of their last
// write in the attributes correlationId and traceHeader, for the stream's handlers.
//
// Package tabledef makes the table of a model, its CloudFormation resource, the IAM
// statements of its users and a document of its access patterns.
//
// # Limits
//
// Checked before anything is sent: partition key 2048 bytes, sort key 1024 bytes, item
// 400 KB, nesting 32 levels, numbers of 38 digits from 1E-130 to 9.99E+125, expressions
// of 4096 bytes, IN with 100 values, transactions of 100 items and 4 MB. Shown by
// TestItemsOverTheLimits and TestTransactionLimits. Batches are split at 25 writes and
// 16 MB, or 100 reads: shown by TestBatchSplitsAndWritesAll. See
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html.
//
// Key attributes are strings, and indexes project all attributes. Not there yet:
// indexes with several attributes to a key, write shards, scans, PartiQL.
//
// A cursor belongs to its table, index, pattern, values and direction, and fits no
// other query: shown by TestCursorsContinueTheirOwnQuery. With Options.CursorKeys it is
// sealed; without, whoever holds it can read the keys in it.
//
// # Errors
//
// Operations fail with an [*OpError] or a [*TransactionError], batches with a
// [*BatchError]; the sentinels ErrNotFound, ErrExists, ErrConditionFailed, ErrStale,
// ErrNotUnique, ErrConflict and so on are to branch on with errors.Is. The SDK's own
// errors stay reachable with errors.As. What was wrong with the input is an
// [*InputError] inside, with every field. [Entity.Existing] returns the item that failed
// a condition without a second read: shown by TestDuplicateIsToldWithTheFirstOrder.
//
// # Testing
//
// Package dynamotest is DynamoDB in the process of the test: hand its Client to [New],
// and make the table with package tabledef. It works inside testing/synctest, where
// pauses between attempts cost nothing.
package dynamo
