package stepfn

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxExecutionName is the most characters of an execution's name.
const maxExecutionName = 80

// ExecutionName makes the name of an execution of any key. A key that has only
// letters, digits, "-" and "_" is the name itself. Of another key the name has
// what is allowed, and a hash, so that different keys have different names.
func ExecutionName(key string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, key)
	if clean == key && key != "" && len(key) <= maxExecutionName {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	hash := hex.EncodeToString(sum[:8])
	return clean[:min(len(clean), maxExecutionName-1-len(hash))] + "-" + hash
}

// validName reports whether the service takes the name.
func validName(name string) bool {
	n := len([]rune(name))
	return n >= 1 && n <= maxExecutionName && !strings.ContainsAny(name, " \t\r\n<>{}[]?*\"#%\\^|~`$&,;:/") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r >= 0x7f && r <= 0x9f || r >= 0xfffd && r <= 0xffff })
}
