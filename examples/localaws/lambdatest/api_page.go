package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// maxPage is how many items an answer has where the caller asks for no number.
const maxPage = 50

// marker is what a NextMarker holds: the key of the last item of its page.
type marker struct {
	After string `json:"after"`
}

// sortKey orders versions: the latest one, then by number.
func (c *functionConfiguration) sortKey() string {
	n, _ := strconv.Atoi(c.Version) // 0 for $LATEST
	return fmt.Sprintf("%s:%020d", c.FunctionName, n)
}

// paged is the page of items behind a marker. The items are in the order of their
// keys.
func paged[T any](items []T, after *string, maxItems *int, limit int, key func(T) string) (page []T, next string, err error) {
	size := maxPage
	if maxItems != nil {
		switch size = *maxItems; {
		case size < 1:
			return nil, "", constraint(size, "maxItems", "Member must have value greater than or equal to 1")
		case size > limit:
			return nil, "", constraint(size, "maxItems", "Member must have value less than or equal to "+strconv.Itoa(limit))
		}
		size = min(size, maxPage)
	}
	if after != nil && *after != "" {
		var m marker
		doc, err := base64.StdEncoding.DecodeString(*after)
		if err != nil || json.Unmarshal(doc, &m) != nil {
			return nil, "", invalid("Invalid pagination token: %s", *after)
		}
		at := 0
		for at < len(items) && key(items[at]) <= m.After {
			at++
		}
		items = items[at:]
	}
	if len(items) <= size {
		return append([]T{}, items...), "", nil
	}
	doc, err := json.Marshal(marker{key(items[size-1])})
	return items[:size:size], base64.StdEncoding.EncodeToString(doc), err
}
