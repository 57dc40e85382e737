package messagingtest

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// receipt is what a receipt handle says: which queue, which message in it, and
// the how manieth handle of that message it is.
type receipt struct {
	queue  string
	order  int64
	number int
}

// handlePrefix makes handles begin like those of AWS, with AQEB.
const handlePrefix = "\x01\x01\x01"

func (r receipt) encode() string {
	text := handlePrefix + r.queue + "|" + strconv.FormatInt(r.order, 10) + "|" + strconv.Itoa(r.number)
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// decodeReceipt reads a handle; ok is false for what never was one.
func decodeReceipt(handle string) (receipt, bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil || !strings.HasPrefix(string(text), handlePrefix) {
		return receipt{}, false
	}
	parts := strings.Split(string(text[len(handlePrefix):]), "|")
	if len(parts) != 3 {
		return receipt{}, false
	}
	order, errOrder := strconv.ParseInt(parts[1], 10, 64)
	number, errNumber := strconv.Atoi(parts[2])
	if errOrder != nil || errNumber != nil {
		return receipt{}, false
	}
	return receipt{parts[0], order, number}, true
}

// byHandle returns the message of a handle; it is nil when the message is gone
// from the queue.
func (q *queue) byHandle(handle string) (*message, receipt, error) {
	if handle == "" {
		return nil, receipt{}, missingParameter("ReceiptHandle")
	}
	r, ok := decodeReceipt(handle)
	if !ok {
		return nil, r, errHandleGarbage(handle)
	}
	if r.queue != q.arn {
		return nil, r, errHandleForeign(handle)
	}
	return q.messages[r.order], r, nil
}
