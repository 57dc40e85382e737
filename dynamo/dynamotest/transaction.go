package dynamotest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/patternkit/serverless/dynamo/internal/expr"
	"github.com/patternkit/serverless/internal/wire"
)

// place is where an action acts: its table and its key there; ok is false when
// it has no key of the table.
func (a *action) place() (place string, ok bool) {
	of := a.key
	if a.item != nil {
		of = a.item
	}
	key, _ := a.table.key.encode(of)
	return a.table.arn + "|" + key, a.table.hasKey(of)
}

// bindAll finds the faults of the actions under their schemas. Each is a
// reason to cancel, but for empty keys, which refuse the request.
func bindAll(actions []*action) error {
	for _, a := range actions {
		a.fault = a.bind(a.table)
		var answer *wire.Error
		if errors.As(a.fault, &answer) && strings.HasPrefix(answer.Message, emptyKey) {
			return a.fault
		}
	}
	return nil
}

// checkTransaction refuses two actions on one item, and too much in all.
func checkTransaction(actions []*action) error {
	seen := map[string]bool{}
	bytes := 0
	for _, a := range actions {
		place, ok := a.place()
		if ok && seen[place] {
			return validation("Transaction request cannot include multiple operations on one item")
		}
		seen[place] = true
		bytes += expr.ItemSize(a.item) + expr.ItemSize(a.key)
	}
	if bytes > maxTransactionBytes {
		return validation(transactionTooLarge)
	}
	return nil
}

// commitAll tries every action, and commits them when all of them succeed.
func commitAll(actions []*action) error {
	reasons := make([]cancellationReason, len(actions))
	failed := false
	for i, a := range actions {
		reasons[i].Code = "None"
		err := a.fault
		if err == nil {
			err = a.try()
		}
		if err != nil {
			reasons[i] = reasonOf(a, err)
			failed = true
		}
	}
	if failed {
		return canceled(reasons)
	}
	for _, a := range actions {
		a.commit()
	}
	return nil
}

type cancellationReason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    item   `json:",omitempty"`
}

func reasonOf(a *action, err error) cancellationReason {
	if errors.Is(err, errCondition) {
		r := cancellationReason{Code: "ConditionalCheckFailed", Message: "The conditional request failed"}
		if a.returnOld && a.before != nil {
			r.Item = item(a.before.item)
		}
		return r
	}
	var answer *wire.Error
	if errors.As(err, &answer) {
		return cancellationReason{Code: "ValidationError", Message: answer.Message}
	}
	return cancellationReason{Code: "ValidationError", Message: err.Error()}
}

func canceled(reasons []cancellationReason) error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	e := wire.Errorf("TransactionCanceledException", http.StatusBadRequest,
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", ")) //nolint:misspell // AWS's spelling
	e.MessageKey = "Message"
	e.Fields = map[string]any{"CancellationReasons": reasons}
	return e
}

// reasonMessages are the texts of the reasons for which AWS cancels
// transactions, besides those that a transaction itself finds.
var reasonMessages = map[string]string{
	"None":                            "",
	"ConditionalCheckFailed":          "The conditional request failed",
	"ItemCollectionSizeLimitExceeded": "Collection size exceeded.",
	"TransactionConflict":             "Transaction is ongoing for the item",
	"ProvisionedThroughputExceeded":   "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
	"ThrottlingError":                 "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.",
	"ValidationError":                 "One or more parameter values were invalid.",
}

// CancelTransaction makes the next TransactWriteItems fail with
// TransactionCanceledException for reasons with these codes, one for each of
// its actions: "TransactionConflict" and "None", for example.
func (db *DynamoDB) CancelTransaction(codes ...string) *Fault {
	reasons := make([]cancellationReason, len(codes))
	for i, code := range codes {
		reasons[i] = cancellationReason{Code: code, Message: reasonMessages[code]}
	}
	return db.Fail("TransactWriteItems", canceled(reasons))
}
