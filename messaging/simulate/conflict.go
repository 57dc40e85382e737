package simulate

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// dynamoTarget is what the operations of DynamoDB begin with.
const dynamoTarget = "DynamoDB_20120810."

// Transactions are the operations that a conflict cancels, with the member that
// lists their items.
var transactions = map[string]string{"TransactWriteItems": "TransactItems", "TransactGetItems": "TransactItems", "ExecuteTransaction": "TransactStatements"}

// contended is on how many items a request may meet a transaction that is under
// way: those of a transaction, and the one of a single write.
func contended(name, content string) int {
	operation, ok := strings.CutPrefix(name, dynamoTarget)
	switch {
	case !ok:
		return 0
	case transactions[operation] != "":
		var members map[string]json.RawMessage
		var items []json.RawMessage
		if json.Unmarshal([]byte(content), &members) != nil || json.Unmarshal(members[transactions[operation]], &items) != nil {
			return 0
		}
		return len(items)
	case slices.Contains([]string{"PutItem", "UpdateItem", "DeleteItem"}, operation):
		return 1
	}
	return 0
}

// reason is one of the reasons for which DynamoDB cancels a transaction.
type reason struct {
	Code    string
	Message string `json:",omitempty"`
}

// conflicted is DynamoDB's response to a request whose item at index i another
// transaction holds: it cancels a transaction, and refuses a single write.
func conflicted(r *http.Request, content string, i int) *http.Response {
	const kind, namespace, ongoing = "application/x-amz-json-1.0", "com.amazonaws.dynamodb.v20120810#", "Transaction is ongoing for the item"
	name := r.Header.Get("X-Amz-Target")
	answer := map[string]any{"__type": namespace + "TransactionConflictException", "message": ongoing}
	code := "TransactionConflictException"
	if transactions[strings.TrimPrefix(name, dynamoTarget)] != "" {
		code = "TransactionCanceledException"
		reasons := make([]reason, contended(name, content))
		codes := make([]string, len(reasons))
		for j := range reasons {
			reasons[j], codes[j] = reason{Code: "None"}, "None"
		}
		reasons[i], codes[i] = reason{"TransactionConflict", ongoing}, "TransactionConflict"
		answer = map[string]any{
			"__type":              namespace + code,
			"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]", //nolint:misspell // AWS's spelling
			"CancellationReasons": reasons,
		}
	}
	body, _ := json.Marshal(answer) // texts always encode
	return refusal(r, kind, code, string(body))
}
