package stepfntest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

// tokenLife is how long a page token is good for.
const tokenLife = 24 * time.Hour

// pageOf cuts a page out of a list. What the list is of goes into the token,
// so that a token of another list is refused.
func pageOf[T any](list []T, of string, size int, token string, longest int) ([]T, string, error) {
	switch {
	case size < 0:
		return nil, "", wire.Errorf("ValidationException", 0, "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0", size)
	case size > 1000:
		return nil, "", wire.Errorf("ValidationException", 0, "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000", size)
	case len(token) > longest:
		return nil, "", wire.Errorf("ValidationException", 0, "1 validation error detected: Value '%s' at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to %d", token, longest)
	case size == 0:
		size = 100
	}
	start := 0
	if token != "" {
		var err error
		if start, err = parsePageToken(token, of); err != nil {
			return nil, "", err
		}
	}
	start = min(start, len(list))
	end := min(start+size, len(list))
	if end == len(list) {
		return list[start:end], "", nil
	}
	text := fmt.Sprintf("%s\n%d\n%d", of, end, time.Now().Unix())
	return list[start:end], base64.StdEncoding.EncodeToString([]byte(text)), nil
}

func parsePageToken(token, of string) (int, error) {
	invalid := wire.Errorf("InvalidToken", 0, "Invalid Token: 'Invalid token'")
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return 0, invalid
	}
	parts := strings.Split(string(text), "\n")
	if len(parts) != 3 || parts[0] != of {
		return 0, invalid
	}
	start, err := strconv.Atoi(parts[1])
	made, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || err2 != nil || start < 0 || time.Since(time.Unix(made, 0)) > tokenLife {
		return 0, invalid
	}
	return start, nil
}
